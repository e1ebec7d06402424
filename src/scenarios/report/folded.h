#pragma once

#include <vector>

#include "scenarios/model/results.h"

namespace mread::scenarios {

/// The checks of a result with this verdict, in their order. Those that differ in their phase and
/// duration only are one, which names all the phases: "before, fault, after".
std::vector<CheckResult> folded(const TestResult& result, Verdict verdict);

}  // namespace mread::scenarios
