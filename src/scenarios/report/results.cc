#include "scenarios/report/results.h"

#include <algorithm>

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

size_t Report::total(Verdict verdict) const {
  return static_cast<size_t>(
      std::count_if(tests.begin(), tests.end(), [verdict](const TestResult& test) { return test.verdict == verdict; }));
}

int exit_code(const Report& report) {
  if (report.total(Verdict::fail) > 0) return 1;
  if (report.total(Verdict::inconclusive) > 0) return 2;
  return 0;
}

}  // namespace mread::scenarios
