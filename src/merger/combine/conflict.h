#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/sample.h"

namespace mread::merger {

/// Two different samples of one series at one timestamp.
struct SampleConflict {
  int64_t timestamp_ms = 0;
  bool floats = true;       ///< the values below; false: one of the two is a histogram
  uint64_t first_bits = 0;  ///< of the source, or replica, that stands first
  uint64_t other_bits = 0;
};

/// Counts conflicts, and keeps the last.
class ConflictCount {
 public:
  void add(model::Sample first, uint64_t other_bits) {
    add({first.timestamp_ms, true, first.bits, other_bits});
  }
  void add(SampleConflict conflict) {
    ++count_;
    last_ = conflict;
  }
  uint64_t count() const { return count_; }
  const SampleConflict& last() const { return last_; }

 private:
  uint64_t count_ = 0;
  SampleConflict last_;
};

/// A series of an answer in which samples were in conflict, for whoever looks for the cause.
struct SeriesConflict {
  std::string series;  ///< as PromQL writes it, cut after 1 KiB
  uint64_t count = 0;
  SampleConflict last;  ///< one of them
};

}  // namespace mread::merger
