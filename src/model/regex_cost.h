#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mread::model {

/// Upper bounds of what RE2 takes for one expression, estimated from its text.
struct RegexCost {
  /// Memory of the tree, with counted repetitions unfolded as far as RE2 unfolds them there.
  uint64_t parse_bytes = 0;
  uint64_t instructions = 0;  ///< of the compiled program
  /// Places of the unfolded expression that may be left out: `x?`, `x*`, `x{2,5}`, `(x|)`.
  uint64_t skips = 0;

  /// Steps of RE2's compiler; a step takes about a nanosecond.
  uint64_t compile_steps() const;
  /// The part of compile_steps() that grows with the square of the size: from each optional part of
  /// the expression, the compiler visits everything that can follow.
  uint64_t skip_steps() const;
};

/// Cost   linear in the text, without recursion. All figures saturate far above every limit.
/// The text need not be valid: RE2 has the last word on that.
RegexCost estimate_regex_cost(std::string_view expression);

/// Splits an expression that is one alternation, with at most one group around it ("a|b", "(a|b)"),
/// into its branches. Returns the whole expression if it is no alternation or sets flags within the
/// group.
std::vector<std::string_view> split_alternatives(std::string_view expression);

}  // namespace mread::model
