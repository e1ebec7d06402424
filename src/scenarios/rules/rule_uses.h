#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "model/promql_uses.h"
#include "scenarios/model/rule_set.h"
#include "scenarios/model/scenario.h"

namespace mread::scenarios {

/// Which rules of a set read the series of which others. It errs towards "reads": by the name of a
/// series, and for ALERTS by `alertname`. An expression without a name reads all of them.
class RuleUses {
 public:
  /// `rules` outlives it.
  explicit RuleUses(const RuleSet& rules);

  /// The rules that an expression depends on, also through other rules; increasing.
  std::set<size_t> behind(const std::string& expr) const;
  /// The rules that a check depends on; of an alert check, those that make its alert too.
  std::set<size_t> behind(const Check& check) const;
  /// Whether one of `chosen` must be evaluated step by step: it reads what a rule makes later in the
  /// same step, or uses start() or end(), which differ in a range query.
  bool need_steps(const std::set<size_t>& chosen) const;
  /// Whether another rule, or one of `exprs`, may read the series of a rule.
  bool is_read(size_t rule, const std::vector<std::string>& exprs) const;

 private:
  std::set<size_t> directly_behind(const std::string& expr) const;

  const RuleSet& rules_;
  std::vector<std::set<size_t>> reads_;  // Of each rule, the rules whose series it may read.
};

}  // namespace mread::scenarios
