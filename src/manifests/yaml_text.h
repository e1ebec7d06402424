#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mread::manifests {

/// A text as a YAML scalar in double quotes; any bytes of UTF-8 can be in it.
std::string in_quotes(std::string_view text);

/// "KEY: " and a text of several lines as a literal block, or in quotes where a block cannot hold
/// it. All lines begin with `indent` spaces, and end with a newline.
std::string entry(size_t indent, std::string_view key, std::string_view text);

/// A label's or a key's text: letters, digits, '-', '_' and '.'; anything else becomes '_'.
std::string as_key(std::string_view path);

}  // namespace mread::manifests
