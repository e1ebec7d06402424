#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/report/sample_report.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

using testing::HasSubstr;
using testing::Not;

Report only(const TestResult& test) {
  Report report = sample_report();
  report.tests = {test};
  return report;
}

TEST(ReportJunit, HasACaseForEachCheckAndPhase) {
  TestResult test = sample_report().tests[0];
  test.checks.push_back(test.checks[0]);
  test.checks[1].phase = "fault";
  test.checks.push_back(test.checks[0]);
  const std::string written = to_junit(only(test));
  EXPECT_THAT(written, HasSubstr("<testsuite name=\"slow-node [prometheus=v3.5]\" tests=\"3\""));
  for (const char* name : {"sum(foo) (before, on query)", "sum(foo) (fault, on query)",
                           "sum(foo) (before, on query) #2"}) {
    EXPECT_THAT(written,
                HasSubstr("<testcase name=\"" + std::string(name) +
                          "\" classname=\"slow-node [prometheus=v3.5]\" "
                          "file=\"scenarios/slow-node.yaml\" line=\"12\" time=\"0.012\"/>"));
  }
  EXPECT_THAT(written, Not(HasSubstr("the whole test")));
}

TEST(ReportJunit, RoundsOfATestAreSuitesOfTheirOwn) {
  Report report = sample_report();
  report.tests = {report.tests[0], report.tests[0]};
  EXPECT_THAT(to_junit(report), HasSubstr("classname=\"slow-node [prometheus=v3.5] #2\""));
}

// Whatever the checks say, the verdict of a test shows in one of its cases.
struct Whole {
  const char* name;
  Verdict verdict;
  std::vector<Verdict> checks;
  bool is_interrupted;
  const char* incident;
  const char* counts;  // Of the suite.
};

class JunitWholeTest : public testing::TestWithParam<Whole> {};

TEST_P(JunitWholeTest, TheVerdictShows) {
  TestResult test = sample_report().tests[0];
  const CheckResult check = test.checks[0];
  test.checks.clear();
  for (const Verdict verdict : GetParam().checks) {
    test.checks.push_back(check);
    test.checks.back().verdict = verdict;
  }
  test.verdict = GetParam().verdict;
  test.is_interrupted = GetParam().is_interrupted;
  test.incident = GetParam().incident;
  test.reason = "the reason";
  EXPECT_THAT(to_junit(only(test)), HasSubstr(GetParam().counts));
}

INSTANTIATE_TEST_SUITE_P(
    Verdicts, JunitWholeTest,
    testing::Values(Whole{"ItsChecksPassed",
                          Verdict::pass,
                          {Verdict::pass},
                          false,
                          "",
                          "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""},
                    Whole{"ItHasNoChecks",
                          Verdict::pass,
                          {},
                          false,
                          "",
                          "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""},
                    Whole{"ACheckFailed",
                          Verdict::fail,
                          {Verdict::pass, Verdict::fail},
                          false,
                          "",
                          "tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""},
                    Whole{"ANodeEnded",
                          Verdict::fail,
                          {Verdict::pass, Verdict::fail},
                          false,
                          "a ended",
                          "tests=\"3\" failures=\"2\" errors=\"0\" skipped=\"0\""},
                    Whole{"ItDidNotStart",
                          Verdict::fail,
                          {},
                          false,
                          "",
                          "tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\""},
                    Whole{"ItFailedLater",
                          Verdict::fail,
                          {Verdict::pass},
                          false,
                          "",
                          "tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""},
                    Whole{"KnownIssue",
                          Verdict::known_issue,
                          {Verdict::pass, Verdict::known_issue},
                          false,
                          "",
                          "tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"1\""},
                    Whole{"Inconclusive",
                          Verdict::inconclusive,
                          {Verdict::inconclusive},
                          false,
                          "",
                          "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""},
                    Whole{"Skipped",
                          Verdict::skipped,
                          {},
                          false,
                          "",
                          "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""},
                    Whole{"Interrupted",
                          Verdict::skipped,
                          {},
                          true,
                          "",
                          "tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\""}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::scenarios
