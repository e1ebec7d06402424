#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The body comes in small pieces, with a pause before each but the first, so a frame is split over
/// many packets.
///   sliced: {bytes: 100}                   # a pause of 1ms
///   sliced: {bytes: 1, pause: 10ms}
/// A pause of 0s is allowed; pieces may then go out together. Pieces are no frames: a fault of
/// frames stands before this one.
std::shared_ptr<const Fault> parse_sliced(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
