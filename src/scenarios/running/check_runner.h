#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scenarios/checks/judge.h"
#include "scenarios/model/scenario.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/oracle.h"
#include "scenarios/running/rule_evaluator.h"
#include "scenarios/running/waiting_clock.h"

namespace mread::scenarios {

/// Runs a test's checks, and judges their answers by its invariants. One thread.
class CheckRunner {
 public:
  /// `oracle` may be null where no invariant of the test needs one.
  CheckRunner(const Test& test, Asker& asker, Oracle* oracle, WaitingClock& clock);

  /// Every check and invariant of a phase, in the file's order; `away` are the nodes under an act
  /// or a fault. Results are one a check, then one an invariant. A check that has begun when `stop`
  /// is requested gives no result.
  std::vector<CheckResult> run_phase(const std::string& phase, const std::set<std::string>& away,
                                     std::stop_token stop);

  /// The checks that the oracles could not judge, and why; one line each.
  const std::set<std::string>& notes() const { return notes_; }

 private:
  /// What an invariant has seen in a phase.
  struct Tally {
    size_t judged = 0;
    size_t excused = 0;  ///< by a warning or an error
    size_t beyond = 0;   ///< not judged: checks/oracle_scope.h
    std::vector<CheckResult> failures;
  };

  /// Evaluates the test's rules on each node that a check of the phase asks.
  void evaluate_rules(const std::string& phase, std::stop_token stop);
  /// The error of a rule that the check depends on; empty if there is none.
  std::string rule_error(const Check& check) const;
  CheckResult look_at_rule_alerts(const Check& check, const std::string& phase);
  Observation observe(const Check& check, int64_t now_ms, std::stop_token stop);
  CheckResult run_once(const Check& check, const std::string& phase, Observation& seen,
                       int64_t& now_ms, std::stop_token stop);
  void hold_invariants(const Check& check, const std::string& phase,
                       const std::set<std::string>& away, const Observation& seen, int64_t now_ms,
                       std::map<const Invariant*, Tally>& tallies, std::stop_token stop);
  void hold_answers(const Invariant& invariant, const Check& check, const std::string& phase,
                    const Observation& seen, Tally& tally);
  void hold_oracle(const Invariant& invariant, const Check& check, const std::string& phase,
                   const Observation& seen, int64_t now_ms, Tally& tally, std::stop_token stop);
  CheckResult look_at_samples(const Invariant& invariant, const std::string& phase,
                              std::stop_token stop);
  std::optional<double> baseline_of(const Check& check) const;
  std::string when(const Check& check, int64_t now_ms) const;
  std::optional<int64_t> data_end_ms() const;

  const Test& test_;
  Asker& asker_;
  Oracle* oracle_;
  WaitingClock& clock_;
  std::map<const Check*, std::vector<double>> baselines_ms_;
  /// Where the data of the test's nodes end, if that is known.
  std::optional<int64_t> declared_end_ms_;
  std::set<std::string> notes_;
  std::optional<RuleEvaluator> rules_;
  std::map<std::string, RuleOutcome> rule_outcomes_;  // Of the phase, by node.
};

}  // namespace mread::scenarios
