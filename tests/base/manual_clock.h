#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace mread {

/// A clock that stands still until a test moves it. Both of its times begin at 0. Safe to use from
/// several threads.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(std::chrono::nanoseconds(passed_ns_)); }
  int64_t wall_ms() const override { return passed_ns_ / 1'000'000; }
  void advance(std::chrono::nanoseconds by) { passed_ns_ += by.count(); }

 private:
  std::atomic<int64_t> passed_ns_{0};
};

}  // namespace mread
