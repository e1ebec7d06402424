#include "scenarios/report/failure_causes.h"

#include <algorithm>
#include <map>

#include "base/ascii.h"

namespace mread::scenarios {
namespace {

using ascii::is_digit;

// The reason with one sign for each number: "want 11, got 3" and "want 12, got 4" are one cause.
std::string without_numbers(const std::string& reason) {
  std::string out;
  for (size_t i = 0; i < reason.size(); ++i) {
    if (!is_digit(reason[i])) {
      out += reason[i];
      continue;
    }
    out += '#';
    while (i + 1 < reason.size() && (is_digit(reason[i + 1]) || reason[i + 1] == '.')) ++i;
  }
  return out;
}

}  // namespace

std::vector<FailureCause> failure_causes(const Report& report) {
  std::vector<FailureCause> causes;
  std::map<std::string, size_t> known;
  for (const TestResult& test : report.tests) {
    if (test.verdict != Verdict::fail) continue;
    const auto [at, is_new] = known.try_emplace(without_numbers(test.reason), causes.size());
    if (is_new) causes.push_back({test.reason, {}});
    causes[at->second].tests.push_back(&test);
  }
  std::stable_sort(causes.begin(), causes.end(), [](const FailureCause& a, const FailureCause& b) {
    return a.tests.size() > b.tests.size();
  });
  return causes;
}

}  // namespace mread::scenarios
