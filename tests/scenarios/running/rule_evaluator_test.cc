#include "scenarios/running/rule_evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/running/check_runner.h"
#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

using namespace fakes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

// Answers every expression with foo{i="1"}, whose value is the minute, and keeps what is written.
class MinuteAsker final : public FakeAsker {
 public:
  using FakeAsker::FakeAsker;

  QueryAnswer instant(const std::string& node, const std::string& expr, int64_t time_ms,
                      milliseconds timeout, std::stop_token stop) override {
    QueryAnswer answer = range(node, expr, time_ms, time_ms, 1min, timeout, stop);
    answer.type = "vector";
    asked.back() = "instant " + expr + " " + std::to_string(time_ms / 60'000);
    return answer;
  }
  QueryAnswer range(const std::string&, const std::string& expr, int64_t start_ms, int64_t end_ms,
                    milliseconds step, milliseconds, std::stop_token) override {
    asked.push_back("range " + expr + " " + std::to_string(start_ms / 60'000) + "-" +
                    std::to_string(end_ms / 60'000));
    QueryAnswer answer;
    if (expr == fails) {
      answer.error = "deadline";
      return answer;
    }
    answer.type = "matrix";
    AnswerSeries series{{{"__name__", "foo"}, {"i", "1"}}, {}};
    for (int64_t at = start_ms; at <= end_ms; at += step.count()) {
      if (at / 60'000 < until_minute)
        series.points.push_back({at, static_cast<double>(at / 60'000), {}});
    }
    if (!series.points.empty()) answer.series.push_back(series);
    answer.warnings = warnings;
    return answer;
  }
  Result<void> write(const std::string&, const std::vector<model::Series>& series,
                     std::stop_token) override {
    if (!refuses.empty()) return fail(Errc::http_status, refuses);
    written.insert(written.end(), series.begin(), series.end());
    return {};
  }

  std::vector<std::string> asked;
  std::vector<model::Series> written;
  std::vector<std::string> warnings;
  std::string fails;
  std::string refuses;
  int64_t until_minute = 1'000'000;
};

class RuleEvaluatorTest : public testing::Test {
 protected:
  RuleEvaluatorTest() { test_ = test_of({}); }

  void add_rule(TestedRule::Kind kind, const std::string& name, const std::string& expr) {
    TestedRule rule;
    rule.kind = kind;
    rule.name = name;
    rule.expr = expr;
    rule.place = "rules.yml:3";
    rules_.rules.push_back(std::move(rule));
  }
  void add_alert_check(const std::string& name, milliseconds eval_time) {
    Check c = check("ALERTS", {"before"});
    c.kind = Check::Kind::rule_alerts;
    c.count.reset();
    c.eval_time = eval_time;
    c.rule_alerts = ExpectedRuleAlerts{name, {}};
    add(c);
  }
  void add(Check c) {
    rules_.end = std::max(rules_.end, *c.eval_time);
    test_.checks.push_back(std::move(c));
  }
  RuleOutcome evaluate() {
    test_.rules = std::make_shared<RuleSet>(rules_);
    return RuleEvaluator(test_, asker_).evaluate("query", "before", {});
  }

  Events events_;
  MinuteAsker asker_{events_};
  scenarios::Test test_;
  RuleSet rules_;
};

TEST_F(RuleEvaluatorTest, AsksAnHourAtATimeInTheOrderOfTheRules) {
  add_rule(TestedRule::Kind::record, "a:x", "foo");
  add_rule(TestedRule::Kind::alert, "A", "a:x > 1");
  add_rule(TestedRule::Kind::alert, "Unasked", "foo");
  add_alert_check("A", 90min);
  const auto outcome = evaluate();
  EXPECT_THAT(asker_.asked, ElementsAre("range foo 0-58", "range a:x > 1 0-58", "range foo 59-90",
                                        "range a:x > 1 59-90"));
  EXPECT_THAT(outcome.errors, IsEmpty());
  EXPECT_EQ(outcome.firing.at({1, 90min}).size(), 1u);
}

TEST_F(RuleEvaluatorTest, GoesStepByStepIfARuleReadsALaterOne) {
  add_rule(TestedRule::Kind::alert, "A", "a:x > 1");
  add_rule(TestedRule::Kind::record, "a:x", "foo");
  add_alert_check("A", 1min);
  evaluate();
  EXPECT_THAT(asker_.asked, ElementsAre("instant a:x > 1 0", "instant foo 0", "instant a:x > 1 1",
                                        "instant foo 1"));
}

TEST_F(RuleEvaluatorTest, WritesWhatIsRecordedAndEndsWhatIsGone) {
  add_rule(TestedRule::Kind::record, "a:x", "foo");
  rules_.rules[0].labels = {{"team", "t"}, {"i", ""}};
  Check c = check("a:x", {"before"});
  c.eval_time = 3min;
  add(c);
  asker_.until_minute = 2;
  evaluate();
  ASSERT_EQ(asker_.written.size(), 1u);
  EXPECT_EQ(asker_.written[0].labels.to_string(), "a:x{team=\"t\"}");
  ASSERT_EQ(asker_.written[0].samples.size(), 3u);
  EXPECT_EQ(asker_.written[0].samples[1].value(), 1);
  EXPECT_TRUE(model::is_stale(asker_.written[0].samples[2].bits));
  EXPECT_EQ(asker_.written[0].samples[2].timestamp_ms, 120'000);
}

TEST_F(RuleEvaluatorTest, ShiftsTheQueriesOfAGroupWithAnOffset) {
  add_rule(TestedRule::Kind::record, "a:x", "foo");
  rules_.rules[0].query_offset = 2min;
  Check c = check("a:x", {"before"});
  c.eval_time = 5min;
  add(c);
  evaluate();
  EXPECT_THAT(asker_.asked, ElementsAre("range foo -2-3"));
  EXPECT_EQ(asker_.written.at(0).samples.front().timestamp_ms, -120'000);
}

TEST_F(RuleEvaluatorTest, WritesNothingThatNobodyReads) {
  add_rule(TestedRule::Kind::alert, "A", "foo");
  add_alert_check("A", 1min);
  evaluate();
  EXPECT_THAT(asker_.written, IsEmpty());
}

TEST_F(RuleEvaluatorTest, KeepsErrorsAndWarningsByRule) {
  add_rule(TestedRule::Kind::record, "a:x", "foo");
  add_rule(TestedRule::Kind::alert, "A", "a:x > 1");
  add_alert_check("A", 90min);
  asker_.fails = "foo";
  asker_.warnings = {"b is down"};
  const auto outcome = evaluate();
  EXPECT_THAT(outcome.errors, ElementsAre(testing::Pair(0, "deadline")));
  EXPECT_THAT(outcome.warnings.at(1), ElementsAre("b is down"));
  EXPECT_EQ(std::ranges::count(asker_.asked, "range foo 59-90"), 0) << "it has failed";
}

TEST_F(RuleEvaluatorTest, ANodeThatCannotStoreIsAnError) {
  add_rule(TestedRule::Kind::record, "a:x", "foo");
  Check c = check("a:x", {"before"});
  add(c);
  asker_.refuses = "HTTP 400: out of bounds";
  EXPECT_THAT(evaluate().errors.at(0), HasSubstr("cannot be stored in query"));
}

TEST_F(RuleEvaluatorTest, ChecksBehindAFailedRuleFail) {
  add_rule(TestedRule::Kind::record, "a:x", "foo");
  add_rule(TestedRule::Kind::alert, "A", "a:x > 1");
  add_alert_check("A", 2min);
  Check c = check("a:x", {"before"});
  add(c);
  add(check("other", {"before"}));
  asker_.fails = "foo";
  test_.rules = std::make_shared<RuleSet>(rules_);
  FakeClock clock;
  CheckRunner runner(test_, asker_, nullptr, clock);
  const auto results = runner.run_phase("before", {}, {});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].verdict, Verdict::fail) << "no alert was expected, but nothing was tested";
  EXPECT_EQ(results[0].got, "error: the rule a:x (rules.yml:3) fails: deadline");
  EXPECT_EQ(results[1].verdict, Verdict::fail);
  EXPECT_EQ(results[2].verdict, Verdict::pass);
}

TEST_F(RuleEvaluatorTest, AnAlertIsComparedAtTheStepBeforeItsTime) {
  add_rule(TestedRule::Kind::alert, "A", "foo");
  rules_.rules[0].annotations = {{"s", "{{ $value }}"}};
  add_alert_check("A", std::chrono::seconds(150));
  test_.checks[0].rule_alerts->firing = {{{{"alertname", "A"}, {"i", "1"}}, {{"s", "2"}}}};
  test_.rules = std::make_shared<RuleSet>(rules_);
  FakeClock clock;
  CheckRunner runner(test_, asker_, nullptr, clock);
  const auto results = runner.run_phase("before", {}, {});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].verdict, Verdict::pass) << results[0].detail;
}

}  // namespace
}  // namespace mread::scenarios
