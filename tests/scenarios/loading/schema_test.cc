// The schema and the loader know the same files: what the library holds is valid, each mapping has
// the keys that the loader knows there, and an unknown key is refused by both.
#include "scenarios/loading/schema.h"

#include <functional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mockstore/faults/registry.h"
#include "scenarios/loading/json_schema.h"
#include "scenarios/loading/load_scenario.h"
#include "scenarios/model/invariant.h"
#include "scenarios/nodes/node_kinds.h"
#include "scenarios/running/run.h"

namespace mread::scenarios {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

const std::string source_dir = MREAD_SOURCE_DIR;
const json::object& schema() {
  static const json::object made = scenario_schema();
  return made;
}

std::string error_of(const std::string& text) {
  return schema_error(schema(), json_of(yaml::Node::parse(text, "x.yaml")));
}

std::string loader_error_of(const std::string& text) {
  try {
    static_cast<void>(parse_scenario(text, "x.yaml", {1'700'000'000'000, {}}));
    return "";
  } catch (const yaml::ConfigError& error) {
    return error.what();
  }
}

TEST(Schema, EveryScenarioOfTheLibraryFits) {
  const auto files =
      find_scenarios({source_dir + "/scenarios", source_dir + "/examples/scenarios"});
  ASSERT_TRUE(files);
  EXPECT_GT(files->size(), 30U);
  for (const std::string& file : *files)
    EXPECT_EQ(schema_error(schema(), json_of(yaml::Node::load(file))), "") << file;
}

constexpr const char* wrong_key = "qqqqqqqqqqqqqqqqqqqqqqqq";

// Files with a wrong key in one mapping: "KEY" stands for it.
struct Place {
  const char* name;
  std::vector<std::string> files;
};

std::string with_nodes(const std::string& nodes, const std::string& rest = "") {
  return "name: x\nnodes:\n  q: {kind: prometheus}\n" + nodes +
         "checks: [{expr: up, exp_count: 0}]\n" + rest;
}
std::string with_check(const std::string& check) {
  return "name: x\nnodes: {q: {kind: prometheus}, m: {kind: mock}, am: {kind: alertmanager}}\n"
         "checks: [" +
         check + "]\n";
}
std::string with_rest(const std::string& rest) { return with_nodes("", rest); }

const std::vector<Place>& places() {
  static const std::vector<Place> all{
      {"Root", {with_rest("KEY: 1\n")}},
      {"Prometheus", {with_nodes("  n: {kind: prometheus, KEY: 1}\n")}},
      {"Mock", {with_nodes("  n: {kind: mock, KEY: 1}\n")}},
      {"Merger", {with_nodes("  n: {kind: merger, config: {remote_read: [q]}, KEY: 1}\n")}},
      {"NodeExporter", {with_nodes("  n: {kind: node_exporter, KEY: 1}\n")}},
      {"Influxdb", {with_nodes("  n: {kind: influxdb, KEY: 1}\n")}},
      {"Alertmanager", {with_nodes("  n: {kind: alertmanager, KEY: 1}\n")}},
      {"Container", {with_nodes("  n: {kind: container, image: x, KEY: 1}\n")}},
      {"InputSeries",
       {with_nodes("  n: {kind: mock, input_series: [{series: a, values: 1, KEY: 1}]}\n")}},
      {"Auth", {with_nodes("  n: {kind: mock, auth: {bearer: x, KEY: 1}}\n")}},
      {"BasicAuth",
       {with_nodes("  n: {kind: mock, auth: {basic: {username: a, password: b, KEY: 1}}}\n")}},
      {"Check",
       {with_check("{expr: up, exp_count: 0, KEY: 1}"), with_check("{read: up, node: m, KEY: 1}"),
        with_check("{alerts: Up, node: am, KEY: 1}")}},
      {"Alert", {with_check("{alerts: Up, node: am, exp_alerts: [{exp_labels: {}, KEY: 1}]}")}},
      {"Range", {with_check("{expr: up, range: {end: 1m, KEY: 1}}")}},
      {"Sample", {with_check("{expr: up, exp_samples: [{value: 1, KEY: 1}]}")}},
      {"SameAs", {with_check("{expr: up, same_as: {expr: up, KEY: 1}}")}},
      {"Timeline", {with_rest("timeline: [{node: q, act: kill, KEY: 1}]\n")}},
      {"UnionOracle", {with_rest("invariants: [{union_oracle: {KEY: 1}}]\n")}},
      {"NoGap",
       {with_rest("invariants: [{no_gap: {expr: up, range: 1m, interval: 15s, KEY: 1}}]\n")}},
      {"Monotonic", {with_rest("invariants: [{monotonic: {expr: up, range: 1m, KEY: 1}}]\n")}},
      {"Sometimes", {with_rest("invariants: [{sometimes: {log: x, node: q, file: f, KEY: 1}}]\n")}},
      {"NoDuplicate", {with_rest("invariants: [{no_duplicate: {KEY: 1}}]\n")}},
      {"Load",
       {with_rest("load: {executor: constant-arrival-rate, rate: 1, duration: 1s, KEY: 1}\n"),
        with_rest("load: {executor: constant-vus, vus: 1, duration: 1s, KEY: 1}\n"),
        with_rest("load: {executor: ramping-vus, stages: [{duration: 1s, target: 1}], KEY: 1}\n")}},
      {"LoadQuery",
       {with_rest("load: {executor: constant-vus, vus: 1, duration: 1s, "
                  "expr: {expr: up, range: 1m, step: 1s, KEY: 1}}\n")}},
      {"Stage",
       {with_rest("load: {executor: ramping-vus, stages: [{duration: 1s, target: 1, KEY: 1}]}\n")}},
      {"Thresholds",
       {with_rest("load: {executor: constant-vus, vus: 1, duration: 1s}\nthresholds: {KEY: 1}\n")}},
      {"KnownIssue", {with_rest("known_issue: {reason: x, KEY: 1}\n")}}};
  return all;
}

std::string with_key(std::string text, const std::string& key) {
  return text.replace(text.find("KEY"), 3, key);
}

// "…; known here: a, b, c"
std::set<std::string> known_in(const std::string& error) {
  const std::string begin = "known here: ";
  std::set<std::string> keys;
  size_t at = error.find(begin);
  if (at == std::string::npos) return keys;
  at += begin.size();
  const size_t end = error.find('\n', at);
  while (at < end) {
    const size_t comma = std::min(error.find(", ", at), end);
    keys.insert(error.substr(at, comma - at));
    at = comma + 2;
  }
  return keys;
}

class SchemaPlaceTest : public testing::TestWithParam<Place> {};

TEST_P(SchemaPlaceTest, AnUnknownKeyIsRefusedByBoth) {
  for (const std::string& file : GetParam().files) {
    const std::string text = with_key(file, wrong_key);
    EXPECT_THAT(loader_error_of(text), HasSubstr("unknown key \"" + std::string(wrong_key)));
    EXPECT_THAT(error_of(text), HasSubstr(wrong_key));
  }
}

// Every key that the loader says it knows is allowed at this place, whatever its value is for.
TEST_P(SchemaPlaceTest, AllowsTheKeysThatTheLoaderKnows) {
  for (const std::string& file : GetParam().files) {
    const std::set<std::string> known = known_in(loader_error_of(with_key(file, wrong_key)));
    EXPECT_FALSE(known.empty());
    for (const std::string& key : known) {
      // Of a mock.yml; the loader knows them to say that the engine decides.
      if (key == "listen" || key == "admin_listen") continue;
      std::string text = file;
      text.replace(text.find("KEY: 1"), 6, key + ": ");
      try {
        EXPECT_EQ(error_of(text), "") << text;
      } catch (const yaml::ConfigError& error) {
        EXPECT_THAT(error.what(), HasSubstr("duplicate")) << "the file has this key already";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Mappings, SchemaPlaceTest, testing::ValuesIn(places()),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

// And no more: a key of the schema that the loader knows nowhere would be a lie.
TEST(Schema, HasNoKeyThatTheLoaderDoesNotKnow) {
  // "tests" is for mread run --topology (ruletests/over_topology.h).
  std::set<std::string> known{"when",        "each",  "item", "count",
                              "probability", "first", "kind", "tests"};
  for (const Place& place : places()) {
    for (const std::string& file : place.files) {
      for (const std::string& key : known_in(loader_error_of(with_key(file, wrong_key))))
        known.insert(key);
    }
  }
  for (const auto& fault : mockstore::faults::registry()) known.insert(std::string(fault.name));
  for (const InvariantEntry& entry : all_invariants) known.insert(entry.word);
  std::set<std::string> in_schema;
  const std::function<void(const json::value&)> collect = [&](const json::value& value) {
    if (value.is_array()) {
      for (const json::value& item : value.get_array()) collect(item);
    }
    if (!value.is_object()) return;
    for (const auto& [key, member] : value.get_object()) {
      if (key == "properties") {
        for (const auto& property : member.as_object())
          in_schema.insert(std::string(property.key()));
      }
      collect(member);
    }
  };
  collect(schema());
  for (const std::string& key : in_schema) EXPECT_TRUE(known.contains(key)) << key;
}

TEST(Schema, KnowsTheLoadersWords) {
  for (const auto& kind : all_node_kinds) {
    const std::string word(kind().word);
    if (word == "merger" || word == "container") continue;  // They have keys that are required.
    EXPECT_EQ(error_of(with_nodes("  n: {kind: " + word + "}\n")), "") << word;
  }
  for (const auto& fault : mockstore::faults::registry()) {
    const std::string name(fault.name);
    EXPECT_EQ(error_of(with_rest("timeline: [{node: q, fault: {" + name + ": 1s}}]\n")), "");
  }
  for (const std::string& wrong :
       {with_nodes("  n: {kind: prometeus}\n"), with_rest("timeline: [{node: q, act: kil}]\n"),
        with_rest("timeline: [{node: q, fault: {latensy: 1s}}]\n"),
        with_rest("timeline: [{node: q, fault: hangs}]\n"), with_rest("invariants: [union]\n"),
        with_rest("load: {executor: constant, rate: 1, duration: 1s}\n"),
        std::string("name: x\n")}) {
    EXPECT_NE(error_of(wrong), "") << wrong;
    EXPECT_NE(loader_error_of(wrong), "") << wrong;
  }
}

TEST(Schema, TakesWhatStandsForSeveral) {
  const std::string file =
      "name: x\nnodes:\n  c: {count: 3, kind: mock}\n"
      "  q: {kind: prometheus, config: {remote_read: ['c-*']}, flags: [{each: 2, item: --x}]}\n"
      "checks: [{each: c, read: up, node: \"c-${index}\", exp_series: 0}, {expr: up, exp_count: 0, "
      "during: "
      "[{each: "
      "1, item: before}]}]\n";
  EXPECT_EQ(error_of(file), "");
  EXPECT_EQ(loader_error_of(file), "");
}

TEST(Schema, TakesVariablesAndConditionsEverywhere) {
  EXPECT_EQ(error_of("name: x\nmatrix: {n: [a, b]}\nvars: {s: [{series: a, values: 1}]}\n"
                     "nodes: {q: {kind: prometheus, input_series: \"${s}\", when: n == a}}\n"
                     "timeline: [{when: n == a, node: q, act: \"${n == a ? kill : stop}\"}]\n"
                     "checks: [{expr: up, exp_count: 0, when: n == b}]\n"
                     "known_issue: {when: n == b, reason: x}\n"),
            "");
}

}  // namespace
}  // namespace mread::scenarios
