#include "base/host_names.h"

#include <algorithm>
#include <string_view>

#include "base/printable.h"

namespace mread {
namespace {

bool is_host_name(std::string_view text) {
  constexpr size_t longest = 255;
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

}  // namespace

std::vector<std::string> read_host_names(const yaml::Node& node) {
  std::vector<std::string> names;
  for (const yaml::Node& item : node.sequence()) {
    names.push_back(item.string());
    if (!is_host_name(names.back())) {
      item.error("want a host name without scheme and port, got " + quote(names.back()));
    }
  }
  return names;
}

std::string host_label(std::string_view text) {
  std::string label;
  for (const char c : text) {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool is_capital = c >= 'A' && c <= 'Z';
    if (is_word) label += c;
    if (is_capital) label += static_cast<char>(c - 'A' + 'a');
    if (!is_word && !is_capital && !label.empty() && label.back() != '-') label += '-';
  }
  while (label.ends_with('-')) label.pop_back();
  return label;
}

}  // namespace mread
