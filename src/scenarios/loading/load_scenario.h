#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/model/scenario.h"

namespace mread::scenarios {

struct LoadOptions {
  int64_t now_ms = 0;            ///< one for the whole run: every test has the same start_timestamp
  std::optional<uint64_t> seed;  ///< replaces the seeds of the files
};

/// The tests of one scenario file, one for every case of its matrix. Throws yaml::ConfigError for
/// every error that can be found without starting a node. Errors in several checks, invariants and
/// later sections of a case are thrown together, as a ScenarioErrors; those of further cases are
/// not looked for.
std::vector<Test> load_scenario(const std::string& path, const LoadOptions& options);
std::vector<Test> parse_scenario(const std::string& text, const std::string& file_name,
                                 const LoadOptions& options);

}  // namespace mread::scenarios
