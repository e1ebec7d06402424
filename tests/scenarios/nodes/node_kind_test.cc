#include "scenarios/nodes/node_kind.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "scenarios/nodes/node_front.h"
#include "scenarios/nodes/node_kinds.h"
#include "scenarios/nodes/parse_nodes.h"

namespace mread::scenarios {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// A cache with programs that only have to be there.
class Machine {
 public:
  Machine() {
    for (const char* path : {"prometheus/2.42.0/prometheus", "prometheus/3.5.3/prometheus",
                             "node_exporter/1.5.0/node_exporter", "influxdb/1.6.7/influxdb",
                             "alertmanager/0.25.0/alertmanager"}) {
      std::filesystem::create_directories((cache_.path() / path).parent_path());
      std::ofstream(cache_.path() / path) << "x";
    }
  }
  NodeContext context() const {
    NodeContext context;
    context.cache_dir = cache_.path();
    context.mread_program = "/opt/mread";
    context.now_ms = 1'800'000'000'000;
    context.grid = {context.now_ms - 3'600'000, 15'000};
    context.seed = 42;
    return context;
  }
  std::filesystem::path path() const { return cache_.path(); }

 private:
  TemporaryFolder cache_;
};

std::vector<std::shared_ptr<const NodeKind>> parse(const std::string& text) {
  return parse_nodes(yaml::Node::parse(text, "test.yaml"));
}

NodeSpec spec_of(const std::string& text, const NodeContext& context) {
  const auto spec = parse(text).front()->make_spec(context);
  EXPECT_TRUE(spec) << spec.error().to_string();
  return spec.value_or(NodeSpec{});
}

TEST(PrometheusNode, RunsTheVersionAsked) {
  const Machine machine;
  const auto node =
      parse("one: {kind: prometheus, version: v2.42, flags: [--query.lookback-delta=1m]}").front();
  EXPECT_EQ(node->name(), "one");
  EXPECT_EQ(node->kind(), "prometheus");
  EXPECT_EQ(node->version(), "v2.42");
  EXPECT_EQ(node->resolve_version(machine.context()).value_or("?"), "2.42.0");
  EXPECT_THAT(node->ports(), ElementsAre(9090));
  EXPECT_FALSE(node->reads_remotely());
  const NodeSpec spec =
      spec_of("one: {kind: prometheus, version: v2.42, flags: [--query.lookback-delta=1m]}",
              machine.context());
  EXPECT_EQ(spec.program, machine.path() / "prometheus/2.42.0/prometheus");
  EXPECT_EQ(spec.image_name, "mread/prometheus:2.42.0");
  EXPECT_THAT(
      spec.args,
      ElementsAre("--config.file={{dir}}/prometheus.yml", "--storage.tsdb.path={{dir}}/data",
                  "--web.listen-address={{listen:9090}}", "--web.enable-remote-write-receiver",
                  "--web.enable-lifecycle", "--query.lookback-delta=1m"));
  EXPECT_TRUE(spec.prepare.empty());
}

TEST(PrometheusNode, WithoutAVersionTheNewestRuns) {
  const Machine machine;
  EXPECT_EQ(spec_of("one: {kind: prometheus}", machine.context()).image_name,
            "mread/prometheus:3.5.3");
}

TEST(PrometheusNode, AMissingVersionIsTheMachinesFault) {
  const Machine machine;
  const auto node = parse("one: {kind: prometheus, version: v2.40}").front();
  EXPECT_TRUE(node->resolve_version(machine.context()).error().is(Errc::environment));
  EXPECT_EQ(node->make_spec(machine.context()).error().context,
            "node one: no prometheus v2.40 on this machine; there is 2.42.0, 3.5.3");
}

TEST(PrometheusNode, AQueryLogIsKeptUnlessTheFileHasOne) {
  const Machine machine;
  EXPECT_EQ(spec_of("one: {kind: prometheus}", machine.context()).files["prometheus.yml"],
            "global:\n  query_log_file: \"{{dir}}/query.log\"\n");
  EXPECT_THAT(parse("one: {kind: prometheus}").front()->kept_files(), ElementsAre("query.log"));
  const std::string own =
      "one: {kind: prometheus, config: {global: {query_log_file: /dev/stdout, scrape_interval: "
      "1s}}}";
  EXPECT_THAT(spec_of(own, machine.context()).files["prometheus.yml"], HasSubstr("/dev/stdout"));
  EXPECT_TRUE(parse(own).front()->kept_files().empty());
}

TEST(KeptFiles, AQueryLogOfTheFilesOwnIsKeptToo) {
  const auto kept = [](const std::string& node) {
    return parse(node + "\na: {kind: mock}").front()->kept_files();
  };
  const auto merger = [](const std::string& more) {
    return "m: {kind: merger, config: {remote_read: [a]" + more + "}}";
  };
  EXPECT_THAT(kept(merger("")), ElementsAre("query.log"));
  EXPECT_THAT(kept(merger(", query_log_file: '{{dir}}/own.log'")), ElementsAre("own.log"));
  EXPECT_THAT(kept(merger(", query_log_file: own.log")), ElementsAre("own.log"));
  EXPECT_THAT(kept(merger(", query_log_file: '{{dir}}/logs/own.log'")),
              ElementsAre("logs/own.log"));
  EXPECT_TRUE(kept(merger(", query_log_file: /dev/stderr")).empty());
  EXPECT_TRUE(kept(merger(", query_log_file: '{{dir}}/../own.log'")).empty());
  const auto prometheus = [](const std::string& log) {
    return "m: {kind: prometheus, config: {global: {query_log_file: '" + log + "'}}}";
  };
  EXPECT_THAT(kept(prometheus("{{dir}}/own.log")), ElementsAre("own.log"));
  EXPECT_THAT(kept(prometheus("own.log")), ElementsAre("own.log"));
}

TEST(PrometheusNode, NamesInItsConfigurationAreResolved) {
  const Machine machine;
  const std::string text = R"(
query:
  kind: prometheus
  config:
    remote_read: [east, {url: "http://merge:9095/api/v1/read", read_recent: true}]
    remote_write: [{url: "http://east:9090/api/v1/write"}]
    scrape_configs: [{job_name: x, static_configs: [{targets: ["east:9090", "localhost:9090"]}]}]
    alerting: {alertmanagers: [{static_configs: [{targets: ["east:9090"]}]}]}
east: {kind: prometheus}
merge: {kind: merger, config: {remote_read: [east]}}
)";
  const NodeSpec spec = spec_of(text, machine.context());
  const std::string& config = spec.files.at("prometheus.yml");
  EXPECT_THAT(config, HasSubstr("{name: east, url: \"http://{{node:east:9090}}/api/v1/read\"}"));
  EXPECT_THAT(config,
              HasSubstr("{url: \"http://{{node:merge:9095}}/api/v1/read\", read_recent: true}"));
  EXPECT_THAT(config, HasSubstr("http://{{node:east:9090}}/api/v1/write"));
  EXPECT_THAT(config, HasSubstr("targets: [\"{{node:east:9090}}\", \"{{node:query:9090}}\"]"));
  EXPECT_THAT(
      config,
      HasSubstr("alertmanagers: [{static_configs: [{targets: [\"{{node:east:9090}}\"]}]}]"));
  const auto nodes = parse(text);
  EXPECT_TRUE(nodes[0]->reads_remotely());
  EXPECT_FALSE(nodes[1]->reads_remotely());
  EXPECT_TRUE(nodes[2]->reads_remotely());
}

TEST(PrometheusNode, RulesBecomeAFile) {
  const Machine machine;
  const NodeSpec spec = spec_of(
      "one: {kind: prometheus, rules: [{name: g, rules: [{alert: Down, expr: up == 0, annotations: "
      "{a: '{{ $value "
      "}}'}}]}]}",
      machine.context());
  EXPECT_THAT(spec.files.at("rules.yml"), HasSubstr("groups:"));
  EXPECT_THAT(spec.files.at("rules.yml"), HasSubstr("{{ $value }}"));
  EXPECT_THAT(spec.files.at("prometheus.yml"), HasSubstr("- \"{{dir}}/rules.yml\""));
}

TEST(PrometheusNode, AnAgedNodeGetsAnOldBlock) {
  const Machine machine;
  const NodeSpec spec = spec_of("one: {kind: prometheus, tsdb_age: 1d}", machine.context());
  EXPECT_THAT(spec.files.at("blocks.om"), HasSubstr("mread_tsdb_age 1 1799913600"));
  ASSERT_EQ(spec.prepare.size(), 1U);
  EXPECT_THAT(spec.prepare[0], ElementsAre("tsdb", "create-blocks-from", "openmetrics",
                                           "{{dir}}/blocks.om", "{{dir}}/data"));
  EXPECT_EQ(spec.prepare_program, machine.path() / "prometheus/3.5.3/promtool");
  EXPECT_THAT(spec.args, testing::Not(Contains(HasSubstr("retention"))));
  EXPECT_THAT(spec_of("one: {kind: prometheus, tsdb_age: 20d}", machine.context()).args,
              Contains("--storage.tsdb.retention.time=35d"));
}

TEST(PrometheusNode, OldDataOfANodeThatScrapesBecomeBlocks) {
  const Machine machine;
  const std::string series =
      "input_series: [{series: 'foo', values: '1+1x200'}]";  // From an hour ago to 10 minutes ago.
  EXPECT_TRUE(
      spec_of("one: {kind: prometheus, " + series + "}", machine.context()).prepare.empty());
  const std::string scrapes =
      "config: {scrape_configs: [{job_name: x, static_configs: [{targets: ['localhost:9090']}]}]}";
  const NodeSpec spec =
      spec_of("one: {kind: prometheus, " + series + ", " + scrapes + "}", machine.context());
  EXPECT_EQ(spec.prepare.size(), 1U);
  EXPECT_THAT(spec.files.at("blocks.om"), HasSubstr("foo 1 1799996400"));
  EXPECT_THAT(spec.files.at("blocks.om"), testing::Not(HasSubstr("foo 121 1799998200")))
      << "half an hour old: written later";
  const auto stale =
      parse("one: {kind: prometheus, input_series: [{series: foo, values: '1 stale'}], " + scrapes +
            "}")
          .front()
          ->make_spec(machine.context());
  ASSERT_FALSE(stale);
  EXPECT_THAT(stale.error().context,
              HasSubstr("staleness markers and native histograms older than 30m"));
}

TEST(PrometheusNode, HistogramsNeedTheFeature) {
  const Machine machine;
  EXPECT_THAT(spec_of("one: {kind: prometheus, input_series: [{series: h, values: '{{schema:0 "
                      "count:1 sum:1 buckets:[1]}}'}]}",
                      machine.context())
                  .args,
              Contains("--enable-feature=native-histograms"));
}

TEST(PrometheusNode, AnImageNeedsNoVersion) {
  const Machine machine;
  const auto node = parse("one: {kind: prometheus, image: 'prom/prometheus:v3.6.0'}").front();
  EXPECT_EQ(node->resolve_version(machine.context()).value_or("?"), "v3.6.0");
  const auto spec = node->make_spec(machine.context());
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->image, "prom/prometheus:v3.6.0");
  EXPECT_TRUE(spec->program.empty());
}

