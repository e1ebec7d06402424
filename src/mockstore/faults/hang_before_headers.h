#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The request is read, and nothing is ever answered.
///   hang_before_headers:
std::shared_ptr<const Fault> parse_hang_before_headers(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
