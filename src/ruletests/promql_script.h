#pragma once

#include <string>
#include <vector>

#include "ruletests/test_group.h"

namespace mread::ruletests {

/// The groups of a PromQL test script: `load`, `clear`, and `eval` with its `expect` lines, in the
/// newer and the older notation. A group is the data that have been loaded, with the questions that
/// follow; its name is the line of the first.
///
/// Throws yaml::ConfigError with file and line. `load_with_nhcb` and `@st` lines are refused too.
/// Source: promql/promqltest/README.md of Prometheus.
std::vector<TestGroup> read_promql_script(const std::string& path);
std::vector<TestGroup> parse_promql_script(const std::string& text, const std::string& file_name);

}  // namespace mread::ruletests