TEST(MergerNode, IsThisProgram) {
  const Machine machine;
  const std::string text =
      "m: {kind: merger, config: {remote_read: [a], partial: any}}\na: {kind: mock}";
  const NodeSpec spec = spec_of(text, machine.context());
  EXPECT_EQ(spec.program, "/opt/mread");
  EXPECT_EQ(spec.image_name, "mread/mread");
  EXPECT_THAT(spec.args,
              ElementsAre("serve", "--config", "{{dir}}/mread.yml", "--listen", "{{listen:9095}}"));
  EXPECT_THAT(spec.files.at("mread.yml"), HasSubstr("http://{{node:a:9090}}/api/v1/read"));
  EXPECT_THAT(spec.files.at("mread.yml"), HasSubstr("partial: any"));
  EXPECT_THAT(spec.files.at("mread.yml"), HasSubstr("query_log_file: \"{{dir}}/query.log\""));
  EXPECT_THAT(parse(text).front()->ports(), ElementsAre(9095));
}

TEST(MockNode, IsAStoreWithTheScenariosClock) {
  const Machine machine;
  const std::string text =
      "a: {kind: mock, input_series: [{series: 'foo{x=\"1\"}', values: 1x40}], external_labels: "
      "{dc: a}, "
      "faults: [{latency: 1s}]}";
  const auto node = parse(text).front();
  EXPECT_THAT(node->ports(), ElementsAre(9090, 9099));
  EXPECT_EQ(node->input_series().size(), 1U);
  const NodeSpec spec = spec_of(text, machine.context());
  EXPECT_THAT(spec.args, ElementsAre("mock", "--config", "{{dir}}/mock.yml"));
  EXPECT_THAT(spec.ports, ElementsAre(9099, 9090)) << "a fault may close the first";
  const std::string& config = spec.files.at("mock.yml");
  for (const char* part : {"name: a", "seed: 42", "hostnames: [a]", "interval: 15s",
                           "start_timestamp: 1799996400.000", "external_labels:", "faults:",
                           "listen: \"{{listen:9090}}\"", "admin_listen: \"{{listen:9099}}\""}) {
    EXPECT_THAT(config, HasSubstr(part));
  }
  EXPECT_THAT(config, testing::Not(HasSubstr("kind")));
}

