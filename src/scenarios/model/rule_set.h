#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mread::scenarios {

/// A rule that a test evaluates. A label of its group stands among its own.
struct TestedRule {
  enum class Kind { alert, record };
  using Texts = std::vector<std::pair<std::string, std::string>>;

  Kind kind = Kind::alert;
  std::string name;  ///< of the alert, or of the recorded series
  std::string expr;
  std::string place;                          ///< "rules.yml:12"
  std::chrono::milliseconds hold{0};          ///< `for:`
  std::chrono::milliseconds keep_firing{0};   ///< `keep_firing_for:`
  std::chrono::milliseconds query_offset{0};  ///< of its group
  size_t limit = 0;                           ///< of its group; 0: none
  Texts labels;                               ///< of an alert: templates
  Texts annotations;                          ///< templates
};

/// The rules of a test, in the order in which they are evaluated at each step.
struct RuleSet {
  std::vector<TestedRule> rules;
  std::chrono::milliseconds interval{60'000};  ///< between two steps; the first is at the start
  std::chrono::milliseconds end{0};            ///< no step is later
  std::map<std::string, std::string> external_labels;
};

/// An alert that fires: its labels with `alertname`, and its annotations.
struct FiringAlert {
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;

  friend auto operator<=>(const FiringAlert&, const FiringAlert&) = default;
};

/// What an alert check expects to fire under one name: all of it, in any order.
struct ExpectedRuleAlerts {
  std::string alertname;
  std::vector<FiringAlert> firing;
};

}  // namespace mread::scenarios
