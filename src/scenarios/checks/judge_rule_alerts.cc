#include "scenarios/checks/judge_rule_alerts.h"

#include <algorithm>

#include "model/labels.h"

namespace mread::scenarios {
namespace {

std::string pairs_text(const std::map<std::string, std::string>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs)
    out += (out.empty() ? "" : ", ") + name + "=" + model::quote(value);
  return "{" + out + "}";
}

std::string alerts_text(const std::vector<FiringAlert>& alerts) {
  if (alerts.empty()) return "no alert fires";
  std::string out;
  for (const FiringAlert& alert : alerts) {
    out += (out.empty() ? "" : "\n") + pairs_text(alert.labels);
    if (!alert.annotations.empty()) out += " " + pairs_text(alert.annotations);
  }
  return out;
}

// Sorted, without the annotations that are not known.
std::vector<FiringAlert> comparable(std::vector<FiringAlert> alerts,
                                    const std::map<std::string, std::string>& unknown) {
  for (FiringAlert& alert : alerts) {
    std::erase_if(alert.annotations,
                  [&](const auto& annotation) { return unknown.contains(annotation.first); });
  }
  std::ranges::sort(alerts);
  return alerts;
}

std::string difference_of(const std::vector<FiringAlert>& want,
                          const std::vector<FiringAlert>& got) {
  std::vector<FiringAlert> missing;
  std::vector<FiringAlert> unwanted;
  std::ranges::set_difference(want, got, std::back_inserter(missing));
  std::ranges::set_difference(got, want, std::back_inserter(unwanted));
  std::string out;
  for (const FiringAlert& alert : missing) out += "missing " + alerts_text({alert}) + "\n";
  for (const FiringAlert& alert : unwanted) out += "not wanted " + alerts_text({alert}) + "\n";
  if (!out.empty()) out.pop_back();
  return out;
}

}  // namespace

CheckResult judge_rule_alerts(const Check& check, const std::string& phase,
                              const AlertsSeen& seen) {
  CheckResult result;
  result.expr = check.expr;
  result.name = check.name;
  result.node = check.node;
  result.phase = phase;
  result.line = check.line;
  result.warnings = seen.warnings;
  const auto want = comparable(check.rule_alerts->firing, seen.unknown_annotations);
  const auto got = comparable(seen.firing, seen.unknown_annotations);
  result.want = alerts_text(want);
  result.got = alerts_text(got);
  for (const auto& [name, action] : seen.unknown_annotations)
    result.warnings.push_back("annotation " + name + " is not compared: " + action);
  if (!seen.error.empty()) {
    result.verdict = Verdict::fail;
    result.got = "error: " + seen.error;
  } else if (!seen.unknown_labels.empty()) {
    const auto& [name, action] = *seen.unknown_labels.begin();
    result.verdict = Verdict::inconclusive;
    result.got = "not compared: the label " + name + " has " + action;
  } else if (want != got) {
    result.verdict = Verdict::fail;
    result.detail = difference_of(want, got);
  }
  return result;
}

}  // namespace mread::scenarios
