#include "check/finding/report.h"

#include <gmock/gmock.h>

namespace mread::check {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

yaml::Node document(const std::string& text, const std::string& file = "a.yml") {
  return yaml::Node::parse(text, file);
}

yaml::Node value(const yaml::Node& root, const std::string& key) {
  return root.mapping().require(key);
}

TEST(Report, SortsFindingsByFileLineAndColumn) {
  const yaml::Node a = document("x: 1\ny: 2\n");
  const yaml::Node b = document("x: 1\n", "b.yml");
  Report report;
  report.add(RuleId::snappy_bomb, value(a, "y"), "third");
  report.add(RuleId::snappy_bomb, value(b, "x"), "fourth");
  report.add(RuleId::snappy_bomb, value(a, "x"), "second");
  report.add(RuleId::read_recent_off, value(a, "x"), "first");
  std::vector<std::string> messages;
  for (const Finding& one : report.take_findings()) messages.push_back(one.message);
  EXPECT_THAT(messages, ElementsAre("first", "second", "third", "fourth"));
}

TEST(Report, TakesTheRulesSeverityWhereNoneIsGiven) {
  const yaml::Node a = document("x: 1\n");
  Report report;
  report.add(RuleId::no_redundancy, value(a, "x"), "");
  report.add(RuleId::snappy_bomb, value(a, "x"), "", {.severity = Severity::warning});
  const auto findings = report.take_findings();
  EXPECT_EQ(findings[0].severity, Severity::info);
  EXPECT_EQ(findings[1].severity, Severity::warning);
}

TEST(Report, AFingerprintStaysWhenTheLineMoves) {
  const auto fingerprints = [](const std::string& text, const std::vector<std::string>& keys) {
    const yaml::Node root = document(text);
    Report report;
    for (const std::string& key : keys) report.add(RuleId::snappy_bomb, value(root, key), "");
    std::vector<std::string> all;
    for (const Finding& one : report.take_findings()) all.push_back(one.fingerprint);
    return all;
  };
  const auto before = fingerprints("x: 1\n", {"x"});
  EXPECT_EQ(fingerprints("# moved\n\nother: 2\nx: 1\n", {"x"}), before);
  EXPECT_NE(fingerprints("x: 2\n", {"x"}), before);
  const auto twice = fingerprints("x: 1\n", {"x", "x"});
  ASSERT_THAT(twice, SizeIs(2));
  EXPECT_NE(twice[0], twice[1]);
}

TEST(Report, ARulePassesOnlyIfItWasJudgedAndFoundNothing) {
  const yaml::Node a = document("x: 1\n");
  Report report;
  report.add(RuleId::snappy_bomb, value(a, "x"), "");
  report.not_judged(RuleId::newer_encodings, "--version");
  report.not_judged(RuleId::newer_encodings, "--version");
  EXPECT_THAT(report.not_judged(), SizeIs(1));
  const auto passed = report.passed();
  EXPECT_THAT(passed, SizeIs(all_rules().size() - 2));
  EXPECT_THAT(passed, testing::Not(testing::Contains(RuleId::snappy_bomb)));
  EXPECT_THAT(passed, testing::Not(testing::Contains(RuleId::newer_encodings)));
}

}  // namespace
}  // namespace mread::check
