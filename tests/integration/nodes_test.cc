// The node kinds with real Prometheus of every generation, as processes: their data get in, their
// configurations work.

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "base/timestamp.h"
#include "net/client.h"
#include "scenarios/engine/docker_client.h"
#include "scenarios/engine/readiness.h"
#include "scenarios/nodes/node_kind.h"
#include "scenarios/nodes/parse_nodes.h"
#include "scenarios/running/asker.h"

namespace mread::scenarios {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

std::filesystem::path cache_dir() {
  const char* cache = std::getenv("MREAD_CACHE");
  return cache != nullptr ? std::filesystem::path(cache)
                          : std::filesystem::path(std::getenv("HOME")) / ".cache/mread";
}

class NodesTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    engine = std::move(*make_process_engine({.cache_dir = cache_dir(), .work_dir = work.path()}));
    auto made = engine->create("nodestest", "test");
    ASSERT_TRUE(made) << made.error().to_string();
    topology = std::move(*made);
    context.cache_dir = cache_dir();
    context.now_ms = wall_clock_ms();
    context.grid = {context.now_ms - 3'600'000, 15'000};
  }

  /// Starts and feeds the nodes; VERSION in the text is the generation under test.
  void start(std::string text) {
    for (size_t at = 0; (at = text.find("VERSION", at)) != std::string::npos;)
      text.replace(at, 7, GetParam());
    for (const auto& node : parse_nodes(yaml::Node::parse(text, "test.yaml"))) {
      const auto spec = node->make_spec(context);
      ASSERT_TRUE(spec) << spec.error().to_string();
      const auto started = topology->start(*spec, {});
      ASSERT_TRUE(started) << started.error().to_string();
      const auto fed = node->feed(context, topology->url(node->name(), node->ports().front()), {});
      ASSERT_TRUE(fed) << fed.error().to_string();
    }
  }

  std::string query(const std::string& node, const std::string& expr, int64_t time_ms) {
    net::ClientRequest request;
    request.url = topology->url(node, 9090);
    request.url.target =
        "/api/v1/query?query=" + url_encode(expr) + "&time=" + std::to_string(time_ms / 1000.0);
    const auto answer = net::fetch(std::move(request));
    return answer ? answer->body : answer.error().to_string();
  }

  /// The query's answer once it holds `part`, or the last one after a minute.
  std::string eventually(const std::string& node, const std::string& expr,
                         const std::string& part) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(60);
    while (true) {
      std::string answer = query(node, expr, wall_clock_ms());
      if (answer.find(part) != std::string::npos || std::chrono::steady_clock::now() > deadline)
        return answer;
      pause_for(milliseconds(50), {});
    }
  }

  TemporaryFolder work;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Topology> topology;
  NodeContext context;
};

