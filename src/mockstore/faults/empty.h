#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The store answers as if it held no series: it was restarted without its data.
///   empty:
std::shared_ptr<const Fault> parse_empty(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
