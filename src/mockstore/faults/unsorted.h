#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The series come in a wrong order.
///   unsorted: reversed
///   unsorted: shuffled          # by seed, node and request: the same in every run
std::shared_ptr<const Fault> parse_unsorted(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
