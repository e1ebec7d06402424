#pragma once

#include <string>
#include <string_view>

namespace mread::merger {

/// Text as a quoted scalar of YAML, for Config::describe().
inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace mread::merger
