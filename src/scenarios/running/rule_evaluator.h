#pragma once

#include <chrono>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/model/scenario.h"
#include "scenarios/rules/alert_states.h"
#include "scenarios/rules/rule_uses.h"
#include "scenarios/running/asker.h"

namespace mread::scenarios {

/// What became of a test's rules, by their index in the RuleSet.
struct RuleOutcome {
  std::map<size_t, std::string> errors;              ///< the first of each rule that failed
  std::map<size_t, std::set<std::string>> warnings;  ///< of their queries
  /// The alerts that fire after a step that was asked for.
  std::map<std::pair<size_t, milliseconds>, std::vector<FiringAlert>> firing;
  std::map<size_t, std::map<std::string, std::string>> unknown_annotations;
  std::map<size_t, std::map<std::string, std::string>> unknown_labels;
};

/// Evaluates rules as promtool does, over a query node: at each step every rule in its order, from the
/// test's start to the set's end. A running Prometheus evaluates rules only now, so their
/// expressions are asked instead; what they record is written into the query node, where Prometheus
/// stores it.
///
/// Rules are asked by range queries over an hour each, since a fresh head takes samples of any age
/// but none that is an hour older than its newest; step by step if RuleUses::need_steps().
class RuleEvaluator {
 public:
  /// All outlive it. `test.rules` is set.
  RuleEvaluator(const Test& test, Asker& asker) : test_(test), asker_(asker), uses_(*test.rules) {}

  /// Evaluates the rules that the node's checks in a phase depend on. A rule that fails is not
  /// evaluated further: promtool ends there.
  RuleOutcome evaluate(const std::string& node, const std::string& phase, std::stop_token stop);

  const RuleUses& uses() const { return uses_; }
  /// The step whose alerts promtool compares at this time.
  milliseconds step_before(milliseconds eval_time) const;

 private:
  class Run;

  const Test& test_;
  Asker& asker_;
  RuleUses uses_;
};

}  // namespace mread::scenarios
