#include "ruletests/over_topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::ruletests {
namespace {

using scenarios::Check;
using scenarios::TestedRule;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* query_node =
    "  query: {kind: prometheus, config: {remote_read: [{url: 'http://a:9090/api/v1/read'}]}}\n";

InputLine line(const std::string& series) {
  return {model::parse_series(series).value(), series, "1x5"};
}

class OverTopologyTest : public testing::Test {
 protected:
  OverTopologyTest() {
    group_.file = "t.yml";
    group_.input = {line("x{i=\"0\"}"), line("x{i=\"1\"}"), line("y{i=\"2\"}")};
    Check check;
    check.expr = check.name = "x";
    check.eval_time = std::chrono::minutes(1);
    check.samples.emplace();
    group_.checks = {check};
  }

  std::vector<scenarios::Test> over(const std::string& text) {
    return tests_over(group_, "t-1", {"topo.yaml", text}, {1'700'000'000'000, {}});
  }
  std::string error_of(const std::string& text) {
    try {
      over(text);
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
    return "";
  }
  // The series of a node, by their labels.
  static std::string data_of(const scenarios::Test& test, const std::string& node) {
    std::string out;
    for (const auto& entry : test.find(node)->node->input_series())
      out += entry.labels(0).to_string() + " ";
    return out;
  }
  void add_rule(TestedRule::Kind kind, const std::string& name) {
    auto rules = std::make_shared<scenarios::RuleSet>();
    TestedRule rule;
    rule.kind = kind;
    rule.name = name;
    rule.expr = "foo";
    rules->rules = {rule};
    group_.rules = rules;
  }

  TestGroup group_;
};

TEST_F(OverTopologyTest, FillsEveryNodeThatReadsFromNoOther) {
  const auto tests = over(
      std::string(
          "name: topo\nnodes:\n  a: {kind: mock}\n  b: {kind: prometheus, input_series: "
          "[{series: own, values: '1'}]}\n  c: {kind: mock, upstream: {url: 'http://b:9090'}}\n") +
      query_node + "checks: [{expr: own, exp_count: 1}]\nload: {rate: 1, duration: 1s}\n");
  ASSERT_EQ(tests.size(), 1u);
  const std::string all = "x{i=\"0\"} x{i=\"1\"} y{i=\"2\"} ";
  EXPECT_EQ(data_of(tests[0], "a"), all);
  EXPECT_EQ(data_of(tests[0], "b"), all) << "in place of its own";
  EXPECT_EQ(data_of(tests[0], "query"), "");
  EXPECT_EQ(tests[0].id, "t-1");
  EXPECT_EQ(tests[0].file, "t.yml");
  EXPECT_EQ(tests[0].topology, "topo.yaml");
  EXPECT_EQ(tests[0].start_ms, 0) << "promtool's time";
  EXPECT_EQ(tests[0].interval, std::chrono::minutes(1));
  ASSERT_EQ(tests[0].checks.size(), 1u) << "the topology's own checks are passed over";
  EXPECT_EQ(tests[0].checks[0].node, "query");
  EXPECT_FALSE(tests[0].load);
}

TEST_F(OverTopologyTest, FillsTheNodesThatSaySo) {
  const auto tests = over(
      std::string("name: topo\nnodes:\n  a: {kind: mock, count: 2, input_series: {tests: {shard: "
                  "\"${index}\", of: 2}}}\n  b: {kind: mock, input_series: {tests: 'x{i=\"1\"}'}}\n"
                  "  c: {kind: mock, input_series: tests}\n"
                  "  d: {kind: mock, input_series: [{series: own, values: '1'}]}\n") +
      "  query: {kind: prometheus, config: {remote_read: ['a-*', b, c, d]}}\n");
  ASSERT_EQ(tests.size(), 1u);
  EXPECT_EQ(data_of(tests[0], "a-0"), "x{i=\"0\"} y{i=\"2\"} ");
  EXPECT_EQ(data_of(tests[0], "a-1"), "x{i=\"1\"} ");
  EXPECT_EQ(data_of(tests[0], "b"), "x{i=\"1\"} ");
  EXPECT_EQ(data_of(tests[0], "c"), "x{i=\"0\"} x{i=\"1\"} y{i=\"2\"} ");
  EXPECT_EQ(data_of(tests[0], "d"), "own ");
}

TEST_F(OverTopologyTest, AsksEveryQueryNodeInEveryPhaseAndCase) {
  const auto tests = over(
      "name: topo\nmatrix: {v: [v2.42, v3.5]}\nnodes:\n  a: {kind: mock}\n"
      "  q1: {kind: prometheus, version: \"${v}\", config: {remote_read: [a]}}\n"
      "  q2: {kind: prometheus, version: \"${v}\", config: {remote_read: [a]}}\n"
      "timeline: [{node: a, act: kill}]\n");
  ASSERT_EQ(tests.size(), 2u);
  EXPECT_EQ(tests[1].id, "t-1-2");
  EXPECT_EQ(tests[1].title(), "t-1 [v=v3.5]");
  ASSERT_EQ(tests[0].checks.size(), 2u);
  EXPECT_EQ(tests[0].checks[0].node, "q1");
  EXPECT_EQ(tests[0].checks[1].node, "q2");
  EXPECT_THAT(tests[0].checks[1].during, ElementsAre("before", "fault", "after"));
}

TEST_F(OverTopologyTest, EachPhaseRecordsInATestOfItsOwn) {
  add_rule(TestedRule::Kind::record, "x");
  const auto tests = over(std::string("name: topo\nnodes:\n  a: {kind: mock}\n") + query_node +
                          "timeline: [{node: a, act: kill}]\ninvariants: [union_oracle]\n");
  ASSERT_EQ(tests.size(), 3u);
  EXPECT_EQ(tests[0].id, "t-1-before");
  EXPECT_TRUE(tests[0].timeline.empty());
  EXPECT_EQ(tests[1].id, "t-1-fault");
  EXPECT_EQ(tests[1].title(), "t-1 [phase=fault]");
  EXPECT_THAT(tests[1].checks.at(0).during, ElementsAre("fault"));
  EXPECT_THAT(tests[1].invariants.at(0).during, ElementsAre("fault"));
  EXPECT_FALSE(tests[1].checks[0].oracle) << "only the query node has what rules record";
}

TEST_F(OverTopologyTest, NothingHasToHappenBeforeSomethingIsBroken) {
  add_rule(TestedRule::Kind::record, "x");
  const auto tests = over(std::string("name: topo\nnodes:\n  a: {kind: mock}\n") + query_node +
                          "timeline: [{node: a, act: kill}]\n"
                          "invariants: [{sometimes: {warn: refused}}]\n");
  ASSERT_EQ(tests.size(), 3u);
  EXPECT_TRUE(tests[0].invariants.empty());
  ASSERT_EQ(tests[1].invariants.size(), 1u);
  EXPECT_THAT(tests[1].invariants[0].during, ElementsAre("fault"));
}

TEST_F(OverTopologyTest, AlertsAloneNeedNoTestOfTheirOwn) {
  add_rule(TestedRule::Kind::alert, "A");
  Check alert;
  alert.kind = Check::Kind::rule_alerts;
  alert.eval_time = std::chrono::minutes(1);
  alert.rule_alerts = scenarios::ExpectedRuleAlerts{"A", {}};
  group_.checks = {alert};
  const auto tests = over(std::string("name: topo\nnodes:\n  a: {kind: mock}\n") + query_node +
                          "timeline: [{node: a, act: kill}]\n");
  ASSERT_EQ(tests.size(), 1u);
  EXPECT_TRUE(tests[0].rules);
}

TEST_F(OverTopologyTest, KeepsAStartThatTheTopologyGives) {
  const std::string text =
      std::string("name: topo\nstart_timestamp: 1000\nnodes:\n  a: {kind: mock}\n") + query_node;
  EXPECT_EQ(over(text).at(0).start_ms, 1'000'000);
  group_.start_ms = 2'000'000;
  EXPECT_EQ(over(text).at(0).start_ms, 2'000'000) << "the test's own comes first";
}

TEST_F(OverTopologyTest, ExpectedSamplesMoveWithTheStart) {
  group_.checks[0].range_series = {{{}, {model::Sample::of(10, 1)}, {}}};
  group_.start_ms = 1'000'000;
  const auto tests = over(std::string("name: topo\nnodes:\n  a: {kind: mock}\n") + query_node);
  EXPECT_EQ(tests.at(0).checks.at(0).range_series->at(0).samples[0].timestamp_ms, 1'000'010);
}

TEST_F(OverTopologyTest, NamesTheMistakesOfATopology) {
  EXPECT_THAT(error_of(std::string("name: topo\nnodes:\n") +
                       "  q: {kind: prometheus, config: {scrape_configs: []}}\n"),
              HasSubstr("topo.yaml:3:3: no node can hold the data"));
  EXPECT_THAT(error_of("name: topo\nnodes:\n  a: {kind: mock}\n"),
              HasSubstr("no node evaluates PromQL"));
  EXPECT_THAT(error_of(std::string("name: topo\nnodes:\n  a: {kind: mock, input_series: {tests: "
                                   "{shard: 2, of: 2}}}\n") +
                       query_node),
              HasSubstr("topo.yaml:3:"));
  EXPECT_THAT(error_of(std::string("name: topo\nnodes:\n  a: {kind: mock, input_series: {tests: "
                                   "'x{'}}\n") +
                       query_node),
              HasSubstr("topo.yaml:3:"));
}

}  // namespace
}  // namespace mread::ruletests
