#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "merger/combine/conflict.h"
#include "merger/fan_out/fan_out.h"

namespace mread::serve {

/// A series in which backends contradicted each other, and when a read came upon it last.
struct ConflictSighting {
  merger::SeriesConflict conflict;
  std::chrono::system_clock::time_point seen;
};

/// Remembers the last series with conflicts, each once, whatever configuration is in force. Safe to
/// use from several threads.
class ConflictBoard {
 public:
  void record(const merger::Outcome& outcome, std::chrono::system_clock::time_point now);
  /// The last first.
  std::vector<ConflictSighting> last() const;

 private:
  static constexpr size_t most_ = 20;

  mutable std::mutex mutex_;
  std::deque<ConflictSighting> sightings_;
};

}  // namespace mread::serve
