#include "scenarios/rules/rule_uses.h"

#include <algorithm>
#include <cctype>

#include <re2/re2.h>

namespace mread::scenarios {
namespace {

// Whether a selector may select a series with this value of a label.
bool fits(const model::SelectorUse& selector, std::string_view label, const std::string& value) {
  return std::ranges::all_of(selector.matchers, [&](const model::Matcher& matcher) {
    return matcher.name() != label || matcher.matches(value);
  });
}

bool may_select(const model::SelectorUse& selector, const TestedRule& rule) {
  if (rule.kind == TestedRule::Kind::record)
    return fits(selector, model::metric_name_label, rule.name);
  return (fits(selector, model::metric_name_label, "ALERTS") ||
          fits(selector, model::metric_name_label, "ALERTS_FOR_STATE")) &&
         fits(selector, "alertname", rule.name);
}

}  // namespace

RuleUses::RuleUses(const RuleSet& rules) : rules_(rules) {
  for (const TestedRule& rule : rules_.rules) reads_.push_back(directly_behind(rule.expr));
}

std::set<size_t> RuleUses::directly_behind(const std::string& expr) const {
  const auto uses = model::promql_uses(expr);
  std::set<size_t> found;
  for (size_t i = 0; i < rules_.rules.size(); ++i) {
    const bool reads = !uses || std::ranges::any_of(uses->selectors, [&](const auto& selector) {
      return may_select(selector, rules_.rules[i]);
    });
    if (reads) found.insert(i);
  }
  return found;
}

std::set<size_t> RuleUses::behind(const std::string& expr) const {
  std::set<size_t> all = directly_behind(expr);
  std::vector<size_t> open(all.begin(), all.end());
  while (!open.empty()) {
    const size_t rule = open.back();
    open.pop_back();
    for (const size_t other : reads_[rule]) {
      if (all.insert(other).second) open.push_back(other);
    }
  }
  return all;
}

std::set<size_t> RuleUses::behind(const Check& check) const {
  if (!check.rule_alerts)
    return check.kind == Check::Kind::promql ? behind(check.expr) : std::set<size_t>();
  std::set<size_t> all;
  for (size_t i = 0; i < rules_.rules.size(); ++i) {
    const TestedRule& rule = rules_.rules[i];
    if (rule.kind != TestedRule::Kind::alert || rule.name != check.rule_alerts->alertname) continue;
    all.insert(i);
    all.merge(behind(rule.expr));
  }
  return all;
}

bool RuleUses::need_steps(const std::set<size_t>& chosen) const {
  static const re2::RE2 edges(R"(@\s*(?:start|end)\s*\()");
  return std::ranges::any_of(chosen, [&](size_t rule) {
    const bool reads_later = std::ranges::any_of(
        reads_[rule], [&](size_t other) { return other >= rule && chosen.contains(other); });
    return reads_later || re2::RE2::PartialMatch(rules_.rules[rule].expr, edges);
  });
}

bool RuleUses::is_read(size_t rule, const std::vector<std::string>& exprs) const {
  return std::ranges::any_of(reads_, [&](const auto& reads) { return reads.contains(rule); }) ||
         std::ranges::any_of(
             exprs, [&](const std::string& expr) { return directly_behind(expr).contains(rule); });
}

}  // namespace mread::scenarios
