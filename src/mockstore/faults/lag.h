#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The store has not received the end of its data: each series ends this long before its last
/// sample.
///   lag: 5m
std::shared_ptr<const Fault> parse_lag(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
