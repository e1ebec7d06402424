#include "merger/chain_iterator.h"

#include <algorithm>
#include <cmath>

namespace mread::merger {

model::Sample resolve_conflict(OnConflict rule, model::Sample kept, model::Sample other) {
  switch (rule) {
    case OnConflict::first:
      return kept;
    case OnConflict::live:
      return model::is_stale(kept.bits) && !model::is_stale(other.bits) ? other : kept;
    case OnConflict::max:
    case OnConflict::min: {
      if (std::isnan(other.value())) return kept;
      if (std::isnan(kept.value())) return other;
      const bool better = rule == OnConflict::max ? other.value() > kept.value() : other.value() < kept.value();
      return better ? other : kept;
    }
  }
  return kept;
}

void ChainIterator::reset(std::span<const std::span<const model::Sample>> runs) {
  runs_.clear();
  for (const auto& run : runs) runs_.push_back({run.data(), run.data() + run.size()});
  if (runs_.size() < 2) runs_.resize(2);
  pair_ = runs_.size() == 2;
  if (!pair_) tree_.build(runs_.size(), [this](size_t i, size_t j) { return before(i, j); });
}

size_t ChainIterator::take_all(model::Sample* out) {
  model::Sample* const begin = out;
  if (!pair_) {
    for (model::Sample sample; next_of_many(sample);) *out++ = sample;
    return static_cast<size_t>(out - begin);
  }
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
  for (run = &runs_[tree_.top()]; run->at != run->end && run->at->timestamp_ms == first.timestamp_ms;
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
