#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "scenarios/model/scenario.h"

namespace mread::scenarios {

/// Data and questions from elsewhere, put into the nodes of a file. Its own checks, load and
/// thresholds are passed over.
struct Filling {
  /// Edits the document of a case, after its variables are expanded. May throw yaml::ConfigError.
  std::function<void(const yaml::Node& document)> edit;
  /// Gives the test its checks, once its nodes, timeline and invariants are known; may change its
  /// name and id.
  std::function<void(Test& test)> ask;
};

struct LoadOptions {
  int64_t now_ms = 0;            ///< one for the whole run: every test has the same start_timestamp
  std::optional<uint64_t> seed;  ///< replaces the seeds of the files
  const Filling* filling = nullptr;  ///< of a topology
};

/// The tests of one scenario file, one for every case of its matrix. Throws yaml::ConfigError for
/// every error that can be found without starting a node. Errors in several checks, invariants and
/// later sections of a case are thrown together, as a ScenarioErrors; those of further cases are
/// not looked for.
std::vector<Test> load_scenario(const std::string& path, const LoadOptions& options);
std::vector<Test> parse_scenario(const std::string& text, const std::string& file_name,
                                 const LoadOptions& options);

}  // namespace mread::scenarios
