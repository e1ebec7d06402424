#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "base/quantity.h"
#include "check/rules/rules.h"
#include "model/labels.h"

namespace mread::check {
namespace {

using setup::ReadEntry;

// Prometheus counts no read that hangs or is refused, so only the merge core's metrics show what is
// missing.
constexpr std::string_view serve_metrics = "mread_";

bool watches_failed_reads(const Expression& expression) {
  return std::ranges::any_of(expression.uses.selectors, [](const model::SelectorUse& selector) {
    return std::ranges::any_of(selector.matchers, [](const model::Matcher& matcher) {
      return matcher.name() == model::metric_name_label &&
             matcher.value().starts_with(serve_metrics);
    });
  });
}

bool asks(const Expression& expression, const ReadEntry& entry) {
  return std::ranges::any_of(
      expression.uses.selectors,
      [&entry](const model::SelectorUse& selector) { return Input::is_asked(entry, selector); });
}

void rules_on_partial_data(const Input& input, Report& report) {
  for (const std::string& pattern : input.missing_rule_files) {
    report.not_judged(RuleId::rules_on_partial_data,
                      "the rules of " + pattern + ", which is not on this machine: --rules FILE");
  }
  if (std::ranges::any_of(input.expressions, watches_failed_reads)) return;
  const bool is_stateless = input.node.scrapes.empty() && !input.node.scrape_config_files;
  size_t rules = 0;
  const Expression* first = nullptr;
  for (const Expression& one : input.expressions) {
    if (one.kind == Expression::Kind::query) continue;
    const bool reads = std::ranges::any_of(input.node.entries, [&](const ReadEntry& entry) {
      return (entry.read_recent || is_stateless) && asks(one, entry);
    });
    if (!reads) continue;
    if (first == nullptr) first = &one;
    ++rules;
  }
  if (first == nullptr) return;
  report.add(
      RuleId::rules_on_partial_data, input.node.rule_files.value_or(first->at),
      fmt::format("backends are read by {}: while one of them fails, evaluation goes on with "
                  "what is left, and nothing says so",
                  counted(rules, "rule")),
      {.related = {{place_of(first->at), "the first of them: " + first->name}}});
}

// External labels of the collectors, each with the collector's name.
std::map<std::string, std::string> collector_labels(const Input& input) {
  std::map<std::string, std::string> labels;
  for (size_t i = 0; i < input.facts.size(); ++i) {
    if (!input.facts[i].file) continue;
    for (const auto& [name, value] : input.facts[i].file->external_labels)
      labels.try_emplace(name, input.backends[i].name);
  }
  return labels;
}

void regex_on_external_label(const Input& input, Report& report) {
  const bool some_unknown =
      std::ranges::any_of(input.facts, [](const BackendFacts& one) { return !one.file; });
  if (some_unknown) {
    report.not_judged(RuleId::regex_on_external_label,
                      "the collectors' external_labels: --collector NAME=FILE");
  }
  if (input.expressions.empty()) {
    report.not_judged(RuleId::regex_on_external_label,
                      "rules or queries: --rules FILE, --query EXPR");
  }
  const std::map<std::string, std::string> labels = collector_labels(input);
  for (const Expression& one : input.expressions) {
    for (const model::SelectorUse& selector : one.uses.selectors) {
      for (const model::Matcher& matcher : selector.matchers) {
        const auto found = labels.find(matcher.name());
        if (matcher.type() == model::MatchType::equal || found == labels.end()) continue;
        report.add(
            RuleId::regex_on_external_label, one.at,
            fmt::format("{}: {} matches an external label of {} by {}", one.name,
                        matcher.to_string(), found->second, model::to_string(matcher.type())));
      }
    }
  }
}

}  // namespace

void check_expressions(const Input& input, Report& report) {
  rules_on_partial_data(input, report);
  regex_on_external_label(input, report);
}

}  // namespace mread::check
