#include "scenarios/model/scenario.h"

#include <algorithm>

namespace mread::scenarios {

const char* to_string(Load::Executor executor) {
  switch (executor) {
    case Load::Executor::constant_arrival_rate:
      return "constant-arrival-rate";
    case Load::Executor::ramping_arrival_rate:
      return "ramping-arrival-rate";
    case Load::Executor::constant_vus:
      return "constant-vus";
    case Load::Executor::ramping_vus:
      return "ramping-vus";
  }
  return "constant-arrival-rate";
}

ScenarioErrors::ScenarioErrors(std::vector<std::string> errors)
    : yaml::ConfigError([&] {
        std::string all;
        for (const std::string& one : errors) all += (all.empty() ? "" : "\n") + one;
        return all;
      }()),
      errors_(std::move(errors)) {}

std::vector<std::string> errors_of(const yaml::ConfigError& error) {
  const auto* several = dynamic_cast<const ScenarioErrors*>(&error);
  return several == nullptr ? std::vector<std::string>{error.what()} : several->errors();
}

void throw_errors(std::vector<std::string> errors) {
  if (errors.empty()) return;
  if (errors.size() == 1) throw yaml::ConfigError(errors.front());
  throw ScenarioErrors(std::move(errors));
}

bool Check::expects(Expectation::Kind what) const {
  return std::any_of(expect.begin(), expect.end(),
                     [what](const Expectation& one) { return one.kind == what; });
}

const NodeDeclaration* Test::find(const std::string& node) const {
  for (const NodeDeclaration& candidate : nodes) {
    if (candidate.name == node) return &candidate;
  }
  return nullptr;
}

NodeDeclaration* Test::find(const std::string& node) {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(),
                   [&node](const NodeDeclaration& candidate) { return candidate.name == node; });
  return found == nodes.end() ? nullptr : &*found;
}

bool Test::has_oracle() const {
  return std::any_of(invariants.begin(), invariants.end(), [](const Invariant& one) {
    return one.subject() == Invariant::Subject::oracle;
  });
}

bool Test::answers_for_all(const std::string& node) const {
  const auto is_query_node = [](const NodeDeclaration& one) {
    return one.node->knows_promql() && one.is_query_node;
  };
  const NodeDeclaration* asked = find(node);
  return (asked != nullptr && is_query_node(*asked)) ||
         std::none_of(nodes.begin(), nodes.end(), is_query_node);
}

std::string Test::title() const {
  return matrix_case.empty() ? scenario : scenario + " [" + to_string(matrix_case) + "]";
}

std::vector<std::string> phases_of(const std::vector<TimelineEntry>& timeline) {
  std::vector<std::string> phases{"before"};
  if (timeline.empty()) return phases;
  for (const TimelineEntry& entry : timeline) {
    if (std::find(phases.begin(), phases.end(), entry.phase) == phases.end())
      phases.push_back(entry.phase);
  }
  phases.emplace_back("after");
  return phases;
}

}  // namespace mread::scenarios
