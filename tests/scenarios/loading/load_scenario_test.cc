#include "scenarios/loading/load_scenario.h"

#include <cmath>
#include <iterator>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using testing::ElementsAre;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

constexpr int64_t now_ms = 1'700'000'007'123;

std::vector<scenarios::Test> load(const std::string& text) {
  return parse_scenario(text, "s.yaml", {now_ms, {}});
}

// One mock and a query node, to which each test adds its own lines.
scenarios::Test load_with(const std::string& lines) {
  return load(
             "name: s\nnodes:\n  m: {kind: mock, input_series: [{series: foo, values: '1x40'}]}\n"
             "  a: {kind: prometheus}\n"
             "  query: {kind: prometheus, config: {remote_read: [{url: "
             "'http://m:9090/api/v1/read'}]}}\n" +
             lines)
      .at(0);
}

TEST(LoadScenario, HasPromtoolsDefaults) {
  const auto test = load_with("checks: [{expr: foo, exp_count: 1}]\n");
  EXPECT_EQ(test.interval, 15s);
  EXPECT_EQ(test.start_ms, (now_ms - 3'600'000) / 15'000 * 15'000) << "rounded to a whole interval";
  EXPECT_EQ(test.id, "s");
  EXPECT_EQ(test.title(), "s");
  ASSERT_EQ(test.checks.size(), 1u);
  const Check& check = test.checks[0];
  EXPECT_EQ(check.node, "query");
  EXPECT_FALSE(check.eval_time) << "now";
  EXPECT_EQ(check.name, "foo");
  EXPECT_EQ(check.line, 6);
  EXPECT_THAT(check.during, ElementsAre("before"));
}

TEST(LoadScenario, FaultsOfARealNodeNeedAProxyInFront) {
  const std::string nodes =
      "name: s\nnodes:\n  m: {kind: mock, faults: {latency: 1s}}\n"
      "  a: {kind: prometheus, faults: [{latency: 1s, at: 5s}, empty]}\n"
      "  b: {kind: influxdb}\n  c: {kind: prometheus}\n"
      "  merge: {kind: merger, config: {remote_read: [a]}, faults: {status: 503}}\n";
  const auto test = load(nodes +
                         "timeline: [{node: b, fault: {lag: 5m}}, {node: m, fault: empty}]\n"
                         "checks: [{read: foo, node: c, exp_series: 1}]\n")
                        .at(0);
  const auto front_of = [&](const std::string& node) {
    const NodeDeclaration& declared = *test.find(node);
    return declared.has_front ? "[" + declared.faults + "]" : std::string("none");
  };
  EXPECT_EQ(front_of("m"), "none") << "a mock carries them out itself";
  EXPECT_EQ(front_of("a"), R"([{"latency":"1s","at":"5s"},{"empty":null}])");
  EXPECT_EQ(front_of("b"), "[]") << "its faults begin in the timeline";
  EXPECT_EQ(front_of("c"), "none");
  EXPECT_EQ(front_of("merge"), R"([{"status":"503"}])");
}

// promtool runs these: a sample needs no labels, and numbers are go-yaml's.
TEST(LoadScenario, TakesPromtoolsSamples) {
  const auto test = load_with(R"(checks:
  - expr: foo
    exp_samples:
      - value: 1_000
      - {labels: "", value: 0x10}
      - {labels: {}, value: 010}
      - {labels: "{}", value: .inf}
      - {labels: , value: -.Inf}
      - {labels: 'foo{a="b"}', value: .nan}
      - {labels: foo, value: "+Inf"}
  - {expr: foo, exp_count: 1_0}
  - {expr: foo, exp_count: '>= 0x10'}
  - expr: foo
    exp_samples:
)");
  ASSERT_TRUE(test.checks.at(0).samples);
  const auto& samples = *test.checks[0].samples;
  ASSERT_EQ(samples.size(), 7u);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double want[] = {1000, 16, 8, infinity, -infinity};
  for (size_t i = 0; i < std::size(want); ++i) {
    EXPECT_EQ(samples[i].value, want[i]) << i;
    EXPECT_TRUE(samples[i].labels.empty()) << i;
    EXPECT_EQ(samples[i].labels_text, "{}") << i;
  }
  EXPECT_TRUE(std::isnan(*samples[5].value));
  EXPECT_EQ(samples[6].value, infinity);
  EXPECT_TRUE(test.checks[1].count->holds(10));
  EXPECT_TRUE(test.checks[2].count->holds(16));
  EXPECT_FALSE(test.checks[2].count->holds(15));
  ASSERT_TRUE(test.checks[3].samples);
  EXPECT_TRUE(test.checks[3].samples->empty());
}

