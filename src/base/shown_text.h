#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Texts of any length, cut for a message. "…" stands for the part that is left out. No UTF-8
/// character is cut in two. `printable(text, most_bytes)` of base/printable.h cuts and escapes.
namespace mread {

/// Leaves out the end: above `most_bytes` the text ends with "…".
std::string cut_end(std::string_view text, size_t most_bytes = 80);

/// Leaves out the middle: above `most_bytes` three quarters of them are the text's beginning, the
/// rest its end.
std::string shorten(std::string_view text, size_t most_bytes = 1000);

/// A part of a line, and where a column of the line is in it.
struct Excerpt {
  std::string text;
  size_t column = 0;
};
/// At most `width` bytes of a line around `column`.
Excerpt cut_around(std::string_view line, size_t column, size_t width = 160);

}  // namespace mread
