#include "ruletests/over_topology.h"

#include <algorithm>

#include "base/file.h"
#include "base/timestamp.h"
#include "model/matcher.h"
#include "scenarios/rules/rule_uses.h"

namespace mread::ruletests {
namespace {

using scenarios::Check;
using scenarios::Test;

constexpr const char* input_key = "input_series";
constexpr const char* tests_word = "tests";

// What of the data a node holds.
struct Share {
  std::vector<model::Matcher> matchers;
  size_t shard = 0;
  size_t of = 1;

  bool has(size_t index, const model::LabelSet& labels) const {
    return index % of == shard && std::ranges::all_of(matchers, [&](const model::Matcher& matcher) {
             return matcher.matches(std::string(labels.get(matcher.name())));
           });
  }
};

// `input_series:` of a node, if it speaks of tests.
std::optional<Share> read_share(const yaml::Node& value) {
  if (value.is_scalar() && value.string() == tests_word) return Share{};
  if (!value.is_mapping()) return std::nullopt;
  yaml::Mapping lines = value.mapping();
  const yaml::Node what = lines.require(tests_word);
  lines.finish();
  Share share;
  if (what.is_mapping()) {
    yaml::Mapping shards = what.mapping();
    share.of = static_cast<size_t>(shards.require("of").integer(1, 1000));
    share.shard =
        static_cast<size_t>(shards.require("shard").integer(0, static_cast<int64_t>(share.of) - 1));
    shards.finish();
    return share;
  }
  size_t offset = 0;
  auto matchers = model::parse_selector(what.string(), &offset);
  if (!matchers) what.error_at(offset, matchers.error().context);
  share.matchers = std::move(*matchers);
  return share;
}

bool reads_others(const YAML::Node& node) {
  const YAML::Node config = node["config"];
  return node["config_file"] || node["upstream"] || node["sink"] ||
         (config.IsDefined() && config.IsMap() &&
          (config["remote_read"] || config["scrape_configs"]));
}

bool can_hold(const YAML::Node& node) {
  if (!node.IsMap() || !node["kind"] || !node["kind"].IsScalar()) return false;
  const std::string kind = node["kind"].Scalar();
  return (kind == "mock" || kind == "prometheus" || kind == "influxdb") && !reads_others(node);
}

YAML::Node input_of(const std::vector<InputLine>& input, const Share& share) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (size_t i = 0; i < input.size(); ++i) {
    if (!share.has(i, input[i].labels)) continue;
    YAML::Node item;
    item["series"] = input[i].series;
    item["values"] = input[i].values;
    list.push_back(item);
  }
  return list;
}

void fill(YAML::Node node, const std::vector<InputLine>& input, const Share& share) {
  const YAML::Node list = input_of(input, share);
  if (list.size() == 0)
    node.remove(input_key);
  else
    node[input_key] = list;
}

void fill_nodes(const yaml::Node& nodes, const TestGroup& group) {
  bool is_said = false;
  yaml::Mapping all = nodes.mapping();
  for (const yaml::Mapping::Entry& entry : all.entries()) {
    if (!entry.value.is_mapping()) continue;
    const auto value = entry.value.mapping().find(input_key);
    const auto share = value ? read_share(*value) : std::nullopt;
    if (!share) continue;
    is_said = true;
    fill(entry.value.raw(), group.input, *share);
  }
  if (is_said) return;
  bool is_held = false;
  for (const yaml::Mapping::Entry& entry : all.entries()) {
    if (!can_hold(entry.value.raw())) continue;
    is_held = true;
    fill(entry.value.raw(), group.input, {});
  }
  if (!is_held) {
    nodes.error(
        "no node can hold the data of the tests: want a mock, prometheus or influxdb node that "
        "reads from no other, or input_series: tests in a node");
  }
}

void edit(const yaml::Node& document, const TestGroup& group) {
  yaml::Mapping root = document.mapping();
  fill_nodes(root.require("nodes"), group);
  YAML::Node raw = document.raw();
  raw["interval"] = std::to_string(group.interval.count()) + "ms";
  if (group.start_ms)
    raw["start_timestamp"] = format_timestamp(*group.start_ms);
  else if (!root.find("start_timestamp"))
    raw["start_timestamp"] = "0";
}

std::vector<std::string> asked_nodes(const Test& test) {
  std::vector<std::string> query_nodes;
  std::vector<std::string> all;
  for (const scenarios::NodeDeclaration& node : test.nodes) {
    if (!node.node->knows_promql()) continue;
    all.push_back(node.name);
    if (node.is_query_node) query_nodes.push_back(node.name);
  }
  return query_nodes.empty() ? all : query_nodes;
}

void shift(model::Series& series, int64_t by_ms) {
  for (model::Sample& sample : series.samples) sample.timestamp_ms += by_ms;
  for (model::HistogramSample& sample : series.histograms) sample.timestamp_ms += by_ms;
}

void ask(Test& test, const TestGroup& group, const std::string& name, const Topology& topology) {
  test.id = name + test.id.substr(test.scenario.size());
  test.scenario = name;
  test.file = group.file;
  test.topology = topology.path;
  test.description = group.name;
  const std::vector<std::string> asked = asked_nodes(test);
  if (asked.empty())
    throw yaml::ConfigError(topology.path +
                            ": no node evaluates PromQL; want a prometheus node to ask");
  const auto uses =
      group.rules ? std::make_optional<scenarios::RuleUses>(*group.rules) : std::nullopt;
  for (const std::string& node : asked) {
    for (Check check : group.checks) {
      check.node = node;
      check.during = scenarios::phases_of(test.timeline);
      if (check.range_series) {
        for (model::Series& series : *check.range_series) shift(series, test.start_ms);
      }
      if (uses && !uses->behind(check).empty()) {
        test.rules = group.rules;
        check.oracle = false;
      }
      test.checks.push_back(std::move(check));
    }
  }
}

// Whether rules write series into the query node.
bool records(const Test& test) {
  if (!test.rules) return false;
  const scenarios::RuleUses uses(*test.rules);
  return std::ranges::any_of(test.checks, [&](const Check& check) {
    const auto behind = uses.behind(check);
    return std::ranges::any_of(behind, [&](size_t rule) {
      return test.rules->rules[rule].kind == scenarios::TestedRule::Kind::record ||
             check.kind == Check::Kind::promql;
    });
  });
}

// The same test for each of its phases alone.
std::vector<Test> by_phase(const Test& test) {
  std::vector<Test> tests;
  for (const std::string& phase : scenarios::phases_of(test.timeline)) {
    Test one = test;
    one.id += "-" + phase;
    one.matrix_case.emplace_back("phase", phase);
    // It comes first, so nothing needs to be broken and mended.
    if (phase == "before") one.timeline.clear();
    for (Check& check : one.checks) check.during = {phase};
    for (scenarios::Invariant& invariant : one.invariants)
      std::erase_if(invariant.during, [&](const std::string& other) { return other != phase; });
    // What has to happen sometimes does not while nothing is broken yet.
    std::erase_if(one.invariants, [&](const scenarios::Invariant& invariant) {
      return invariant.during.empty() ||
             (phase == "before" && invariant.subject() == scenarios::Invariant::Subject::course);
    });
    tests.push_back(std::move(one));
  }
  return tests;
}

}  // namespace

Topology read_topology(const std::string& path) {
  yaml::Node::load(path);  // For its errors: a file that is not there, a folder.
  auto text = read_file(path, config_file_limit_bytes);
  if (!text) throw yaml::ConfigError(path + ": cannot be read: " + text.error().to_string());
  return {path, std::move(*text)};
}

std::vector<Test> tests_over(const TestGroup& group, const std::string& name,
                             const Topology& topology, const scenarios::LoadOptions& options) {
  const scenarios::Filling filling{[&](const yaml::Node& document) { edit(document, group); },
                                   [&](Test& test) { ask(test, group, name, topology); }};
  scenarios::LoadOptions filled = options;
  filled.filling = &filling;
  std::vector<Test> tests;
  for (Test& test : scenarios::parse_scenario(topology.text, topology.path, filled)) {
    if (test.timeline.empty() || !records(test)) {
      tests.push_back(std::move(test));
      continue;
    }
    std::ranges::move(by_phase(test), std::back_inserter(tests));
  }
  return tests;
}

}  // namespace mread::ruletests
