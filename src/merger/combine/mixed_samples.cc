#include "merger/combine/mixed_samples.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <span>
#include <tuple>

#include "merger/combine/chain_iterator.h"

namespace mread::merger {
namespace {

bool is_stale(const MixedSample& sample) {
  return sample.is_histogram ? sample.histogram.is_stale() : model::is_stale(sample.bits);
}

bool same(const MixedSample& a, const MixedSample& b) {
  if (a.is_histogram != b.is_histogram) return false;
  return a.is_histogram ? a.histogram.same_values(b.histogram) : a.bits == b.bits;
}

SampleConflict between(const MixedSample& first, const MixedSample& other) {
  return {first.timestamp_ms, !first.is_histogram && !other.is_histogram, first.bits, other.bits};
}

bool replaces(OnConflict rule, const MixedSample& kept, const MixedSample& other) {
  if (rule == OnConflict::live) return is_stale(kept) && !is_stale(other);
  if (kept.is_histogram || other.is_histogram) return false;
  const model::Sample a{kept.timestamp_ms, kept.bits};
  const model::Sample b{other.timestamp_ms, other.bits};
  return resolve_conflict(rule, a, b) == b && a != b;
}

model::Sample comparable(const MixedSample& sample) {
  if (!sample.is_histogram) return {sample.timestamp_ms, sample.bits};
  const model::Histogram& histogram = sample.histogram;
  if (histogram.is_stale()) return {sample.timestamp_ms, model::stale_nan_bits};
  if (histogram.counter_reset_hint == model::CounterResetHint::gauge) {
    return {sample.timestamp_ms, model::normal_nan_bits};
  }
  return model::Sample::of(sample.timestamp_ms, histogram.is_float
                                                    ? histogram.float_count
                                                    : static_cast<double>(histogram.count));
}

// As order_mixed() leaves them.
[[maybe_unused]] bool are_ordered(std::span<const MixedSample> samples) {
  return std::adjacent_find(samples.begin(), samples.end(),
                            [](const MixedSample& a, const MixedSample& b) {
                              if (a.run != b.run) return a.run > b.run;
                              return a.timestamp_ms >= b.timestamp_ms || a.position >= b.position;
                            }) == samples.end();
}

// As merge_mixed() leaves them: one series.
[[maybe_unused]] bool is_increasing(std::span<const MixedSample> samples) {
  return std::adjacent_find(samples.begin(), samples.end(),
                            [](const MixedSample& a, const MixedSample& b) {
                              return a.timestamp_ms >= b.timestamp_ms;
                            }) == samples.end();
}

}  // namespace

size_t memory_with(const MixedSample& sample) {
  size_t bytes = 0;
  const auto add = [&bytes](const auto& list) {
    constexpr size_t overhead = 16;
    if (list.capacity() > 0) bytes += list.capacity() * sizeof(list[0]) + overhead;
  };
  const model::Histogram& histogram = sample.histogram;
  add(histogram.positive_spans);
  add(histogram.negative_spans);
  add(histogram.positive_deltas);
  add(histogram.negative_deltas);
  add(histogram.positive_counts);
  add(histogram.negative_counts);
  add(histogram.custom_values);
  return bytes;
}

void order_mixed(std::vector<MixedSample>& samples, OnConflict rule, ConflictCount& conflicts) {
  std::stable_sort(samples.begin(), samples.end(), [](const MixedSample& a, const MixedSample& b) {
    return std::tie(a.run, a.timestamp_ms) < std::tie(b.run, b.timestamp_ms);
  });
  size_t kept = 0;
  uint32_t position = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const bool same_run = i > 0 && samples[kept - 1].run == samples[i].run;
    position = same_run ? position + 1 : 0;
    if (same_run && samples[kept - 1].timestamp_ms == samples[i].timestamp_ms) {
      if (same(samples[kept - 1], samples[i])) continue;
      conflicts.add(between(samples[kept - 1], samples[i]));
      if (replaces(rule, samples[kept - 1], samples[i])) {
        samples[kept - 1] = std::move(samples[i]);
        samples[kept - 1].position = position;
      }
      continue;
    }
    samples[i].position = position;
    if (kept != i) samples[kept] = std::move(samples[i]);
    ++kept;
  }
  samples.resize(kept);
  assert(are_ordered(samples));
}

void fill_mixed_gaps(std::vector<MixedSample>& samples, uint32_t first, uint32_t last,
                     GapFill& gap_fill) {
  assert(first < last && are_ordered(samples));
  const auto in_group = [&](const MixedSample& sample) {
    return sample.run >= first && sample.run < last;
  };
  const auto begin = std::find_if(samples.begin(), samples.end(), in_group);
  const auto end = std::find_if_not(begin, samples.end(), in_group);
  std::vector<model::Sample> values;
  std::transform(begin, end, std::back_inserter(values), comparable);
  std::vector<GapFill::Run> runs;
  std::vector<size_t> starts;
  for (size_t i = 0; i < values.size();) {
    size_t next = i + 1;
    while (next < values.size() &&
           begin[static_cast<ptrdiff_t>(next)].run == begin[static_cast<ptrdiff_t>(i)].run) {
      ++next;
    }
    runs.push_back(std::span(values).subspan(i, next - i));
    starts.push_back(i);
    i = next;
  }
  std::vector<bool> chosen(values.size());
  for (const SampleRef ref : gap_fill.select(runs)) {
    assert(ref.run < runs.size() && ref.index < runs[ref.run].size());
    chosen[starts[ref.run] + ref.index] = true;
  }
  auto kept = begin;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const auto from = begin + static_cast<ptrdiff_t>(i);
    if (!chosen[i]) continue;
    if (kept != from) *kept = std::move(*from);
    ++kept;
  }
  samples.erase(kept, end);
}

void merge_mixed(std::vector<MixedSample>& samples, OnConflict rule, ConflictCount& conflicts) {
  assert(are_ordered(samples));
  std::stable_sort(samples.begin(), samples.end(), [](const MixedSample& a, const MixedSample& b) {
    return std::tie(a.timestamp_ms, a.run) < std::tie(b.timestamp_ms, b.run);
  });

  size_t kept = 0;
  for (size_t i = 0; i < samples.size();) {
    size_t winner = i;
    size_t next = i + 1;
    for (; next < samples.size() && samples[next].timestamp_ms == samples[i].timestamp_ms; ++next) {
      if (same(samples[i], samples[next])) continue;
      conflicts.add(between(samples[i], samples[next]));
      if (replaces(rule, samples[winner], samples[next])) winner = next;
    }
    if (kept != winner) std::swap(samples[kept], samples[winner]);
    ++kept;
    i = next;
  }
  samples.resize(kept);
  assert(is_increasing(samples));

  for (size_t i = 0; i < samples.size(); ++i) {
    if (!samples[i].is_histogram) continue;
    auto& hint = samples[i].histogram.counter_reset_hint;
    if (hint == model::CounterResetHint::gauge) continue;
    const bool neighbours = i > 0 && samples[i - 1].run == samples[i].run &&
                            samples[i - 1].is_histogram &&
                            samples[i - 1].position + 1 == samples[i].position;
    if (!neighbours) hint = model::CounterResetHint::unknown;
  }
}

}  // namespace mread::merger
