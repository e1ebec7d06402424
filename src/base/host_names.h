#pragma once

#include <string>
#include <vector>

#include "base/yaml.h"

namespace mread {

/// Reads a list of host names, each without scheme, port and path. Throws yaml::ConfigError.
std::vector<std::string> read_host_names(const yaml::Node& node);

}  // namespace mread
