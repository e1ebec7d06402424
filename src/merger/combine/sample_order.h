#pragma once

#include <algorithm>
#include <span>

#include "model/sample.h"

namespace mread::merger {

/// Whether timestamps strictly increase, as those of a run do. For asserts: O(n).
inline bool is_increasing(std::span<const model::Sample> samples) {
  return std::adjacent_find(samples.begin(), samples.end(),
                            [](const model::Sample& a, const model::Sample& b) {
                              return a.timestamp_ms >= b.timestamp_ms;
                            }) == samples.end();
}

}  // namespace mread::merger
