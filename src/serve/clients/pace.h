#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time_point.h"

namespace mread::serve {

/// Tells a client that takes its answer too slowly for those who wait. Time in which it is waited
/// for is charged to it, and each byte that it takes pays for some of that; nothing is saved up. So
/// one that takes more than `bytes_per_second` is never too slow, and one that takes nothing is
/// after `patience`. No clock of its own.
class Pace {
 public:
  struct Limits {
    uint64_t bytes_per_second = 64U << 10;
    std::chrono::milliseconds patience{10'000};
  };

  Pace(Limits limits, TimePoint now, uint64_t taken)
      : limits_(limits), seen_at_(now), taken_(taken) {}
  /// It has taken `taken` bytes so far. `charged`: since the last call it has been waited for, and
  /// its slowness was at the cost of others. False once it is too slow.
  bool observe(TimePoint now, uint64_t taken, bool charged);

 private:
  const Limits limits_;
  TimePoint seen_at_;
  uint64_t taken_;
  std::chrono::duration<double> charge_{};
};

}  // namespace mread::serve
