#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The error of a storage that fails in mid-stream, the way Prometheus sends it: as text after the
/// frames, the HTTP message ending properly. An answer that has not begun is a clean 500.
///   error_text: "remote error: disk on fire"
///   error_text: {text: "…", frames: 2}       # after two frames; default: after all of them
/// An answer in SAMPLES fails before it begins, so it is a 500 as well.
std::shared_ptr<const Fault> parse_error_text(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
