#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The answer is late, or each frame of it is.
///   latency: 1s
///   latency: {fixed: 1s, where: per_frame}        # where: before_headers (default) | per_frame
///   latency: {min: 100ms, max: 2s}                # uniform
///   latency: {median: 200ms, sigma: 0.8}          # lognormal; sigma is that of the logarithm
/// Each frame gets its own random latency.
std::shared_ptr<const Fault> parse_latency(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