TEST(MockNode, ItsOwnClockWins) {
  const Machine machine;
  const std::string config =
      spec_of("a: {kind: mock, interval: 1m, start_timestamp: now-2h}", machine.context())
          .files.at("mock.yml");
  EXPECT_THAT(config, HasSubstr("interval: 1m"));
  EXPECT_THAT(config, HasSubstr("start_timestamp: 1799992800.000"));
}

TEST(NodeExporterNode, Spec) {
  const Machine machine;
  const NodeSpec spec =
      spec_of("n: {kind: node_exporter, flags: --collector.disable-defaults}", machine.context());
  EXPECT_EQ(spec.image_name, "mread/node_exporter:1.5.0");
  EXPECT_THAT(spec.args,
              ElementsAre("--web.listen-address={{listen:9100}}", "--collector.disable-defaults"));
}

TEST(InfluxDbNode, Spec) {
  const Machine machine;
  const NodeSpec spec = spec_of("i: {kind: influxdb, input_series: [{series: foo, values: '1x3'}]}",
                                machine.context());
  EXPECT_EQ(spec.image_name, "mread/influxdb:1.6.7");
  EXPECT_THAT(spec.ports, ElementsAre(8086));
  const std::string& config = spec.files.at("influxdb.conf");
  EXPECT_THAT(config, HasSubstr("bind-address = \"{{listen:8086}}\""));
  EXPECT_THAT(config,
              HasSubstr("bind-address = \"127.0.0.1:0\""));  // Backups, which nobody asks for.
}

