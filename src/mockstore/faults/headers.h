#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// Headers of the answer are other than the store's, as behind a proxy that rewrites them.
///   headers: {set: {Content-Type: text/html}}
///   headers: {remove: Content-Encoding}             # or a list
///   headers: {set: {Connection: close}, remove: [Content-Type]}
/// Content-Length and Transfer-Encoding are refused: they follow from how the body is sent.
std::shared_ptr<const Fault> parse_headers(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
