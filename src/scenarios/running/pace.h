#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace mread::scenarios {

/// The clocks of a run, and the one place where it waits; tests put their own in.
class Pace {
 public:
  virtual ~Pace() = default;
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual TimePoint now() const = 0;
  /// Milliseconds since the epoch.
  virtual int64_t wall_ms() const = 0;
  /// False when `stop` was requested before the time came.
  virtual bool wait_until(TimePoint time, std::stop_token stop) = 0;
};

class RealPace final : public Pace {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  int64_t wall_ms() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }
  bool wait_until(TimePoint time, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any wakeup;
    std::unique_lock lock(mutex);
    wakeup.wait_until(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace mread::scenarios
