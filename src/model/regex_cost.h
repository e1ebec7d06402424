#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mread::model {

/// Upper bounds of what RE2 takes for one expression, from its text alone.
struct RegexCost {
  uint64_t parse_bytes = 0;   ///< memory of the tree, with counted repetitions unfolded as far as
                              ///< RE2 unfolds them there
  uint64_t instructions = 0;  ///< of the compiled program
  uint64_t skips =
      0;  ///< places of the unfolded expression that may be left out: `x?`, `x*`, `x{2,5}`, `(x|)`

  /// Steps of RE2's compiler, of about a nanosecond each.
  uint64_t compile_steps() const;
  /// Those of them that grow with the square of the size: from each place that may be left out it
  /// visits all that can be reached.
  uint64_t skip_steps() const;
};

/// Cost   linear in the text, without recursion. All figures saturate far above every limit.
/// The text need not be valid: RE2 has the last word on that.
RegexCost estimate_regex_cost(std::string_view expression);

/// The branches of an alternation that is the whole expression, but for one group around it ("a|b",
/// "(a|b)"). Just the expression where there is no such alternation, or where flags are set within
/// it.
std::vector<std::string_view> split_alternatives(std::string_view expression);

}  // namespace mread::model
