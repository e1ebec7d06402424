#include "scenarios/rules/rule_uses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TestedRule made_rule(TestedRule::Kind kind, const std::string& name, const std::string& expr) {
  TestedRule rule;
  rule.kind = kind;
  rule.name = name;
  rule.expr = expr;
  return rule;
}
TestedRule record(const std::string& name, const std::string& expr) {
  return made_rule(TestedRule::Kind::record, name, expr);
}
TestedRule alert(const std::string& name, const std::string& expr) {
  return made_rule(TestedRule::Kind::alert, name, expr);
}

Check alert_check(const std::string& name) {
  Check check;
  check.kind = Check::Kind::rule_alerts;
  check.rule_alerts = ExpectedRuleAlerts{name, {}};
  return check;
}

TEST(RuleUses, FollowsRecordedSeriesThroughOtherRules) {
  const RuleSet rules{{record("a:x", "foo"), record("b:x", "sum(a:x)"), record("c:x", "foo"),
                       alert("B", "b:x > 1"), alert("C", "c:x > 1")}};
  const RuleUses uses(rules);
  EXPECT_THAT(uses.behind("b:x + 1"), ElementsAre(0, 1));
  EXPECT_THAT(uses.behind("foo"), IsEmpty());
  EXPECT_THAT(uses.behind(alert_check("B")), ElementsAre(0, 1, 3));
  EXPECT_THAT(uses.behind(alert_check("Other")), IsEmpty());
  EXPECT_THAT(uses.behind("{__name__=~'[bc]:.*'}"), ElementsAre(0, 1, 2));
}

TEST(RuleUses, AnAlertIsReadByItsName) {
  const RuleSet rules{{alert("A", "foo"), alert("B", "foo")}};
  const RuleUses uses(rules);
  EXPECT_THAT(uses.behind("ALERTS{alertname='B'}"), ElementsAre(1));
  EXPECT_THAT(uses.behind("count(ALERTS_FOR_STATE)"), ElementsAre(0, 1));
}

TEST(RuleUses, WithoutANameAllMayBeRead) {
  const RuleSet rules{{record("a:x", "foo"), alert("A", "foo")}};
  const RuleUses uses(rules);
  EXPECT_THAT(uses.behind("{job='x'}"), ElementsAre(0, 1));
  EXPECT_THAT(uses.behind("foo{"), ElementsAre(0, 1)) << "an expression that cannot be read";
}

TEST(RuleUses, OnlyRulesThatReadWhatComesLaterNeedSteps) {
  const RuleSet rules{{record("early", "late"), record("late", "foo"), record("own", "own or foo"),
                       record("edge", "foo @ end()"), record("fine", "late + early")}};
  const RuleUses uses(rules);
  EXPECT_TRUE(uses.need_steps({0, 1}));
  EXPECT_FALSE(uses.need_steps({1}));
  EXPECT_TRUE(uses.need_steps({2}));
  EXPECT_TRUE(uses.need_steps({3}));
  EXPECT_FALSE(uses.need_steps({1, 4}));
}

TEST(RuleUses, AQuestionReadsARuleToo) {
  const RuleSet rules{{record("a:x", "foo"), record("b:x", "a:x")}};
  const RuleUses uses(rules);
  EXPECT_TRUE(uses.is_read(0, {}));
  EXPECT_FALSE(uses.is_read(1, {"a:x"}));
  EXPECT_TRUE(uses.is_read(1, {"b:x"}));
}

}  // namespace
}  // namespace mread::scenarios
