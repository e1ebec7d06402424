#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// All floats of the store differ from what they should be. Staleness markers and native histograms
/// stay.
///   wrong_values:                  # one more
///   wrong_values: {factor: 1.01}
///   wrong_values: {factor: -1, add: 0.5}
std::shared_ptr<const Fault> parse_wrong_values(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
