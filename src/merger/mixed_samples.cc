#include "merger/mixed_samples.h"

#include <algorithm>
#include <tuple>

#include "merger/chain_iterator.h"

namespace mread::merger {
namespace {

bool is_stale(const MixedSample& sample) {
  return sample.is_histogram ? sample.histogram.is_stale() : model::is_stale(sample.bits);
}

bool same(const MixedSample& a, const MixedSample& b) {
  if (a.is_histogram != b.is_histogram) return false;
  return a.is_histogram ? a.histogram.same_values(b.histogram) : a.bits == b.bits;
}

bool replaces(OnConflict rule, const MixedSample& kept, const MixedSample& other) {
  if (rule == OnConflict::live) return is_stale(kept) && !is_stale(other);
  if (kept.is_histogram || other.is_histogram) return false;
  const model::Sample a{kept.timestamp_ms, kept.bits};
  const model::Sample b{other.timestamp_ms, other.bits};
  return resolve_conflict(rule, a, b) == b && a != b;
}

}  // namespace

void merge_mixed(std::vector<MixedSample>& samples, OnConflict rule, uint64_t& conflicts) {
  // A source's own order first: what comes first in it wins among its own ties.
  std::stable_sort(samples.begin(), samples.end(), [](const MixedSample& a, const MixedSample& b) {
    return std::tie(a.source, a.timestamp_ms) < std::tie(b.source, b.timestamp_ms);
  });
  for (size_t i = 0; i < samples.size(); ++i) {
    const bool same_source = i > 0 && samples[i - 1].source == samples[i].source;
    samples[i].position = same_source ? samples[i - 1].position + 1 : 0;
  }
  std::stable_sort(samples.begin(), samples.end(), [](const MixedSample& a, const MixedSample& b) {
    return std::tie(a.timestamp_ms, a.source) < std::tie(b.timestamp_ms, b.source);
  });

  size_t kept = 0;
  for (size_t i = 0; i < samples.size();) {
    size_t winner = i;
    size_t next = i + 1;
    for (; next < samples.size() && samples[next].timestamp_ms == samples[i].timestamp_ms; ++next) {
      if (same(samples[i], samples[next])) continue;
      ++conflicts;
      if (replaces(rule, samples[winner], samples[next])) winner = next;
    }
    if (kept != winner) std::swap(samples[kept], samples[winner]);
    ++kept;
    i = next;
  }
  samples.resize(kept);

  for (size_t i = 0; i < samples.size(); ++i) {
    if (!samples[i].is_histogram) continue;
    auto& hint = samples[i].histogram.counter_reset_hint;
    if (hint == model::CounterResetHint::gauge) continue;
    const bool neighbours = i > 0 && samples[i - 1].source == samples[i].source && samples[i - 1].is_histogram &&
                            samples[i - 1].position + 1 == samples[i].position;
    if (!neighbours) hint = model::CounterResetHint::unknown;
  }
}

}  // namespace mread::merger
