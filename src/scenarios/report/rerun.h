#pragma once

#include <string>

#include "scenarios/model/results.h"

namespace mread::scenarios {

/// The command line that runs a test again, for a shell: its file, its id without the round of
/// --repeat, its engine and its seed. Words are quoted where a shell would read them otherwise.
std::string rerun_line(const TestResult& test);

}  // namespace mread::scenarios
