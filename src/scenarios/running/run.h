#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "scenarios/loading/load_scenario.h"
#include "scenarios/model/observer.h"
#include "scenarios/model/results.h"
#include "scenarios/model/scenario.h"
#include "scenarios/running/test_run.h"

namespace mread::scenarios {

/// The scenario files of what was named on the command line: a file as it is, a folder's *.yaml and
/// *.yml files and those of the folders below it, in the order of their names; each once. Errors
/// (Errc::config): a path that is not there, a folder without a scenario.
Result<std::vector<std::string>> find_scenarios(const std::vector<std::string>& paths);

/// Which tests of the files run.
struct Selection {
  /// Shell patterns; one of them fits the scenario's name, the test's id or its file.
  std::vector<std::string> filters;
  std::vector<std::string> tags;  ///< the scenario has one of them
  bool fits(const Test& test) const;
};

/// Loads all files, selects, and refuses two scenarios of one name. Throws yaml::ConfigError, or
/// ScenarioErrors with those of all files.
std::vector<Test> load_tests(const std::vector<std::string>& files, const Selection& selection,
                             const LoadOptions& options);

struct RunOptions {
  size_t jobs = 1;
  size_t repeat = 1;  ///< all tests so often, one round after another
  bool fail_fast = false;
  uint64_t seed = 0;  ///< for the report
};

/// Runs tests, `jobs` at a time, each result in the report in the tests' order. `keep` is given
/// every result as it comes, to store its logs. With fail_fast the tests that had not begun when
/// one failed are skipped; when `stop` is requested those under way are cleaned up, and they and
/// all that had not begun are marked as interrupted.
Report run_tests(const std::vector<Test>& tests, const TestSurroundings& surroundings,
                 const RunOptions& options, RunObserver& observer,
                 const std::function<void(TestResult&)>& keep, std::stop_token stop);

}  // namespace mread::scenarios
