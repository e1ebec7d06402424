#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The checksum of one frame of a streamed answer is wrong.
///   wrong_crc:                  # of the first
///   wrong_crc: {frame: 2}       # of the third
std::shared_ptr<const Fault> parse_wrong_crc(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
