#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "base/clock.h"

namespace mread::scenarios {

/// The clocks of a run, and the one place where it waits. A test's clock passes the time itself.
///
/// Safe to use from several threads.
class WaitingClock : public Clock {
 public:
  /// False when `stop` was requested before the time came.
  virtual bool wait_until(TimePoint time, std::stop_token stop) = 0;
};

/// The clocks of the machine.
class RealWaitingClock final : public WaitingClock {
 public:
  TimePoint now() const override { return real_clock().now(); }
  int64_t wall_ms() const override { return real_clock().wall_ms(); }
  bool wait_until(TimePoint time, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any wakeup;
    std::unique_lock lock(mutex);
    wakeup.wait_until(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace mread::scenarios