TEST(LoadScenario, AFixedStartIsKeptAsItIs) {
  EXPECT_EQ(
      load_with("start_timestamp: 1700000001.5\nchecks: [{expr: foo, exp_count: 1}]\n").start_ms,
      1'700'000'001'500);
}

TEST(LoadScenario, ExpandsEveryCase) {
  const auto tests = load(
      "name: s\n"
      "matrix: {prometheus: [v2.42, v3.5], path: [direct, merged]}\n"
      "vars:\n"
      "  direct_urls: [{url: 'http://m:9090/api/v1/read'}]\n"
      "  merged_urls: [{url: 'http://merge:9095/api/v1/read'}]\n"
      "nodes:\n"
      "  m: {kind: mock}\n"
      "  merge: {when: path == merged, kind: merger, config: {remote_read: '${direct_urls}'}}\n"
      "  query:\n"
      "    kind: prometheus\n"
      "    version: ${prometheus}\n"
      "    config: {remote_read: '${path == direct ? direct_urls : merged_urls}'}\n"
      "checks:\n"
      "  - {expr: foo, exp_samples: []}\n"
      "  - {when: path == merged, read: foo, node: merge, exp_series: 0}\n"
      "known_issue: {when: path == direct && prometheus >= 3.0, reason: slow}\n");
  ASSERT_EQ(tests.size(), 4u);
  EXPECT_EQ(tests[0].title(), "s [prometheus=v2.42 path=direct]");
  EXPECT_EQ(tests[3].id, "s-4");
  EXPECT_EQ(tests[0].nodes.size(), 2u);
  EXPECT_EQ(tests[1].nodes.size(), 3u);
  EXPECT_EQ(tests[2].find("query")->version, "v3.5");
  EXPECT_TRUE(tests[2].find("query")->is_query_node);
  EXPECT_EQ(tests[0].checks.size(), 1u);
  EXPECT_EQ(tests[1].checks.size(), 2u);
  EXPECT_TRUE(tests[0].known_issues.empty());
  EXPECT_EQ(tests[2].known_issues.size(), 1u);
  EXPECT_TRUE(tests[3].known_issues.empty());
}

TEST(LoadScenario, ReadsATimeline) {
  const auto test = load_with(
      "timeline:\n"
      "  - {node: m, fault: {latency: 1s}, for: 10s}\n"
      "  - {at: 5s, node: a, act: kill, phase: dead}\n"
      "checks: [{expr: foo, exp_count: 1}, {expr: foo, exp_count: 1, during: [fault, after]}]\n");
  ASSERT_EQ(test.timeline.size(), 2u);
  EXPECT_EQ(test.timeline[0].lasts, 10s);
  EXPECT_FALSE(test.timeline[0].act);
  EXPECT_EQ(test.timeline[1].act, Act::kill);
  EXPECT_EQ(test.timeline[1].at, 5s);
  EXPECT_THAT(phases_of(test.timeline), ElementsAre("before", "fault", "dead", "after"));
  EXPECT_THAT(test.checks[0].during, ElementsAre("before", "fault", "dead", "after"));
  EXPECT_THAT(test.checks[1].during, ElementsAre("fault", "after"));
}

