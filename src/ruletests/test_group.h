#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/labels.h"
#include "scenarios/model/scenario.h"

namespace mread::ruletests {

/// One line of a test's data, in promtool's notation.
struct InputLine {
  model::LabelSet labels;
  std::string series;
  std::string values;
};

/// Data, rules and questions about them, before it is known which nodes hold and answer them.
struct TestGroup {
  std::string file;
  std::string name;  ///< as the file gives it; may be empty
  std::chrono::milliseconds interval{60'000};
  std::optional<int64_t> start_ms;  ///< `start_timestamp:`
  std::vector<InputLine> input;
  /// Without a node and phases. Times count from the start.
  std::vector<scenarios::Check> checks;
  std::shared_ptr<const scenarios::RuleSet> rules;  ///< null: none
};

}  // namespace mread::ruletests