TEST(InfluxDbNode, RefusesWhatItWouldDrop) {
  const Machine machine;
  for (const char* values :
       {"1 stale", "1 NaN", "1 Inf", "{{schema:0 count:3 sum:5 buckets:[1 2]}}x3"}) {
    const auto spec = parse("i: {kind: influxdb, input_series: [{series: foo, values: '" +
                            std::string(values) + "'}]}")
                          .front()
                          ->make_spec(machine.context());
    ASSERT_FALSE(spec) << values;
    EXPECT_THAT(spec.error().to_string(), HasSubstr("test.yaml:1")) << values;
    EXPECT_THAT(spec.error().to_string(), HasSubstr("InfluxDB does not keep")) << values;
  }
}

TEST(InfluxDbNode, IsReadByItsNameAtItsOwnPath) {
  const Machine machine;
  const auto nodes =
      parse("{i: {kind: influxdb}, q: {kind: prometheus, config: {remote_read: [i]}}}");
  EXPECT_EQ(nodes[0]->read_target(), "/api/v1/prom/read?db=prometheus");
  EXPECT_THAT(nodes[1]->make_spec(machine.context())->files.at("prometheus.yml"),
              HasSubstr("http://{{node:i:8086}}/api/v1/prom/read?db=prometheus"));
}

