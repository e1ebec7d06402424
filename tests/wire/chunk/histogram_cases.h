#pragma once

#include <cstdint>
#include <vector>

#include "model/series.h"

namespace mread::wire {

/// Series of native histograms that between them show everything that Prometheus's chunks can hold:
/// `case="…"` names what. Every 15 s from start_ms on; within two hours. Always the same.
std::vector<model::Series> histogram_cases(int64_t start_ms);

/// When the bodies in tests/data/wire/histograms_*.bin begin.
inline constexpr int64_t recorded_start_ms = 1'700'000'000'000;

}  // namespace mread::wire
