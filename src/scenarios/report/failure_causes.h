#pragma once

#include <string>
#include <vector>

#include "scenarios/model/results.h"

namespace mread::scenarios {

/// Failed tests with the same cause.
struct FailureCause {
  std::string reason;  ///< of the first of them
  std::vector<const TestResult*> tests;
};

/// Groups the failed tests by their reasons. Reasons are the same where they differ in numbers
/// only. Order: the largest group first, groups of equal size as in the report. The tests belong to
/// the report.
std::vector<FailureCause> failure_causes(const Report& report);

}  // namespace mread::scenarios
