#include "ruletests/promtool_file.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/duration.h"
#include "base/timestamp.h"
#include "mockstore/notation/input_series.h"
#include "ruletests/first_points.h"
#include "ruletests/tested_rules.h"
#include "scenarios/loading/context.h"

namespace mread::ruletests {
namespace {

using scenarios::Check;
using scenarios::Exactness;
using std::chrono::milliseconds;

std::string at_time(milliseconds time) { return " at " + format_duration(time); }

// What the tests of a file have in common.
struct FileOptions {
  milliseconds evaluation_interval{60'000};
  Exactness exactness = Exactness::exact;
  std::vector<scenarios::TestedRule> rules;
  int64_t now_ms = 0;
};

std::vector<InputLine> read_input(const yaml::Node& list) {
  const auto series = mockstore::read_input_series(list);
  std::vector<InputLine> lines;
  size_t i = 0;
  for (const yaml::Node& item : list.sequence()) {
    yaml::Mapping mapping = item.mapping();
    if (const auto repeat = mapping.find("repeat"))
      repeat->error("promtool knows no repeat:; write the series out");
    lines.push_back({series[i++].labels(0), mapping.require("series").string(),
                     mapping.require("values").string()});
  }
  return lines;
}

Check read_promql_test(const yaml::Node& node, const FileOptions& options) {
  yaml::Mapping lines = node.mapping();
  Check check;
  check.line = node.line();
  check.expr = scenarios::loading::read_expr(lines.require("expr"));
  check.eval_time = lines.require("eval_time").duration();
  check.name = check.expr + at_time(*check.eval_time);
  check.exactness = options.exactness;
  check.samples.emplace();
  if (const auto samples = lines.find("exp_samples")) {
    for (const yaml::Node& item : samples->sequence())
      check.samples->push_back(scenarios::loading::read_sample(item));
  }
  lines.finish();
  return check;
}

std::map<std::string, std::string> read_pairs(yaml::Mapping& lines, const std::string& key) {
  std::map<std::string, std::string> pairs;
  if (const auto mapping = lines.find(key)) {
    yaml::Mapping entries = mapping->mapping();
    for (const yaml::Mapping::Entry& entry : entries.entries())
      pairs[entry.key] = entry.value.string_or_empty();
  }
  return pairs;
}

Check read_alert_test(const yaml::Node& node) {
  yaml::Mapping lines = node.mapping();
  Check check;
  check.kind = Check::Kind::rule_alerts;
  check.line = node.line();
  check.eval_time = lines.require("eval_time").duration();
  scenarios::ExpectedRuleAlerts expected;
  expected.alertname = lines.require("alertname").string();
  if (const auto alerts = lines.find("exp_alerts")) {
    for (const yaml::Node& item : alerts->sequence()) {
      yaml::Mapping alert = item.mapping();
      scenarios::FiringAlert firing{read_pairs(alert, "exp_labels"),
                                    read_pairs(alert, "exp_annotations")};
      alert.finish();
      firing.labels["alertname"] = expected.alertname;
      expected.firing.push_back(std::move(firing));
    }
  }
  lines.finish();
  check.expr = "ALERTS{alertname=" + model::quote(expected.alertname) + "}";
  check.name = "alert " + expected.alertname + at_time(*check.eval_time);
  check.rule_alerts = std::move(expected);
  check.oracle = false;
  return check;
}

milliseconds last_time(const TestGroup& group) {
  milliseconds last{0};
  for (const Check& check : group.checks) last = std::max(last, *check.eval_time);
  return last;
}

// promtool loads samples step by step, and so none after the last step.
void cut_input(const FileOptions& options, TestGroup& group) {
  const milliseconds end = last_time(group);
  const milliseconds last_step = end - end % options.evaluation_interval;
  const auto points = static_cast<uint64_t>(last_step / group.interval) + 1;
  for (InputLine& line : group.input) line.values = first_points(line.values, points);
}

std::shared_ptr<const scenarios::RuleSet> rules_of(const TestGroup& group,
                                                   const FileOptions& options,
                                                   std::map<std::string, std::string> labels) {
  if (options.rules.empty()) return nullptr;
  auto rules = std::make_shared<scenarios::RuleSet>();
  rules->rules = options.rules;
  rules->interval = options.evaluation_interval;
  rules->end = last_time(group);
  rules->external_labels = std::move(labels);
  return rules;
}

// An alert that no rule makes never fires: a test of it could not fail.
void look_for_rule(const yaml::Node& node, const Check& check, const FileOptions& options) {
  if (!check.rule_alerts->firing.empty()) return;
  const bool is_known = std::ranges::any_of(options.rules, [&](const scenarios::TestedRule& rule) {
    return rule.kind == scenarios::TestedRule::Kind::alert &&
           rule.name == check.rule_alerts->alertname;
  });
  if (!is_known)
    node.error("no rule of rule_files: makes the alert \"" + check.rule_alerts->alertname +
               "\", so this test could not fail");
}

TestGroup read_test_group(const yaml::Node& node, const FileOptions& options) {
  yaml::Mapping lines = node.mapping();
  TestGroup group;
  group.file = node.file();
  if (const auto name = lines.find("name")) group.name = name->string();
  group.interval = options.evaluation_interval;
  if (const auto interval = lines.find("interval")) {
    group.interval = interval->duration();
    if (group.interval.count() == 0) interval->error("an interval of 0");
  }
  if (const auto start = lines.find("start_timestamp")) {
    const auto start_ms = parse_timestamp(start->string(), options.now_ms);
    if (!start_ms) start->error(start_ms.error().context);
    group.start_ms = *start_ms;
  }
  if (const auto input = lines.find("input_series")) group.input = read_input(*input);
  // promtool's order: alerts first.
  if (const auto tests = lines.find("alert_rule_test")) {
    for (const yaml::Node& item : tests->sequence()) {
      group.checks.push_back(read_alert_test(item));
      look_for_rule(item, group.checks.back(), options);
    }
  }
  if (const auto tests = lines.find("promql_expr_test")) {
    for (const yaml::Node& item : tests->sequence())
      group.checks.push_back(read_promql_test(item, options));
  }
  if (group.checks.empty())
    node.error("this test asks nothing: it has no alert_rule_test and no promql_expr_test");
  cut_input(options, group);
  group.rules = rules_of(group, options, read_pairs(lines, "external_labels"));
  lines.find("external_url");  // No function that uses it is compared.
  lines.finish();
  return group;
}

std::vector<std::string> read_group_order(const yaml::Node& list) {
  std::set<std::string> seen;
  for (const yaml::Node& item : list.sequence()) {
    if (!seen.insert(item.string()).second)
      item.error("the group \"" + item.string() + "\" is named twice");
  }
  return list.strings();
}

}  // namespace

std::vector<TestGroup> read_promtool_file(const std::string& path, int64_t now_ms) {
  const yaml::Node root = yaml::Node::load(path);
  if (root.is_null()) root.error("the file is empty; promtool's test file has tests:");
  yaml::Mapping lines = root.mapping();
  if (lines.find("nodes") && !lines.find("tests"))
    root.error("this is a scenario; with --topology, the paths are unit tests for promtool");
  FileOptions options;
  options.now_ms = now_ms;
  if (const auto interval = lines.find("evaluation_interval")) {
    options.evaluation_interval = interval->duration();
    if (options.evaluation_interval.count() == 0) interval->error("an interval of 0");
  }
  if (const auto fuzzy = lines.find("fuzzy_compare"); fuzzy && fuzzy->boolean())
    options.exactness = Exactness::last_bit;
  std::vector<std::string> order;
  if (const auto groups = lines.find("group_eval_order")) order = read_group_order(*groups);
  if (const auto files = lines.find("rule_files")) {
    options.rules =
        read_tested_rules(*files, std::filesystem::path(path).parent_path().string(), order);
  }
  std::vector<TestGroup> groups;
  const yaml::Node tests = lines.require("tests");
  for (const yaml::Node& item : tests.sequence()) groups.push_back(read_test_group(item, options));
  if (groups.empty()) tests.error("there is no test");
  lines.finish();
  return groups;
}

}  // namespace mread::ruletests
