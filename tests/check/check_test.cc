#include "check/check.h"

#include <gmock/gmock.h>

#include "base/temporary_folder.h"
#include "check/input/read_input.h"

namespace mread::check {
namespace {

using testing::Contains;
using testing::HasSubstr;

CheckResult result_of(const std::string& text, const InputOptions& options = {}) {
  const TemporaryFolder folder;
  return check(read_input(folder.write("prometheus.yml", text), options), "2026-11-27");
}

const std::string stateless =
    "remote_read:\n"
    "  - url: http://a:9090/api/v1/read\n"
    "    read_recent: true\n";

TEST(Check, CountsWhatNoCommentSuppresses) {
  const CheckResult result = result_of(
      "# mread disable MR031 no dashboards\n\n"
      "remote_read:\n"
      "  - url: http://a:9090/api/v1/read  # mread disable MR003 until the move\n"
      "  - url: http://b:9090/write\n");
  EXPECT_EQ(result.count(Severity::error), 2U);
  EXPECT_EQ(result.suppressed(), 1U);
  EXPECT_TRUE(result.has_at_least(Severity::error));
  EXPECT_THAT(result.notes, Contains(HasSubstr(":4: the comment suppresses nothing")));
}

TEST(Check, SuppressedFindingsDoNotFail) {
  const CheckResult result =
      result_of(stateless + "  # mread disable MR010 its path is rewritten\n  - url: http://a:80\n",
                {.versions = {"v2.53"}});
  EXPECT_EQ(result.suppressed(), 1U);
  EXPECT_FALSE(result.has_at_least(Severity::error));
  EXPECT_TRUE(result.has_at_least(Severity::info));
}

TEST(Check, SaysWhichVersionItAssumes) {
  EXPECT_THAT(result_of(stateless).notes, Contains(HasSubstr("taken for Prometheus 3.5")));
  EXPECT_THAT(result_of(stateless, {.versions = {"3.5.3"}}).notes, testing::IsEmpty());
}

TEST(Check, EachRuleIsFoundPassedOrNotJudged) {
  const CheckResult result = result_of(stateless);
  std::set<RuleId> seen(result.passed.begin(), result.passed.end());
  for (const Finding& one : result.findings) seen.insert(one.rule);
  for (const NotJudged& one : result.not_judged) seen.insert(one.rule);
  EXPECT_EQ(seen.size(), all_rules().size());
}

TEST(Check, RulesOfAMissingFileAreNotJudged) {
  const CheckResult result = result_of(stateless + "rule_files: [/nowhere/*.yml]\n");
  EXPECT_THAT(result.notes, Contains(HasSubstr("/nowhere/*.yml is not on this machine")));
  EXPECT_THAT(result.passed, testing::Not(Contains(RuleId::rules_on_partial_data)));
}

}  // namespace
}  // namespace mread::check
