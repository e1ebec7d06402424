#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The first chunk of one frame of a streamed answer is wrong; the frame's checksum is right.
///   bad_chunk: count                    # its header claims as many samples as a header can
///   bad_chunk: short                    # the second half of its bytes is missing
///   bad_chunk: times                    # it claims the time that follows that of its samples
///   bad_chunk: {what: short, frame: 2}  # of the third frame
std::shared_ptr<const Fault> parse_bad_chunk(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
