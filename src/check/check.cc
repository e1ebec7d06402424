#include "check/check.h"

#include <algorithm>

#include "check/finding/report.h"
#include "check/finding/suppression.h"
#include "check/rules/rules.h"

namespace mread::check {
namespace {

// The files of the input that may have comments about findings.
std::vector<yaml::Node> roots_of(const Input& input) {
  std::vector<yaml::Node> roots{input.node.root};
  const auto add = [&roots](const yaml::Node& node) {
    const bool is_known = std::ranges::any_of(
        roots, [&node](const yaml::Node& root) { return root.file() == node.file(); });
    if (!is_known) roots.push_back(node);
  };
  for (const Group& group : input.groups) add(group.at);
  for (const BackendFacts& facts : input.facts) {
    if (facts.file) add(facts.file->root);
  }
  if (input.serve_at) add(*input.serve_at);
  return roots;
}

}  // namespace

size_t CheckResult::count(Severity severity) const {
  return static_cast<size_t>(std::ranges::count_if(findings, [severity](const Finding& one) {
    return one.severity == severity && !one.suppression;
  }));
}

size_t CheckResult::suppressed() const {
  return static_cast<size_t>(std::ranges::count_if(
      findings, [](const Finding& one) { return one.suppression.has_value(); }));
}

bool CheckResult::has_at_least(Severity severity) const {
  return std::ranges::any_of(findings, [severity](const Finding& one) {
    return one.severity >= severity && !one.suppression;
  });
}

CheckResult check(const Input& input, const std::string& today) {
  Report report;
  check_selection(input, report);
  check_timeouts(input, report);
  check_expressions(input, report);
  check_stores(input, report);
  check_access(input, report);
  check_versions(input, report);
  check_replicas(input, report);
  check_topology(input, report);

  CheckResult result;
  result.file = input.node.path;
  result.expressions = input.expressions.size();
  result.findings = report.take_findings();
  result.not_judged = report.not_judged();
  std::ranges::stable_sort(result.not_judged, {}, &NotJudged::rule);
  result.passed = report.passed();
  if (!input.is_version_given) {
    result.notes.push_back("the query node is taken for " + input.version_text() +
                           " (--version says otherwise)");
  }
  for (const std::string& pattern : input.missing_rule_files)
    result.notes.push_back("rule_files: " + pattern + " is not on this machine (--rules FILE)");
  result.notes.insert(result.notes.end(), input.notes.begin(), input.notes.end());
  for (const yaml::Node& root : roots_of(input)) {
    result.documents[root.file()] = root.document();
    for (std::string& line : suppress(root, today, result.findings))
      result.notes.push_back(std::move(line));
  }
  return result;
}

}  // namespace mread::check
