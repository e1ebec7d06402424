#pragma once

#include <string>
#include <vector>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore {

/// Reads one fault: a mapping of fault names and their settings, and the conditions `at`, `for`,
/// `probability`, `first`.
///   {latency: 1s}   {status: 503, probability: 0.1}   {truncate: {where: after_crc, frame: 2}, at:
///   5s, for: 10s}
/// or the word alone of a fault that needs no settings:
///   hang_before_headers
/// Throws yaml::ConfigError.
FaultRule parse_fault(const yaml::Node& node);

/// Reads a list of faults, or a single one. Null is an empty list.
std::vector<FaultRule> parse_faults(const yaml::Node& node);

/// A YAML node as JSON; scalars become strings.
std::string to_json(const yaml::Node& node);

}  // namespace mread::mockstore