TEST_P(NodesTest, InputSeriesCanAllBeRead) {
  start(R"(
one:
  kind: prometheus
  version: VERSION
  input_series:
    - {series: 'foo{region="eu"}', values: '1+1x239'}
    - {series: 'ends', values: '5x40 stale'}
    - {series: 'many', values: '7x239', repeat: {host: 300}}
    - {series: 'latency', values: '{{schema:0 count:3 sum:5 buckets:[1 2]}}x239'}
)");
  const int64_t end_ms = context.grid.start_ms + 239 * 15'000;
  EXPECT_THAT(query("one", "count_over_time(foo[2h])", end_ms), HasSubstr(R"("240"])"));
  EXPECT_THAT(query("one", "foo", context.grid.start_ms), HasSubstr(R"("1"])"));
  EXPECT_THAT(query("one", "foo", end_ms), HasSubstr(R"("240"])"));
  EXPECT_THAT(query("one", "sum(count_over_time(many[2h]))", end_ms), HasSubstr(R"("72000"])"));
  EXPECT_THAT(query("one", "ends", context.grid.start_ms + 40 * 15'000), HasSubstr(R"("5"])"));
  // Not five minutes of lookback later, but at the marker.
  EXPECT_THAT(query("one", "ends", context.grid.start_ms + 41 * 15'000),
              HasSubstr(R"("result":[])"));
  EXPECT_THAT(query("one", "histogram_count(latency)", end_ms), HasSubstr(R"("3"])"));
}

TEST_P(NodesTest, DataOfDaysAgoGetIn) {
  context.grid = {context.now_ms - 5LL * 86'400'000, 600'000};
  start(
      "one: {kind: prometheus, version: VERSION, tsdb_age: 2d, input_series: [{series: foo, "
      "values: '1+1x432'}]}");
  EXPECT_THAT(query("one", "count_over_time(foo[6d])", context.now_ms), HasSubstr(R"("433"])"));
}

TEST_P(NodesTest, ANodeThatScrapesGetsItsPastAsWell) {
  start(R"(
one:
  kind: prometheus
  version: VERSION
  input_series: [{series: foo, values: '1+1x239'}]
  config:
    global: {scrape_interval: 200ms}
    scrape_configs: [{job_name: self, static_configs: [{targets: ["localhost:9090"]}]}]
)");
  const int64_t end_ms = context.grid.start_ms + 239 * 15'000;
  EXPECT_THAT(query("one", "count_over_time(foo[2h])", end_ms), HasSubstr(R"("240"])"));
  EXPECT_THAT(eventually("one", "up", R"("1"])"), HasSubstr(R"("job":"self")"));
}

TEST_P(NodesTest, AnAgedQueryNodeSkipsWhatItsOwnTsdbCovers) {
  start(R"(
east: {kind: prometheus, version: VERSION, input_series: [{series: foo, values: '1x200'}]}
fresh: {kind: prometheus, version: VERSION, config: {remote_read: [east]}}
aged: {kind: prometheus, version: VERSION, tsdb_age: 1d, config: {remote_read: [east]}}
)");
  const int64_t time_ms = context.grid.start_ms + 60'000;
  EXPECT_THAT(query("fresh", "foo", time_ms), HasSubstr(R"("1"])"));
  EXPECT_THAT(query("aged", "foo", time_ms), HasSubstr(R"("result":[])"));
  EXPECT_THAT(topology->read_file("fresh", "query.log").value_or(""), HasSubstr("\"foo\""));
}

TEST_P(NodesTest, RulesAndNodeExporter) {
  start(R"(
machine: {kind: node_exporter}
one:
  kind: prometheus
  version: VERSION
  config:
    global: {scrape_interval: 200ms, evaluation_interval: 200ms}
    scrape_configs: [{job_name: node, static_configs: [{targets: [machine]}]}]
  rules:
    - name: group
      rules:
        - {record: 'job:up:sum', expr: 'sum by (job) (up)'}
        - {alert: Up, expr: 'up == 1', annotations: {summary: 'at {{ $value }}'}}
)");
  EXPECT_THAT(eventually("one", "job:up:sum", R"("1"])"), HasSubstr(R"("job":"node")"));
  EXPECT_THAT(eventually("one", "ALERTS", R"("1"])"), HasSubstr(R"("alertname":"Up")"));
  EXPECT_THAT(query("one", "node_memory_MemTotal_bytes", wall_clock_ms()),
              Not(HasSubstr(R"("result":[])")));
}

TEST_P(NodesTest, AlertsOfTwoReachOneAlertmanagerAsOne) {
  start(R"(
am: {kind: alertmanager}
one:
  kind: prometheus
  version: VERSION
  flags: &flags [--rules.alert.resend-delay=1s]
  config: &config
    global: {evaluation_interval: 200ms}
    alerting: {alertmanagers: [{static_configs: [{targets: [am]}]}]}
    scrape_configs: [{job_name: self, scrape_interval: 200ms, static_configs: [{targets: ["localhost:9090"]}]}]
  rules: &rules
    - name: group
      rules: [{alert: Up, expr: 'vector(1)', labels: {severity: page}}]
two: {kind: prometheus, version: VERSION, flags: *flags, config: *config, rules: *rules}
)");
  for (const char* node : {"one", "two"}) {
    EXPECT_THAT(eventually(node, "prometheus_notifications_sent_total > 0", R"("value")"),
                HasSubstr("9093/api/v2/alerts"));
  }
  const auto asker = make_http_asker(*topology, {{"am", {9093, 9093, ReadCounter::none, ""}}});
  const auto held = asker->alerts("am", {}, seconds(10), {});
  EXPECT_EQ(held.to_string(), "{alertname=\"Up\", severity=\"page\"}");
}

TEST_P(NodesTest, WhatCannotBeWrittenIsAnError) {
  start("one: {kind: prometheus, version: VERSION, input_series: [{series: foo, values: 1x100}]}");
  const auto older = parse_nodes(yaml::Node::parse(
      "one: {kind: prometheus, input_series: [{series: bar, values: 1x100}]}", "test.yaml"));
  context.grid.start_ms -= 86'400'000;
  const auto fed = older.front()->feed(context, topology->url("one", 9090), {});
  ASSERT_FALSE(fed) << "the head is a day further";
  EXPECT_THAT(fed.error().context, HasSubstr("node one: remote write to "));
  EXPECT_THAT(fed.error().context, HasSubstr("HTTP 400"));
}

INSTANTIATE_TEST_SUITE_P(Prometheus, NodesTest, testing::Values("v2.42", "v2.53", "v3.5"),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           name[2] = '_';
                           return name;
                         });

}  // namespace
}  // namespace mread::scenarios
