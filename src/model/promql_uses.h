#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/matcher.h"

namespace mread::model {

/// A vector selector of an expression.
struct SelectorUse {
  std::vector<Matcher> matchers;  ///< in the order of the text; the metric's name comes first
  /// The time that its samples span: its own `[range]`, and those of the subqueries around it. 0:
  /// it reads one instant, or the range is an expression.
  std::chrono::milliseconds range{0};
};

/// What an expression of PromQL reads, and the labels by which it groups and joins.
struct PromqlUses {
  std::vector<SelectorUse> selectors;  ///< in the order of the text
  /// The labels of `by`, `on`, `group_left` and `group_right`; not those of `without` and
  /// `ignoring`.
  std::set<std::string> labels;
};

/// Looks for the selectors of an expression. Does not check that the expression as a whole is valid:
/// Prometheus does. Errors: Errc::malformed for a selector or a string that cannot be read; the
/// context begins with "offset N: ".
Result<PromqlUses> promql_uses(std::string_view expression);

}  // namespace mread::model
