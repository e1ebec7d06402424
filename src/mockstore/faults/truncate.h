#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The answer ends too early.
///   truncate: {where: after_varint, frame: 1}      # after the length of frame 1 (the first is 0,
///   which is the default) truncate: {where: after_crc, frame: 1} truncate: {where: mid_payload,
///   frame: 1} truncate: {frames: 3} # after three whole frames truncate: {bytes: 100} # the only
///   one with an effect on SAMPLES end: clean | cut     # a correct end of the HTTP message
///   (default), or a closed connection
std::shared_ptr<const Fault> parse_truncate(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
