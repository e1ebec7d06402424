#pragma once

#include <string_view>

namespace mread {

/// Line `number` (from 1) of a text, without its line end; empty beyond the last one.
inline std::string_view line_at(std::string_view text, int number) {
  for (int i = 1; i < number; ++i) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace mread
