#include "ruletests/promtool_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace mread::ruletests {
namespace {

using scenarios::Check;
using scenarios::Exactness;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

constexpr int64_t now_ms = 1'700'000'000'000;

class PromtoolFileTest : public testing::Test {
 protected:
  PromtoolFileTest() {
    folder_.write("r.yml", "groups: [{name: g, rules: [{alert: A, expr: x > 1}]}]");
  }

  std::vector<TestGroup> read(const std::string& text) {
    return read_promtool_file(folder_.write("t.yml", text), now_ms);
  }
  std::string error_of(const std::string& text) {
    try {
      read(text);
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(PromtoolFileTest, ReadsAGroupWithItsDefaults) {
  const auto groups = read(R"(
rule_files: [r.yml]
tests:
  - input_series:
      - {series: 'x{a="b"}', values: '1+1x5'}
    promql_expr_test:
      - {expr: x, eval_time: 2m30s, exp_samples: [{labels: 'x{a="b"}', value: 3}]}
      - {expr: y, eval_time: 0}
)");
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].interval, 1min);
  EXPECT_FALSE(groups[0].start_ms);
  ASSERT_EQ(groups[0].input.size(), 1u);
  EXPECT_EQ(groups[0].input[0].values, "1+1x2") << "promtool loads nothing after its last step";
  ASSERT_EQ(groups[0].checks.size(), 2u);
  const Check& check = groups[0].checks[0];
  EXPECT_EQ(check.name, "x at 2m30s");
  EXPECT_EQ(check.line, 7);
  EXPECT_EQ(check.exactness, Exactness::exact) << "promtool has no tolerance";
  ASSERT_EQ(check.samples->size(), 1u);
  EXPECT_EQ(check.samples->at(0).value, 3);
  EXPECT_TRUE(groups[0].checks[1].samples->empty()) << "no exp_samples: no data";
  ASSERT_TRUE(groups[0].rules);
  EXPECT_EQ(groups[0].rules->interval, 1min);
  EXPECT_EQ(groups[0].rules->end, 150s);
}

TEST_F(PromtoolFileTest, ReadsTheOptionsOfFileAndGroup) {
  const auto groups = read(R"(
rule_files: ['r*.yml']
evaluation_interval: 30s
fuzzy_compare: true
group_eval_order: [g]
tests:
  - name: first
    interval: 15s
    start_timestamp: 1000
    external_labels: {dc: eu}
    external_url: http://x/
    promql_expr_test: [{expr: x, eval_time: 1m}]
  - promql_expr_test: [{expr: x, eval_time: 1m}]
)");
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].name, "first");
  EXPECT_EQ(groups[0].interval, 15s);
  EXPECT_EQ(groups[0].start_ms, 1'000'000);
  EXPECT_EQ(groups[0].checks[0].exactness, Exactness::last_bit);
  EXPECT_THAT(groups[0].rules->external_labels, ElementsAre(Pair("dc", "eu")));
  EXPECT_EQ(groups[1].interval, 30s) << "the default is evaluation_interval";
  EXPECT_EQ(groups[1].rules->interval, 30s);
}

TEST_F(PromtoolFileTest, ReadsAlertsWithTheirName) {
  const auto groups = read(R"(
rule_files: [r.yml]
tests:
  - alert_rule_test:
      - eval_time: 5m
        alertname: A
        exp_alerts:
          - {exp_labels: {severity: 1}, exp_annotations: {summary: s}}
)");
  const Check& check = groups.at(0).checks.at(0);
  EXPECT_EQ(check.kind, Check::Kind::rule_alerts);
  EXPECT_EQ(check.name, "alert A at 5m");
  ASSERT_EQ(check.rule_alerts->firing.size(), 1u);
  EXPECT_THAT(check.rule_alerts->firing[0].labels,
              ElementsAre(Pair("alertname", "A"), Pair("severity", "1")));
  EXPECT_THAT(check.rule_alerts->firing[0].annotations, ElementsAre(Pair("summary", "s")));
}

TEST_F(PromtoolFileTest, RefusesWhatCouldNotFail) {
  EXPECT_THAT(error_of("tests: [{input_series: []}]"), HasSubstr("asks nothing"));
  EXPECT_THAT(error_of("tests: []"), HasSubstr("there is no test"));
  EXPECT_THAT(error_of("rule_files: [r.yml]\ntests: [{alert_rule_test: [{eval_time: 1m, "
                       "alertname: Typo, exp_alerts: []}]}]"),
              HasSubstr("no rule of rule_files: makes the alert \"Typo\""));
}

TEST_F(PromtoolFileTest, TellsAScenarioFromTests) {
  EXPECT_THAT(error_of("name: x\nnodes: {}\n"), HasSubstr("this is a scenario"));
}

TEST_F(PromtoolFileTest, NamesThePlaceOfAMistake) {
  EXPECT_THAT(error_of("tests:\n  - promql_expr_test: [{expr: x, eval_tim: 1m}]\n"),
              HasSubstr("t.yml:2:"));
  EXPECT_THAT(error_of("tests:\n  - input_series: [{series: x, values: '1xx'}]\n    "
                       "promql_expr_test: [{expr: x, eval_time: 1m}]\n"),
              HasSubstr("t.yml:2:43"));
  EXPECT_THAT(error_of("tests:\n  - promql_expr_test: [{expr: 'sum(x', eval_time: 1m}]\n"),
              HasSubstr("t.yml:2:"));
  EXPECT_THAT(error_of("tests: [{input_series: [{series: x, values: 1, repeat: {a: 2}}], "
                       "promql_expr_test: [{expr: x, eval_time: 1m}]}]"),
              HasSubstr("repeat"));
  EXPECT_THAT(error_of("group_eval_order: [a, a]\ntests: []"), HasSubstr("named twice"));
}

}  // namespace
}  // namespace mread::ruletests
