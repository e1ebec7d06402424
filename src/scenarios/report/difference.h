#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mread::scenarios {

/// One line of a comparison of two texts.
struct DifferentLine {
  enum class Kind { same, only_want, only_got };
  Kind kind = Kind::same;
  std::string text;
};

/// Compares two texts line by line: the fewest lines that are in one text only (longest common
/// subsequence). Order: as in the texts; where both differ, `want` comes first.
/// Cost: the product of their lines; beyond 400 lines each, all of `want` and then all of `got`.
std::vector<DifferentLine> compare_lines(std::string_view want, std::string_view got);

}  // namespace mread::scenarios
