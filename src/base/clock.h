#pragma once

#include <chrono>
#include <cstdint>

#include "base/time_point.h"

namespace mread {

/// The two clocks that a program reads. A test puts a clock of its own in place of the real one.
///
/// Safe to use from several threads.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Never goes back; for deadlines and durations.
  virtual TimePoint now() const = 0;
  /// Milliseconds since the epoch; may jump where the machine's clock is set.
  virtual int64_t wall_ms() const = 0;
};

/// The clocks of the machine.
class RealClock : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  int64_t wall_ms() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }
};

/// The real clock, one for the whole process: for those that are given no other.
inline const Clock& real_clock() {
  static const RealClock clock;
  return clock;
}

}  // namespace mread
