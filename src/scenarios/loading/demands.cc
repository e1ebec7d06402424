// Reads the sections of a scenario after its checks: invariants, load, thresholds, known issues.
#include <algorithm>
#include <cstdlib>

#include "base/duration.h"
#include "base/nearest.h"
#include "base/yaml_number.h"
#include "scenarios/loading/context.h"

namespace mread::scenarios::loading {
namespace {

Invariant::Kind kind_of(const yaml::Node& place, const std::string& word) {
  std::vector<std::string> names;
  for (const InvariantEntry& known : all_invariants) {
    if (word == known.word) return known.kind;
    names.emplace_back(known.word);
  }
  place.error("unknown invariant \"" + word + "\"" + suggestion(word, names, "one of "));
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Threshold read_threshold(const std::string& metric, const yaml::Node& node) {
  Threshold threshold;
  threshold.metric = metric;
  threshold.text = node.string();
  const std::string& text = threshold.text;
  const size_t symbol_at = text.find_first_of("<>");
  if (symbol_at == std::string::npos)
    node.error("want an aggregate, < or >, and a limit: 'p(99) < baseline * 1.5'");
  threshold.symbol =
      text.substr(symbol_at, symbol_at + 1 < text.size() && text[symbol_at + 1] == '=' ? 2 : 1);
  const std::string left(trim(std::string_view(text).substr(0, symbol_at)));
  const size_t limit_at = text.find_first_not_of(' ', symbol_at + threshold.symbol.size());
  const std::string right(
      trim(limit_at == std::string::npos ? "" : std::string_view(text).substr(limit_at)));

  if (left.starts_with("p(") && left.ends_with(")")) {
    char* end = nullptr;
    threshold.aggregate = "p";
    threshold.quantile = std::strtod(left.c_str() + 2, &end) / 100;
    if (end != left.c_str() + left.size() - 1 || threshold.quantile <= 0 ||
        threshold.quantile > 1) {
      node.error_at(0, "want a percentile above 0 and at most 100: p(99)");
    }
  } else {
    threshold.aggregate = left;
    const bool known = metric == "query_failed"
                           ? left == "rate"
                           : left == "max" || left == "min" || left == "avg" || left == "med";
    if (!known) {
      node.error_at(
          0, "unknown aggregate \"" + left + "\" of " + metric + "; " +
                 (metric == "query_failed" ? "want rate" : "one of p(N), max, min, avg, med"));
    }
  }
  if (metric == "query_failed" && threshold.aggregate == "p")
    node.error_at(0, "query_failed has a rate only");

  if (right.starts_with("baseline") && metric == "query_duration") {
    threshold.of_baseline = true;
    threshold.limit = 1;
    const std::string_view rest = trim(std::string_view(right).substr(8));
    if (!rest.empty()) {
      char* end = nullptr;
      const std::string factor(trim(rest.substr(1)));
      threshold.limit = std::strtod(factor.c_str(), &end);
      if (rest.front() != '*' || factor.empty() || end != factor.c_str() + factor.size() ||
          threshold.limit <= 0) {
        node.error_at(limit_at, "want baseline, or a multiple of it: baseline * 1.5");
      }
    }
    return threshold;
  }
  if (metric == "query_failed") {
    const auto limit = yaml::parse_number(right);
    if (!limit)
      node.error_at(limit_at == std::string::npos ? 0 : limit_at, "want a rate from 0 to 1");
    threshold.limit = yaml::to_double(*limit);
    return threshold;
  }
  const auto limit = parse_duration(right);
  if (!limit) node.error_at(limit_at == std::string::npos ? 0 : limit_at, limit.error().context);
  threshold.limit = std::chrono::duration<double>(*limit).count();
  return threshold;
}

KnownIssue read_known_issue(const yaml::Node& node) {
  yaml::Mapping mapping = node.mapping();
  KnownIssue issue;
  issue.reason = mapping.require("reason").string();
  if (const auto expect = mapping.find("expect"))
    issue.expect = read_pattern(*expect, expect->string(), 0);
  mapping.finish();
  return issue;
}

LoadQuery read_load_query(const yaml::Node& node) {
  LoadQuery query;
  if (node.is_scalar()) {
    query.expr = read_expr(node);
    return query;
  }
  yaml::Mapping mapping = node.mapping();
  query.expr = read_expr(mapping.require("expr"));
  if (const auto range = mapping.find("range")) {
    query.range = range->duration();
    if (query.range->count() == 0) range->error("a range of 0");
    const yaml::Node step = mapping.require("step");
    query.step = step.duration();
    if (query.step.count() == 0) step.error("a step of 0");
    // As Prometheus has it.
    if (*query.range / query.step > 11'000)
      step.error("more than 11000 steps: Prometheus refuses such a query");
  }
  mapping.finish();
  return query;
}

std::vector<LoadStage> read_stages(const yaml::Node& list, double highest) {
  std::vector<LoadStage> stages;
  for (const yaml::Node& item : list.sequence()) {
    yaml::Mapping mapping = item.mapping();
    LoadStage stage;
    stage.duration = mapping.require("duration").duration();
    const yaml::Node target = mapping.require("target");
    stage.target = target.number();
    if (!(stage.target >= 0) || stage.target > highest) {
      target.error("want a target from 0 to " + std::to_string(static_cast<int64_t>(highest)));
    }
    mapping.finish();
    stages.push_back(stage);
  }
  if (stages.empty() || stages.size() > 100)
    list.error("want 1 to 100 stages: [{duration: 10s, target: 50}]");
  return stages;
}

// What the executor goes by, and how long.
void read_executor(yaml::Mapping& mapping, Load& load) {
  using Executor = Load::Executor;
  constexpr double highest_rate = 10'000;
  std::vector<std::string> names;
  for (const Executor each : all_executors) names.emplace_back(to_string(each));
  const yaml::Node executor = mapping.require("executor");
  const std::string name = executor.one_of(names);
  load.executor = all_executors[static_cast<size_t>(std::find(names.begin(), names.end(), name) -
                                                    names.begin())];
  const bool is_open = load.executor == Executor::constant_arrival_rate ||
                       load.executor == Executor::ramping_arrival_rate;
  const bool ramps =
      load.executor == Executor::ramping_arrival_rate || load.executor == Executor::ramping_vus;
  if (is_open) {
    const auto rate = ramps ? mapping.find("rate") : mapping.require("rate");
    load.rate = rate ? rate->number() : 0;
    const bool fits = ramps ? load.rate >= 0 : load.rate > 0;
    if (!fits || load.rate > highest_rate)
      rate->error("want requests a second, above 0 and at most 10000");
  } else {
    const auto vus = ramps ? mapping.find("vus") : mapping.require("vus");
    load.vus = vus ? static_cast<size_t>(vus->integer(ramps ? 0 : 1, Load::most_users)) : 0;
  }
  if (ramps) {
    load.stages = read_stages(mapping.require("stages"), is_open ? highest_rate : Load::most_users);
  } else {
    load.duration = mapping.require("duration").duration();
  }
}

// One of `warn:`, `fail:`, `log:` and `duration:`.
Sometimes read_sometimes(yaml::Mapping& fields, const Test& test) {
  static constexpr std::pair<const char*, Sometimes::What> words[] = {
      {"warn", Sometimes::What::warn},
      {"fail", Sometimes::What::fail},
      {"log", Sometimes::What::log},
      {"duration", Sometimes::What::duration}};
  Sometimes sometimes;
  sometimes.line = fields.node().line();
  size_t count = 0;
  for (const auto& [word, what] : words) {
    const auto value = fields.find(word);
    if (!value) continue;
    if (++count > 1) value->error("want one of warn:, fail:, log: and duration:");
    sometimes.what = what;
    if (what == Sometimes::What::duration) {
      sometimes.at_least = value->duration();
    } else {
      sometimes.pattern = read_pattern(*value, value->string(), 0);
    }
  }
  if (count == 0) fields.node().error("what has to happen? say warn:, fail:, log: or duration:");
  if (const auto name = fields.find("name")) sometimes.name = name->string();
  if (sometimes.what == Sometimes::What::log) {
    const yaml::Node node = fields.require("node");
    sometimes.node = node.string();
    if (test.find(sometimes.node) == nullptr)
      node.error("there is no node \"" + sometimes.node + "\"");
    if (const auto file = fields.find("file")) sometimes.file = file->string();
  }
  return sometimes;
}

}  // namespace

Invariant read_invariant(const yaml::Node& node, const Test& test) {
  Invariant invariant;
  if (node.is_scalar()) {
    invariant.name = node.string();
    invariant.kind = kind_of(node, invariant.name);
    invariant.during = read_during(std::nullopt, test);
    if (invariant.subject() == Invariant::Subject::samples) {
      node.error("\"" + invariant.name + "\" needs to know of what: {" + invariant.name +
                 ": {expr: …, range: …}}");
    }
    if (invariant.subject() == Invariant::Subject::course)
      node.error("\"" + invariant.name + "\" needs to know what: {" + invariant.name +
                 ": {warn: …}}");
    return invariant;
  }
  yaml::Mapping mapping = node.mapping();
  if (mapping.entries().size() != 1) node.error("want one invariant an entry");
  const auto& [key, key_node, value] = mapping.entries().front();
  invariant.name = key;
  invariant.kind = kind_of(key_node, key);
  yaml::Mapping fields = value.mapping();
  invariant.during = read_during(fields.find("during"), test);
  switch (invariant.subject()) {
    case Invariant::Subject::oracle:
      if (const auto labels = fields.find("replica_labels"))
        invariant.replica_labels = labels->strings();
      break;
    case Invariant::Subject::samples: {
      const yaml::Node expr = fields.require("expr");
      invariant.expr = read_expr(expr);
      if (!model::parse_selector(invariant.expr))
        expr.error("want a selector: the samples of its series are looked at");
      invariant.range = fields.require("range").duration();
      if (const auto time = fields.find("eval_time");
          time && !(time->is_scalar() && time->string() == "now")) {
        invariant.eval_time = time->duration();
      }
      invariant.node = read_asked_node(fields, test);
      if (invariant.kind == Invariant::Kind::no_gap)
        invariant.interval = fields.require("interval").duration();
      break;
    }
    case Invariant::Subject::course:
      invariant.sometimes = read_sometimes(fields, test);
      break;
    case Invariant::Subject::answers:
      break;
  }
  fields.finish();
  return invariant;
}

Load read_load(const yaml::Node& node, const Test& test) {
  yaml::Mapping mapping = node.mapping();
  Load load;
  read_executor(mapping, load);
  if (const auto warmup = mapping.find("warmup")) load.warmup = warmup->duration();
  if (const auto expr = mapping.find("expr")) load.queries.push_back(read_load_query(*expr));
  if (const auto queries = mapping.find("queries")) {
    if (!load.queries.empty()) queries->error("expr and queries: one of the two");
    for (const yaml::Node& item : queries->sequence())
      load.queries.push_back(read_load_query(item));
    if (load.queries.empty() || load.queries.size() > 100) queries->error("want 1 to 100 queries");
  }
  if (const auto flag = mapping.find("dashboard")) {
    load.is_dashboard = flag->boolean();
    if (load.is_dashboard && (load.queries.size() < 2 || load.queries.size() > 50)) {
      flag->error("a dashboard has queries: of 2 to 50 panels");
    }
  }
  if (const auto flag = mapping.find("vary_time")) load.varies_time = flag->boolean();
  const auto asked = mapping.find("node");
  if (asked || !load.queries.empty()) load.node = read_asked_node(mapping, test);
  if (const auto time = mapping.find("eval_time");
      time && !(time->is_scalar() && time->string() == "now")) {
    if (load.queries.empty())
      time->error("eval_time goes with expr or queries; a check's own query has its own time");
    load.eval_time = time->duration();
  }
  mapping.finish();
  return load;
}

std::vector<Threshold> read_thresholds(const yaml::Node& node, const Test& test) {
  if (!test.load) node.error("thresholds are of a load, and there is no load:");
  std::vector<Threshold> thresholds;
  yaml::Mapping mapping = node.mapping();
  for (const char* metric : {"query_duration", "query_failed"}) {
    if (const auto list = mapping.find(metric)) {
      for (const yaml::Node& item : list->sequence_or_one()) {
        thresholds.push_back(read_threshold(metric, item));
        if (thresholds.back().of_baseline && test.timeline.empty()) {
          item.error("the baseline is the time without a fault, and there is no timeline:");
        }
      }
    }
  }
  mapping.finish();
  return thresholds;
}

std::vector<KnownIssue> read_known_issues(const yaml::Node& node) {
  std::vector<KnownIssue> issues;
  if (node.is_null()) return issues;
  for (const yaml::Node& item : node.sequence_or_one()) issues.push_back(read_known_issue(item));
  return issues;
}

}  // namespace mread::scenarios::loading
