#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// An HTTP error in place of the answer.
///   status: 503
///   status: {code: 500, text: "disk on fire"}     # the text is the body, with a line end, as
///   Prometheus writes it
std::shared_ptr<const Fault> parse_status(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
