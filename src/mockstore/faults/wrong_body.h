#pragma once

#include <memory>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// Status 200 with a body that is no answer: by default the login page of a proxy that wants a
/// person.
///   wrong_body:
///   wrong_body: {text: "ok", type: text/plain}
std::shared_ptr<const Fault> parse_wrong_body(const yaml::Node& settings);

}  // namespace mread::mockstore::faults
