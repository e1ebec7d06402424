#include "scenarios/checks/judge_rule_alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

FiringAlert firing(const std::string& instance, const std::string& summary) {
  return {{{"alertname", "A"}, {"instance", instance}}, {{"summary", summary}}};
}

Check expecting(std::vector<FiringAlert> alerts) {
  Check check;
  check.kind = Check::Kind::rule_alerts;
  check.name = "alert A at 5m";
  check.rule_alerts = ExpectedRuleAlerts{"A", std::move(alerts)};
  return check;
}

AlertsSeen seen(std::vector<FiringAlert> alerts) {
  AlertsSeen out;
  out.firing = std::move(alerts);
  return out;
}

TEST(JudgeRuleAlerts, ComparesWithoutOrder) {
  const auto result = judge_rule_alerts(expecting({firing("1", "x"), firing("2", "y")}), "before",
                                        seen({firing("2", "y"), firing("1", "x")}));
  EXPECT_EQ(result.verdict, Verdict::pass) << result.detail;
  EXPECT_EQ(result.name, "alert A at 5m");
}

TEST(JudgeRuleAlerts, NamesWhatIsMissingAndWhatIsNotWanted) {
  const auto result =
      judge_rule_alerts(expecting({firing("1", "x")}), "before", seen({firing("1", "other")}));
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.detail,
            "missing {alertname=\"A\", instance=\"1\"} {summary=\"x\"}\n"
            "not wanted {alertname=\"A\", instance=\"1\"} {summary=\"other\"}");
}

TEST(JudgeRuleAlerts, CountsEachAlert) {
  const auto result = judge_rule_alerts(expecting({firing("1", "x")}), "before",
                                        seen({firing("1", "x"), firing("1", "x")}));
  EXPECT_EQ(result.verdict, Verdict::fail);
}

TEST(JudgeRuleAlerts, AnErrorFailsAlsoWhatExpectsNoAlert) {
  AlertsSeen failed;
  failed.error = "the rule A fails: deadline";
  const auto result = judge_rule_alerts(expecting({}), "fault", failed);
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.got, "error: the rule A fails: deadline");
}

TEST(JudgeRuleAlerts, AnAnnotationThatIsNotKnownIsToldAndNotCompared) {
  AlertsSeen got = seen({firing("1", "{{ if x }}")});
  got.unknown_annotations = {{"summary", "{{ if x }}"}};
  const auto result = judge_rule_alerts(expecting({firing("1", "big")}), "before", got);
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_THAT(result.warnings, ElementsAre("annotation summary is not compared: {{ if x }}"));
}

TEST(JudgeRuleAlerts, ALabelThatIsNotKnownIsNoPass) {
  AlertsSeen got = seen({firing("1", "x")});
  got.unknown_labels = {{"severity", "{{ if x }}"}};
  const auto result = judge_rule_alerts(expecting({firing("1", "x")}), "before", got);
  EXPECT_EQ(result.verdict, Verdict::inconclusive);
  EXPECT_THAT(result.got, HasSubstr("severity has {{ if x }}"));
}

}  // namespace
}  // namespace mread::scenarios
