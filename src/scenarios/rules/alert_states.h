#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "scenarios/model/rule_set.h"

namespace mread::scenarios {

/// A sample of a rule's expression at one step.
struct RuleSample {
  model::LabelSet labels;
  double value = 0;
};

/// The alerts of one rule from step to step, as Prometheus keeps them: pending for `for:`, firing
/// while the expression has the sample, and for `keep_firing_for:` after that.
/// Source: AlertingRule.Eval of rules/alerting.go, Prometheus 3.5.
class AlertStates {
 public:
  /// Both outlive it.
  AlertStates(const TestedRule& rule, const RuleSet& rules) : rule_(rule), rules_(rules) {}

  /// The samples at the next step; `at` increases. Errors: Errc::malformed for two alerts with the
  /// same labels, Errc::limit above the group's `limit:`. An error leaves no alert.
  Result<void> step(std::chrono::milliseconds at, const std::vector<RuleSample>& samples);

  /// The alerts that fire now, sorted.
  std::vector<FiringAlert> firing() const;
  /// The samples of ALERTS and ALERTS_FOR_STATE now. `start_s` is the time of step 0.
  std::vector<RuleSample> samples(double start_s) const;

  /// Annotations whose templates are not known, with the action: their texts are not compared.
  const std::map<std::string, std::string>& unknown_annotations() const {
    return unknown_annotations_;
  }
  /// The same for labels: without them the alert is not known.
  const std::map<std::string, std::string>& unknown_labels() const { return unknown_labels_; }

 private:
  struct Alert {
    std::map<std::string, std::string> annotations;
    std::chrono::milliseconds since{0};
    bool fires = false;
    std::optional<std::chrono::milliseconds> gone_since;  // While keep_firing_for: holds it.
  };

  Result<std::map<model::LabelSet, Alert>> alerts_of(const std::vector<RuleSample>& samples,
                                                     std::chrono::milliseconds at);

  const TestedRule& rule_;
  const RuleSet& rules_;
  std::map<model::LabelSet, Alert> active_;
  std::map<std::string, std::string> unknown_annotations_;
  std::map<std::string, std::string> unknown_labels_;
};

}  // namespace mread::scenarios
