#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/yaml.h"
#include "check/finding/finding.h"

namespace mread::check {

/// Whether a mapping is written with a line for each key, and not in braces.
bool is_block(const yaml::Node& mapping);

/// A line "KEY: VALUE" of a mapping, below the line of its key `after`. None where the mapping is
/// written in braces or `after` is not a line of its own: nothing is inserted by guessing.
std::optional<Edit> insert_below(const yaml::Node& mapping, const std::string& after,
                                 std::string_view line);

/// The line of a scalar with `text` in place of it. None where the scalar does not stand there as it
/// is read, in quotes or not, or the line has a secret.
std::optional<Edit> replace_value(const yaml::Node& scalar, std::string_view text);

/// "KEY: VALUE" in a mapping: replace_value() where it has the key, else insert_below(). None for a
/// mapping in braces, and for a key that an anchor above the mapping gives it.
std::optional<Edit> set_key(const yaml::Node& mapping, const std::string& key,
                            std::string_view value, const std::string& after);

}  // namespace mread::check
