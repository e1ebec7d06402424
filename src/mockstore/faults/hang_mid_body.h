#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The answer stops in its middle, and the connection stays open.
///   hang_mid_body: {bytes: 1000}      # after so many bytes of the body
///   hang_mid_body: {frames: 3}        # after so many whole frames (SAMPLES has none: there,
///   before the first byte of the body)
/// An answer that is shorter hangs before its end.
std::shared_ptr<const Fault> parse_hang_mid_body(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
