#pragma once

#include <map>
#include <string>
#include <vector>

#include "scenarios/model/results.h"
#include "scenarios/model/scenario.h"

namespace mread::scenarios {

/// The alerts that fired under one name, and what is known of them.
struct AlertsSeen {
  std::string error;  ///< of a rule behind them; empty if all could be evaluated
  std::vector<FiringAlert> firing;
  std::vector<std::string> warnings;
  /// By annotation: the action of its template that is not known. It is not compared.
  std::map<std::string, std::string> unknown_annotations;
  std::map<std::string, std::string> unknown_labels;
};

/// Compares the alerts with those that the check expects: the same labels and annotations, each as
/// often. A label that is not known makes the check inconclusive.
CheckResult judge_rule_alerts(const Check& check, const std::string& phase, const AlertsSeen& seen);

}  // namespace mread::scenarios
