#include "scenarios/report/failure_causes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

TestResult test(const std::string& id, Verdict verdict, const std::string& reason) {
  TestResult result;
  result.id = id;
  result.verdict = verdict;
  result.reason = reason;
  return result;
}

TEST(FailureCauses, JoinsReasonsThatDifferInNumbersOnly) {
  Report report;
  report.tests = {test("a", Verdict::fail, "node b ended"),
                  test("b", Verdict::fail, "want 11, got 3.5"),
                  test("c", Verdict::pass, ""),
                  test("d", Verdict::known_issue, "want 11, got 3"),
                  test("e", Verdict::fail, "want 7, got 120"),
                  test("f", Verdict::fail, "want 7, got nothing")};
  std::vector<std::string> found;
  for (const FailureCause& cause : failure_causes(report)) {
    std::string ids;
    for (const TestResult* one : cause.tests) ids += one->id;
    found.push_back(ids + ": " + cause.reason);
  }
  EXPECT_THAT(found, testing::ElementsAre("be: want 11, got 3.5", "a: node b ended",
                                          "f: want 7, got nothing"));
}

TEST(FailureCauses, ThereAreNoneWithoutAFailure) {
  Report report;
  report.tests = {test("a", Verdict::pass, ""), test("b", Verdict::skipped, "no docker")};
  EXPECT_TRUE(failure_causes(report).empty());
}

}  // namespace
}  // namespace mread::scenarios
