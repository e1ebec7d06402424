#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mread {

/// A text of any length as it stands in a message: above `most_bytes` its middle is left out. UTF-8
/// characters stay whole.
std::string shorten(std::string_view text, size_t most_bytes = 1000);

/// A part of a line, and where a column of the line is in it.
struct Excerpt {
  std::string text;
  size_t column = 0;
};
/// At most `width` bytes of a line around `column`; "…" stands for what is left out before and
/// behind.
Excerpt cut_around(std::string_view line, size_t column, size_t width = 160);

}  // namespace mread