TEST(LoadScenario, KeepsWhatACheckSays) {
  const auto test = load_with(
      "timeline: [{node: m, fault: {latency: 1s}}]\n"
      "checks:\n"
      "  - {expr: sum(foo), node: a, time: now, repeat: 3, exp_distinct: '>= 2', eventually: 30s, "
      "timeout: 5s, "
      "exp_requests: {m: '1..2'}, min_duration: 1s, max_duration: 1s + baseline * 2}\n"
      "  - {expr: foo, expect: ['warn regex: a.*b', 'warn msg: a.b']}\n"
      "  - {expr: foo, range: {start: 1m, end: 5m}, same_as: {node: a}}\n"
      "  - {read: 'foo{a=~\"b.*\"}', node: m, start: 1m, end: 5m, stream: false, exp_partial: "
      "false}\n");
  const Check& first = test.checks.at(0);
  EXPECT_EQ(first.node, "a");
  EXPECT_FALSE(first.eval_time) << "now";
  EXPECT_EQ(first.repeat, 3);
  EXPECT_EQ(first.eventually, 30s);
  EXPECT_EQ(first.timeout, 5s);
  EXPECT_EQ(first.max_duration->fixed, 1s);
  EXPECT_EQ(first.max_duration->baseline, 2);
  EXPECT_TRUE(first.requests.at("m").holds(2));
  const Check& second = test.checks.at(1);
  EXPECT_TRUE(second.expect.at(0).pattern->found_in("xaxxb"));
  EXPECT_FALSE(second.expect.at(1).pattern->found_in("axb")) << "msg: is the text itself";
  const Check& third = test.checks.at(2);
  EXPECT_EQ(third.range->end, 5min);
  EXPECT_EQ(third.range->step, 15s);
  EXPECT_EQ(third.same_as->node, "a");
  EXPECT_EQ(third.same_as->expr, "foo");
  const Check& fourth = test.checks.at(3);
  EXPECT_EQ(fourth.kind, Check::Kind::read);
  EXPECT_EQ(fourth.matchers.size(), 2u);
  EXPECT_EQ(fourth.read_end, 5min);
  EXPECT_FALSE(fourth.stream);
  EXPECT_EQ(fourth.partial->expression, nullptr);
}

TEST(LoadScenario, ReadsALookAtAlerts) {
  const auto test = load(
                        "name: s\nnodes:\n  am: {kind: alertmanager}\n"
                        "checks:\n"
                        "  - alerts: InstanceDown{job=~\"a.*\"}\n"
                        "    node: am\n"
                        "    exp_alerts:\n"
                        "      - {exp_labels: {alertname: InstanceDown, job: a1, port: 9100}}\n"
                        "      - {exp_labels: {alertname: X}, exp_annotations: {summary: s}}\n"
                        "  - {alerts: '{alertname!=\"\"}', node: am, exp_alerts: }\n"
                        "  - {alerts: '{alertname!=\"\"}', node: am, exp_count: '>= 1'}\n")
                        .at(0);
  const Check& first = test.checks.at(0);
  EXPECT_EQ(first.kind, Check::Kind::alerts);
  EXPECT_EQ(first.expr, "{alertname=\"InstanceDown\",job=~\"a.*\"}") << "the name of an alert";
  EXPECT_EQ(first.node, "am");
  ASSERT_EQ(first.alerts->size(), 2u);
  EXPECT_EQ(first.alerts->at(0).labels.get("port"), "9100");
  EXPECT_FALSE(first.alerts->at(0).annotations) << "not judged";
  EXPECT_EQ(first.alerts->at(1).annotations->get("summary"), "s");
  EXPECT_TRUE(test.checks.at(1).alerts->empty()) << "no alert is expected";
  EXPECT_TRUE(test.checks.at(2).count->holds(1));
}

TEST(LoadScenario, ReadsEveryExecutorOfALoad) {
  const std::string checks = "checks: [{expr: foo, eval_time: 1m, exp_count: 1}]\n";
  Load load =
      *load_with(
           "load: {executor: ramping-arrival-rate, rate: 2, stages: [{duration: 10s, target: 50}], "
           "vary_time: false, queries: [foo, {expr: 'rate(foo[1m])', range: 1h, step: 15s}], "
           "dashboard: true, eval_time: now}\n" +
           checks)
           .load;
  EXPECT_EQ(load.executor, Load::Executor::ramping_arrival_rate);
  EXPECT_DOUBLE_EQ(load.rate, 2);
  ASSERT_EQ(load.stages.size(), 1u);
  EXPECT_EQ(load.stages[0].duration, 10s);
  EXPECT_DOUBLE_EQ(load.stages[0].target, 50);
  EXPECT_FALSE(load.varies_time);
  EXPECT_TRUE(load.is_dashboard);
  EXPECT_FALSE(load.eval_time);
  ASSERT_EQ(load.queries.size(), 2u);
  EXPECT_EQ(load.queries[1].range, 60min);
  EXPECT_EQ(load.queries[1].step, 15s);
  load = *load_with("load: {executor: constant-vus, vus: 4, duration: 10s, node: query}\n" + checks)
              .load;
  EXPECT_EQ(load.vus, 4u);
  EXPECT_EQ(load.node, "query");
  EXPECT_EQ(load.queries.at(0).expr, "foo");
  EXPECT_TRUE(load.varies_time);
  load = *load_with(
              "load: {executor: ramping-vus, stages: [{duration: 1s, target: 3}, {duration: 1s, "
              "target: 0}]}\n" +
              checks)
              .load;
  EXPECT_EQ(load.vus, 0u);
  EXPECT_EQ(load.stages.size(), 2u);
}

