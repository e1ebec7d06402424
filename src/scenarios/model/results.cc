#include "scenarios/model/results.h"

#include <algorithm>
#include <cmath>

namespace mread::scenarios {

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::known_issue:
      return "known_issue";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::skipped:
      return "skipped";
  }
  return "fail";
}

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
      return "complete";
    case Outcome::told:
      return "told";
    case Outcome::silently_partial:
      return "silently_partial";
    case Outcome::wrong:
      return "wrong";
    case Outcome::failed:
      return "failed";
  }
  return "failed";
}

size_t requests_from_percentile(size_t requests, double quantile) {
  if (requests == 0) return 0;
  const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(requests)));
  return requests - std::clamp<size_t>(rank, 1, requests) + 1;
}

size_t Report::total(Verdict verdict) const {
  return static_cast<size_t>(
      std::count_if(tests.begin(), tests.end(),
                    [verdict](const TestResult& test) { return test.verdict == verdict; }));
}

int exit_code(const Report& report) {
  if (report.total(Verdict::fail) > 0) return 1;
  if (report.total(Verdict::inconclusive) > 0) return 2;
  return 0;
}

}  // namespace mread::scenarios
