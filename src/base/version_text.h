#pragma once

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace mread {

/// The numbers of a version as it is written in a scenario: "v3.5", "3.5.3", "2". Nothing for other
/// text.
inline std::optional<std::vector<int>> parse_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  std::vector<int> parts;
  while (true) {
    int number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc() || number < 0) return std::nullopt;
    parts.push_back(number);
    text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
    if (text.empty()) return parts;
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
  }
}

/// Negative, zero or positive. The numbers that both have decide: 3.5 and 3.5.3 are equal.
inline int compare_versions(const std::vector<int>& a, const std::vector<int>& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

}  // namespace mread
