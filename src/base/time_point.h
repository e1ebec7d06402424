#pragma once

#include <chrono>

namespace mread {

/// A point in the driver's time; real or virtual, it only has to be monotonic.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

}  // namespace mread