TEST(AlertmanagerNode, TellsNobodyByDefault) {
  const Machine machine;
  const NodeSpec spec =
      spec_of("am: {kind: alertmanager, flags: --alerts.gc-interval=1s}", machine.context());
  EXPECT_EQ(spec.program, machine.path() / "alertmanager/0.25.0/alertmanager");
  EXPECT_EQ(spec.image_name, "mread/alertmanager:0.25.0");
  EXPECT_THAT(spec.args,
              ElementsAre("--config.file={{dir}}/alertmanager.yml", "--storage.path={{dir}}/data",
                          "--web.listen-address={{listen:9093}}",
                          "--cluster.listen-address=", "--alerts.gc-interval=1s"));
  EXPECT_THAT(spec.ports, ElementsAre(9093));
  EXPECT_EQ(spec.files.at("alertmanager.yml"),
            "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
}

TEST(AlertmanagerNode, IsNamedByPrometheusAndNamesItsReceivers) {
  const Machine machine;
  const auto nodes = parse(
      "am: {kind: alertmanager, config: {route: {receiver: r}, receivers: [{name: r, "
      "webhook_configs: [{url: 'http://m:9090/api/v2/alerts'}]}]}}\n"
      "m: {kind: mock, sink: true}\n"
      "q: {kind: prometheus, config: {alerting: {alertmanagers: [{static_configs: [{targets: "
      "[am]}]}]}}}");
  EXPECT_TRUE(nodes[0]->holds_alerts());
  EXPECT_THAT(nodes[0]->uses().named, ElementsAre("m"));
  EXPECT_THAT(nodes[0]->make_spec(machine.context())->files.at("alertmanager.yml"),
              HasSubstr("http://{{node:m:9090}}/api/v2/alerts"));
  EXPECT_THAT(nodes[2]->uses().named, ElementsAre("am"));
  EXPECT_THAT(nodes[2]->make_spec(machine.context())->files.at("prometheus.yml"),
              HasSubstr("{{node:am:9093}}"));
}

TEST(ContainerNode, Spec) {
  const NodeSpec spec = spec_of(
      "g: {kind: container, image: 'grafana:1', ports: [3000], args: [-x], ready_path: /ok, files: "
      "{a/b: c}}",
      {});
  EXPECT_EQ(spec.image, "grafana:1");
  EXPECT_THAT(spec.ports, ElementsAre(3000));
  EXPECT_THAT(spec.args, ElementsAre("-x"));
  EXPECT_EQ(spec.ready_path, "/ok");
  EXPECT_EQ(spec.files.at("a/b"), "c");
}

TEST(OraclePrometheus, TakesDataOfAnyAgeInAnyOrder) {
  const Machine machine;
  const auto spec = oracle_prometheus("oracle", "v3.5", machine.context());
  ASSERT_TRUE(spec);
  EXPECT_THAT(spec->files.at("prometheus.yml"), HasSubstr("out_of_order_time_window"));
  EXPECT_FALSE(oracle_prometheus("oracle", "v9", machine.context()));
}

TEST(NodeFront, IsAMockWithTheNodeAsItsUpstream) {
  const Machine machine;
  const auto node = parse("db: {kind: influxdb}").front();
  ASSERT_TRUE(node->can_have_front());
  const Front front = make_front(*node, "db-itself", R"({"latency":"1s"})", machine.context());
  EXPECT_EQ(front.behind, "db-itself");
  EXPECT_EQ(front.spec.name, "db");
  EXPECT_THAT(front.spec.ports, ElementsAre(9099, 8086))
      << "readiness is asked where faults are not";
  const std::string& file = front.spec.files.at("mock.yml");
  for (const char* line :
       {"listen: \"{{listen:8086}}\"", "admin_listen: \"{{listen:9099}}\"",
        "upstream: http://{{node:db-itself:8086}}", "read_path: /api/v1/prom/read\n", "seed: 42",
        "faults: [{\"latency\":\"1s\"}]"})
    EXPECT_THAT(file, HasSubstr(line));
}

TEST(NodeFront, IsForNodesWhoseOnlyPortAnswersReads) {
  const auto can = [](const std::string& lines) {
    return parse("a: " + lines + "\nb: {kind: mock}").front()->can_have_front();
  };
  EXPECT_TRUE(can("{kind: prometheus}"));
  EXPECT_TRUE(can("{kind: merger, config: {remote_read: [b]}}"));
  EXPECT_TRUE(can("{kind: container, image: x, ports: 9090}"));
  EXPECT_FALSE(can("{kind: container, image: x, ports: [1, 2]}"));
  EXPECT_FALSE(can("{kind: node_exporter}"));
  EXPECT_FALSE(can("{kind: alertmanager}"));
  EXPECT_FALSE(can("{kind: mock}")) << "it carries out faults itself";
  const auto node = parse("a: {kind: container, image: x, ports: 9099}").front();
  EXPECT_NE(control_port_of_front(*node), 9099);
}

TEST(MockNode, HasANodeAsItsUpstream) {
  const Machine machine;
  const auto nodes = parse("a: {kind: mock, upstream: 'http://b'}\nb: {kind: prometheus}");
  EXPECT_FALSE(nodes[0]->holds_data());
  EXPECT_EQ(nodes[0]->start_rank(), StartRank::merger);
  EXPECT_THAT(nodes[0]->uses().read, ElementsAre("b"));
  const auto spec = nodes[0]->make_spec(machine.context());
  ASSERT_TRUE(spec) << spec.error().to_string();
  EXPECT_THAT(spec->files.at("mock.yml"), HasSubstr("upstream: \"http://{{node:b:9090}}\""));
  EXPECT_THAT(spec->files.at("mock.yml"), testing::Not(HasSubstr("start_timestamp")));
}

struct KindCase {
  std::string kind;
  std::string lines;
  std::string facts;  ///< what it is and can do, in the order of facts_of()
};

std::string facts_of(const NodeKind& node) {
  constexpr const char* ranks[] = {"data", "merger", "query"};
  std::string facts = ranks[static_cast<size_t>(node.start_rank())];
  const std::pair<const char*, bool> flags[] = {
      {"holds_data", node.holds_data()},         {"data_is_fixed", node.data_is_fixed()},
      {"answers_reads", node.answers_reads()},   {"knows_promql", node.knows_promql()},
      {"holds_alerts", node.holds_alerts()},     {"accepts_faults", node.accepts_faults()},
      {"forwards_reads", node.forwards_reads()}, {"wants_a_reader", node.wants_a_reader()}};
  for (const auto& [name, is_set] : flags) facts += is_set ? std::string(" ") + name : "";
  constexpr const char* counters[] = {"", " journal", " metrics"};
  facts += counters[static_cast<size_t>(node.read_counter())];
  return facts + (node.last_sample_ms({0, 1000}) ? "" : " makes_samples");
}

TEST(NodeKinds, KnowWhatTheyAreAndCanDo) {
  const std::vector<KindCase> cases = {
      {"prometheus", "", "data holds_data answers_reads knows_promql wants_a_reader metrics"},
      {"mock", "",
       "data holds_data data_is_fixed answers_reads accepts_faults wants_a_reader journal"},
      {"merger", "config: {remote_read: [other]}",
       "merger answers_reads forwards_reads wants_a_reader"},
      {"node_exporter", "", "data wants_a_reader makes_samples"},
      {"influxdb", "", "data holds_data answers_reads wants_a_reader"},
      {"alertmanager", "", "data holds_alerts wants_a_reader"},
      {"container", "image: x", "data answers_reads makes_samples"},
  };
  ASSERT_EQ(cases.size(), std::size(all_node_kinds));
  for (size_t i = 0; i < cases.size(); ++i) {
    const KindCase& one = cases[i];
    EXPECT_EQ(all_node_kinds[i]().word, one.kind);
    const auto node =
        parse("a: {kind: " + one.kind + ", " + one.lines + "}\nother: {kind: mock}").front();
    EXPECT_EQ(node->kind(), one.kind);
    EXPECT_EQ(facts_of(*node), one.facts) << one.kind;
  }
  const auto query = parse("a: {kind: prometheus, config: {remote_read: [b]}}\nb: {kind: mock}");
  EXPECT_EQ(query.front()->start_rank(), StartRank::query);
}

TEST(NodeKinds, HaveTheSamePortsBeforeAndAfterTheirLinesAreRead) {
  const std::vector<std::string> nodes = {
      "{kind: prometheus}",
      "{kind: mock}",
      "{kind: merger, config: {remote_read: [b]}}",
      "{kind: node_exporter}",
      "{kind: influxdb}",
      "{kind: alertmanager}",
      "{kind: container, image: x, ports: [80, 81]}",
      "{kind: mock, token_servers: {t: {client_id: i, client_secret: s}}, proxies: {p: {}}}"};
  for (const std::string& lines : nodes) {
    const yaml::Node place = yaml::Node::parse(lines, "ports.yaml");
    yaml::Mapping mapping = place.mapping();
    const std::string word = mapping.require("kind").string();
    const auto entry = std::find_if(std::begin(all_node_kinds), std::end(all_node_kinds),
                                    [&](const auto& kind) { return kind().word == word; });
    ASSERT_NE(entry, std::end(all_node_kinds)) << word;
    const auto node = parse("a: " + lines + "\nb: {kind: mock}").front();
    EXPECT_THAT((*entry)().ports(mapping), testing::UnorderedElementsAreArray(node->ports()))
        << lines;
  }
}

struct ErrorCase {
  const char* name;
  const char* text;
  const char* want;  ///< part of the message
};

class NodeErrors : public testing::TestWithParam<ErrorCase> {};

TEST_P(NodeErrors, NameTheirPlace) {
  try {
    parse(GetParam().text);
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().want));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Lines, NodeErrors,
    testing::Values(
        ErrorCase{"UnknownKind", "a: {kind: prometeus}",
                  "test.yaml:1:11: unknown value \"prometeus\"; did you mean \"prometheus\"?"},
        ErrorCase{"NoKind", "a: {version: v3.5}", "key \"kind\" is missing"},
        ErrorCase{"KeyOfAnInfluxDb", "a: {kind: influxdb, databse: x}",
                  "test.yaml:1:21: unknown key \"databse\""},
        ErrorCase{"KeyOfAnAlertmanager", "a: {kind: alertmanager, rules: []}",
                  "test.yaml:1:25: unknown key \"rules\""},
        ErrorCase{"ReceiverOutside",
                  "a: {kind: alertmanager, config: {receivers: [{name: x, slack_configs: []}]}}",
                  "test.yaml:1:56: slack_configs tells somebody outside the scenario"},
        ErrorCase{"UnknownNodeOfAWebhook",
                  "a: {kind: alertmanager, config: {receivers: [{webhook_configs: [{url: "
                  "'http://b/x'}]}]}}",
                  "no node \"b\""},
        ErrorCase{"UnknownKey", "a: {kind: prometheus, verison: v3.5}",
                  "test.yaml:1:23: unknown key \"verison\"; did you mean \"version\"?"},
        ErrorCase{"UnknownKeyOfAMock", "a: {kind: mock, input_serie: []}",
                  "did you mean \"input_series\"?"},
        ErrorCase{"BadVersion", "a: {kind: prometheus, version: newest}",
                  "test.yaml:1:32: want a version: v3.5 or 3.5.3"},
        ErrorCase{"BadName", "Us_East: {kind: prometheus}",
                  "test.yaml:1:1: a node's name is a host name"},
        ErrorCase{"Localhost", "localhost: {kind: prometheus}",
                  "localhost is every node's own name"},
        ErrorCase{"UnknownNodeInAUrl",
                  "a: {kind: prometheus, config: {remote_read: [{url: 'http://b:9090/x'}]}}",
                  "no node \"b\""},
        ErrorCase{"UnknownNodeByName", "a: {kind: prometheus, config: {remote_read: [b]}}",
                  "no node \"b\""},
        ErrorCase{"UnknownNodeOfAMerger",
                  "a: {kind: merger, config: {remote_read: [{url: 'http://b:9090/x'}]}}",
                  "no node \"b\""},
        ErrorCase{"BrokenMergerConfig", "a: {kind: merger, config: {remote_reads: []}}",
                  "did you mean \"remote_read\"?"},
        ErrorCase{"MergerWithoutConfig", "a: {kind: merger}", "key \"config\" is missing"},
        ErrorCase{"ConfigThatIsText", "a: {kind: prometheus, config: x}",
                  "want a mapping, got \"x\""},
        ErrorCase{"BadSeries",
                  "a: {kind: prometheus, input_series: [{series: 'foo{', values: '1'}]}",
                  "test.yaml:1:"},
        ErrorCase{"BadFlag", "a: {kind: prometheus, flags: [web.x]}",
                  "a flag begins with a hyphen"},
        ErrorCase{"ImageAndVersion", "a: {kind: prometheus, image: x, version: v3.5}",
                  "image and version: one of the two"},
        ErrorCase{"FileOutside", "a: {kind: prometheus, files: {../x: y}}",
                  "a path below the node's folder"},
        ErrorCase{"ListenOfAMock", "a: {kind: mock, listen: 'x:1'}",
                  "the engine decides where a node listens"},
        ErrorCase{"ContainerWithoutImage", "a: {kind: container}", "key \"image\" is missing"},
        ErrorCase{"NotAMapping", "a: prometheus", "want a mapping, got \"prometheus\""}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::scenarios
