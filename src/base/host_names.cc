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

}  // namespace mread
