#include "merger/combine/chain_iterator.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

#include "merger/combine/sample_order.h"

namespace mread::merger {

model::Sample resolve_conflict(OnConflict rule, model::Sample kept, model::Sample other) {
  assert(kept.timestamp_ms == other.timestamp_ms);
  switch (rule) {
    case OnConflict::first:
      return kept;
    case OnConflict::live:
      return model::is_stale(kept.bits) && !model::is_stale(other.bits) ? other : kept;
    case OnConflict::max:
    case OnConflict::min: {
      if (std::isnan(other.value())) return kept;
      if (std::isnan(kept.value())) return other;
      const bool better =
          rule == OnConflict::max ? other.value() > kept.value() : other.value() < kept.value();
      return better ? other : kept;
    }
  }
  return kept;
}

void ChainIterator::reset(std::span<const std::span<const model::Sample>> runs) {
  runs_.clear();
  for (const auto& run : runs) {
    assert(is_increasing(run));
    runs_.push_back({run.data(), run.data() + run.size()});
  }
  if (runs_.size() < 2) runs_.resize(2);
  pair_ = runs_.size() == 2;
  if (!pair_) tree_.build(runs_.size(), [this](size_t i, size_t j) { return before(i, j); });
}

size_t ChainIterator::take_all(model::Sample* out) {
  assert(runs_.size() >= 2);
  const size_t taken = pair_ ? take_pair(out) : take_many(out);
  assert(is_increasing({out, taken}));
  return taken;
}

size_t ChainIterator::take_pair(model::Sample* out) {
  model::Sample* const begin = out;
  Run a = runs_[0];
  Run b = runs_[1];
  while (a.at != a.end && b.at != b.end) {
    const model::Sample first = *a.at;
    const model::Sample other = *b.at;
    if (first.timestamp_ms < other.timestamp_ms) {
      *out++ = first;
      ++a.at;
    } else if (other.timestamp_ms < first.timestamp_ms) {
      *out++ = other;
      ++b.at;
    } else {
      *out = first;
      if (first.bits != other.bits) [[unlikely]] {
        conflicts_.add(first, other.bits);
        *out = resolve_conflict(rule_, first, other);
      }
      ++out;
      ++a.at;
      ++b.at;
    }
  }
  out = std::copy(a.at, a.end, out);
  out = std::copy(b.at, b.end, out);
  runs_[0].at = a.end;
  runs_[1].at = b.end;
  return static_cast<size_t>(out - begin);
}

// Puts every sample into one of about as many buckets as there are samples, by its timestamp, and
// then in order within each: which run is next is not asked at all. Samples of equal timestamps
// stay in the order of their runs.
size_t ChainIterator::take_many(model::Sample* out) {
  size_t total = 0;
  int64_t first_ms = INT64_MAX;
  int64_t last_ms = INT64_MIN;
  for (const Run& run : runs_) {
    if (run.at == run.end) continue;
    total += static_cast<size_t>(run.end - run.at);
    first_ms = std::min(first_ms, run.at->timestamp_ms);
    last_ms = std::max(last_ms, run.end[-1].timestamp_ms);
  }
  if (total == 0) return 0;
  if (total > UINT32_MAX) {
    model::Sample* const begin = out;
    for (model::Sample sample; next_of_many(sample);) *out++ = sample;
    return static_cast<size_t>(out - begin);
  }
  const auto since_first = [first_ms](int64_t timestamp_ms) {
    return static_cast<uint64_t>(timestamp_ms) - static_cast<uint64_t>(first_ms);
  };
  // At most twice as many buckets as samples.
  const auto range_bits = static_cast<unsigned>(std::bit_width(since_first(last_ms)));
  const unsigned shift =
      range_bits - std::min(range_bits, static_cast<unsigned>(std::bit_width(total)));
  const auto bucket = [&](const model::Sample& sample) {
    return static_cast<size_t>(since_first(sample.timestamp_ms) >> shift);
  };
  buckets_.assign((since_first(last_ms) >> shift) + 2, 0);
  // How many there are in each, one place on; then where each begins; then where each ends.
  for (const Run& run : runs_) {
    for (const model::Sample* at = run.at; at != run.end; ++at) ++buckets_[bucket(*at) + 1];
  }
  uint32_t most = 0;
  for (size_t i = 1; i < buckets_.size(); ++i) {
    most = std::max(most, buckets_[i]);
    buckets_[i] += buckets_[i - 1];
  }
  for (Run& run : runs_) {
    for (; run.at != run.end; ++run.at) out[buckets_[bucket(*run.at)]++] = *run.at;
  }
  const auto earlier = [](const model::Sample& a, const model::Sample& b) {
    return a.timestamp_ms < b.timestamp_ms;
  };
  constexpr uint32_t few = 24;
  if (most > few) {
    for (size_t i = 0, begin = 0; i + 1 < buckets_.size(); begin = buckets_[i++]) {
      std::stable_sort(out + begin, out + buckets_[i], earlier);
    }
  } else {
    for (size_t i = 1; i < total; ++i) {
      const model::Sample sample = out[i];
      size_t place = i;
      for (; place > 0 && earlier(sample, out[place - 1]); --place) out[place] = out[place - 1];
      out[place] = sample;
    }
  }
  return resolve_ties(out, total);
}

// Of samples that are sorted, one a timestamp.
size_t ChainIterator::resolve_ties(model::Sample* samples, size_t count) {
  size_t kept = 0;
  for (size_t i = 0; i < count; ++kept) {
    const model::Sample first = samples[i];
    model::Sample result = first;
    for (++i; i < count && samples[i].timestamp_ms == first.timestamp_ms; ++i) {
      if (samples[i].bits == first.bits) continue;
      conflicts_.add(first, samples[i].bits);
      result = resolve_conflict(rule_, result, samples[i]);
    }
    assert(kept < i && result.timestamp_ms == first.timestamp_ms);
    samples[kept] = result;
  }
  return kept;
}

bool ChainIterator::before(size_t i, size_t j) const {
  const Run& a = runs_[i];
  const Run& b = runs_[j];
  if (a.at == a.end || b.at == b.end) return a.at != a.end || (b.at == b.end && i < j);
  if (a.at->timestamp_ms != b.at->timestamp_ms) return a.at->timestamp_ms < b.at->timestamp_ms;
  return i < j;
}

bool ChainIterator::next_of_many(model::Sample& out) {
  const auto order = [this](size_t i, size_t j) { return before(i, j); };
  Run* run = &runs_[tree_.top()];
  if (run->at == run->end) return false;
  const model::Sample first = *run->at++;
  out = first;
  tree_.replay(order);
  for (run = &runs_[tree_.top()];
       run->at != run->end && run->at->timestamp_ms == first.timestamp_ms;
       run = &runs_[tree_.top()]) {
    const model::Sample other = *run->at++;
    if (other.bits != first.bits) {
      conflicts_.add(first, other.bits);
      out = resolve_conflict(rule_, out, other);
    }
    tree_.replay(order);
  }
  return true;
}

}  // namespace mread::merger
