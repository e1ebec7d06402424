#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The connection is reset (RST).
///   reset: before_headers
///   reset: {after_bytes: 100}        # of the body; an answer that is shorter is reset before its
///   end
std::shared_ptr<const Fault> parse_reset(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