TEST(LoadScenario, ReadsWhatHasToHappenSometimes) {
  const auto test = load_with(
      "invariants:\n"
      "  - sometimes: {warn: 'refused|reset', during: [before], name: a failover}\n"
      "  - sometimes: {duration: 1500ms}\n"
      "  - sometimes: {log: opened, node: query, file: query.log}\n"
      "checks: [{expr: foo, eval_time: 1m, exp_count: 1}]\n");
  ASSERT_EQ(test.invariants.size(), 3u);
  EXPECT_THAT(test.invariants[0].during, ElementsAre("before"));
  EXPECT_EQ(test.invariants[0].sometimes->name, "a failover");
  EXPECT_TRUE(test.invariants[0].sometimes->pattern->found_in("connection reset"));
  EXPECT_EQ(test.invariants[1].sometimes->at_least, milliseconds(1500));
  EXPECT_EQ(test.invariants[2].sometimes->what, Sometimes::What::log);
  EXPECT_EQ(test.invariants[2].sometimes->node, "query");
  EXPECT_EQ(test.invariants[2].sometimes->file, "query.log");
}

TEST(LoadScenario, ReadsInvariantsLoadAndThresholds) {
  const auto test = load_with(
      "timeline: [{node: m, fault: {latency: 1s}}]\n"
      "invariants:\n"
      "  - union_oracle: {during: [before, after], replica_labels: [replica]}\n"
      "  - no_silent_partial\n"
      "  - no_gap: {expr: foo, range: 1m, interval: 1s}\n"
      "load: {executor: constant-arrival-rate, rate: 5, warmup: 2s, duration: 20s}\n"
      "thresholds: {query_duration: ['p(99.9) < baseline * 1.5', 'max <= 2s'], query_failed: 'rate "
      "< 0.01'}\n"
      "checks: [{expr: foo, eval_time: 1m}]\n");
  ASSERT_EQ(test.invariants.size(), 3u);
  EXPECT_THAT(test.invariants[0].during, ElementsAre("before", "after"));
  EXPECT_THAT(test.invariants[0].replica_labels, ElementsAre("replica"));
  EXPECT_EQ(test.invariants[2].interval, 1s);
  EXPECT_EQ(test.invariants[2].node, "query");
  EXPECT_EQ(test.load->queries.at(0).expr, "foo");
  EXPECT_EQ(test.load->eval_time, 1min);
  ASSERT_EQ(test.thresholds.size(), 3u);
  EXPECT_DOUBLE_EQ(test.thresholds[0].quantile, 0.999);
  EXPECT_TRUE(test.thresholds[0].of_baseline);
  EXPECT_DOUBLE_EQ(test.thresholds[1].limit, 2);
  EXPECT_EQ(test.thresholds[2].metric, "query_failed");
}

TEST(LoadScenario, TheSeedOfTheCommandLineWins) {
  const std::string text =
      "name: s\nseed: 7\nnodes: {m: {kind: mock}}\nchecks: [{read: foo, node: m, exp_series: 0}]\n";
  EXPECT_EQ(parse_scenario(text, "s.yaml", {now_ms, {}}).at(0).seed, 7u);
  EXPECT_EQ(parse_scenario(text, "s.yaml", {now_ms, 9}).at(0).seed, 9u);
}

}  // namespace
}  // namespace mread::scenarios
