#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// The whole body comes, and the end of the answer is late: who reads until the end waits for it,
/// though it has all the data.
///   late_end: 5s
/// The answer goes out without a Content-Length: who knows the length knows the end.
std::shared_ptr<const Fault> parse_late_end(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
