#pragma once

#include <string>
#include <vector>

#include "scenarios/running/run.h"

namespace mread::ruletests {

/// The tests of files over the nodes of a scenario file, as run_tests() takes them: NAME.test is a
/// PromQL test script, any other file is for promtool. Throws yaml::ConfigError, or ScenarioErrors with the errors of all files.
std::vector<scenarios::Test> load_rule_tests(const std::vector<std::string>& files,
                                             const std::string& topology,
                                             const scenarios::Selection& selection,
                                             const scenarios::LoadOptions& options);

}  // namespace mread::ruletests
