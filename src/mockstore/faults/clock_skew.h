#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The clock of the store is wrong, and so are the times of all its samples.
///   clock_skew: 30s                # its clock is ahead
///   clock_skew: {behind: 30s}
std::shared_ptr<const Fault> parse_clock_skew(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
