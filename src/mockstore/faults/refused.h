#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The listener is closed: connections are refused, and requests on open ones are reset.
///   refused:
std::shared_ptr<const Fault> parse_refused(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
