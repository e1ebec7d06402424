#include "base/shown_text.h"

#include <algorithm>

namespace mread {
namespace {

constexpr std::string_view ellipsis = "…";

// The next place from `at` on, or before it, where no character is cut apart.
bool is_inside(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
}
size_t forward(std::string_view text, size_t at) {
  for (size_t i = 0; i < 3 && is_inside(text, at); ++i) ++at;
  return at;
}
size_t backward(std::string_view text, size_t at) {
  for (size_t i = 0; i < 3 && at > 0 && is_inside(text, at); ++i) --at;
  return at;
}

}  // namespace

std::string cut_end(std::string_view text, size_t most_bytes) {
  if (text.size() <= most_bytes) return std::string(text);
  return std::string(text.substr(0, backward(text, most_bytes))) + std::string(ellipsis);
}

std::string shorten(std::string_view text, size_t most_bytes) {
  if (text.size() <= most_bytes) return std::string(text);
  const size_t tail_bytes = most_bytes / 4;
  const std::string_view head = text.substr(0, backward(text, most_bytes - tail_bytes));
  const std::string_view tail = text.substr(forward(text, text.size() - tail_bytes));
  return std::string(head) + std::string(ellipsis) + std::string(tail);
}

Excerpt cut_around(std::string_view line, size_t column, size_t width) {
  if (line.size() <= width) return {std::string(line), column};
  column = std::min(column, line.size());
  // What is wrong mostly begins at the column, and what leads to it stands before.
  const size_t before = width / 2;
  const size_t first = std::min(column > before ? column - before : 0, line.size() - width);
  const size_t begin = std::min(forward(line, first), column);
  const size_t end = backward(line, first + width);
  Excerpt excerpt{std::string(line.substr(begin, end - begin)), column - begin};
  if (begin > 0) {
    excerpt.text.insert(0, ellipsis);
    ++excerpt.column;
  }
  if (end < line.size()) excerpt.text += ellipsis;
  return excerpt;
}

}  // namespace mread
