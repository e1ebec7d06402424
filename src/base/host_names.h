#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"

namespace mread {

/// Reads a list of host names, each without scheme, port and path. Throws yaml::ConfigError.
std::vector<std::string> read_host_names(const yaml::Node& node);

/// A text in the letters of a host's label: small letters and digits, and single hyphens between
/// them for everything else. Empty for a text that has neither.
std::string host_label(std::string_view text);

}  // namespace mread
