// What a scenario demands beside its checks: invariants, load, thresholds, and the failures that are known.
#include <cstdlib>

#include "base/duration.h"
#include "base/yaml_number.h"
#include "scenarios/loading/context.h"

namespace mread::scenarios::loading {
namespace {

struct InvariantWord {
  const char* text;
  Invariant::Kind kind;
};
constexpr InvariantWord invariant_words[] = {{"union_oracle", Invariant::Kind::union_oracle},
                                             {"no_silent_partial", Invariant::Kind::no_silent_partial},
                                             {"no_gap", Invariant::Kind::no_gap},
                                             {"no_duplicate", Invariant::Kind::no_duplicate},
                                             {"monotonic", Invariant::Kind::monotonic}};

Invariant::Kind kind_of(const yaml::Node& place, const std::string& word) {
  std::vector<std::string> names;
  for (const InvariantWord& known : invariant_words) {
    if (word == known.text) return known.kind;
    names.emplace_back(known.text);
  }
  const std::string near = yaml::nearest(word, names);
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  place.error("unknown invariant \"" + word + "\"; " +
              (near.empty() ? "one of " + list : "did you mean \"" + near + "\"?"));
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
  if (symbol_at == std::string::npos) node.error("want an aggregate, < or >, and a limit: 'p(99) < baseline * 1.5'");
  threshold.symbol = text.substr(symbol_at, symbol_at + 1 < text.size() && text[symbol_at + 1] == '=' ? 2 : 1);
  const std::string left(trim(std::string_view(text).substr(0, symbol_at)));
  const size_t limit_at = text.find_first_not_of(' ', symbol_at + threshold.symbol.size());
  const std::string right(trim(limit_at == std::string::npos ? "" : std::string_view(text).substr(limit_at)));

  if (left.starts_with("p(") && left.ends_with(")")) {
    char* end = nullptr;
    threshold.aggregate = "p";
    threshold.quantile = std::strtod(left.c_str() + 2, &end) / 100;
    if (end != left.c_str() + left.size() - 1 || threshold.quantile <= 0 || threshold.quantile > 1) {
      node.error_at(0, "want a percentile above 0 and at most 100: p(99)");
    }
  } else {
    threshold.aggregate = left;
    const bool known =
        metric == "query_failed" ? left == "rate" : left == "max" || left == "min" || left == "avg" || left == "med";
    if (!known) {
      node.error_at(0, "unknown aggregate \"" + left + "\" of " + metric + "; " +
                           (metric == "query_failed" ? "want rate" : "one of p(N), max, min, avg, med"));
    }
  }
  if (metric == "query_failed" && threshold.aggregate == "p") node.error_at(0, "query_failed has a rate only");

  if (right.starts_with("baseline") && metric == "query_duration") {
    threshold.of_baseline = true;
    threshold.limit = 1;
    const std::string_view rest = trim(std::string_view(right).substr(8));
    if (!rest.empty()) {
      char* end = nullptr;
      const std::string factor(trim(rest.substr(1)));
      threshold.limit = std::strtod(factor.c_str(), &end);
      if (rest.front() != '*' || factor.empty() || end != factor.c_str() + factor.size() || threshold.limit <= 0) {
        node.error_at(limit_at, "want baseline, or a multiple of it: baseline * 1.5");
      }
    }
    return threshold;
  }
  if (metric == "query_failed") {
    const auto limit = yaml::parse_number(right);
    if (!limit) node.error_at(limit_at == std::string::npos ? 0 : limit_at, "want a rate from 0 to 1");
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
  if (const auto expect = mapping.find("expect")) issue.expect = read_pattern(*expect, expect->string(), 0);
  mapping.finish();
  return issue;
}

}  // namespace

Invariant read_invariant(const yaml::Node& node, const Test& test) {
  Invariant invariant;
  if (node.is_scalar()) {
    invariant.name = node.string();
    invariant.kind = kind_of(node, invariant.name);
    invariant.during = read_during(std::nullopt, test);
    if (invariant.kind == Invariant::Kind::no_gap || invariant.kind == Invariant::Kind::monotonic) {
      node.error("\"" + invariant.name + "\" needs to know of what: {" + invariant.name + ": {expr: …, range: …}}");
    }
    return invariant;
  }
  yaml::Mapping mapping = node.mapping();
  if (mapping.entries().size() != 1) node.error("want one invariant an entry");
  const auto& [key, key_node, value] = mapping.entries().front();
  invariant.name = key;
  invariant.kind = kind_of(key_node, key);
  yaml::Mapping fields = value.mapping();
  invariant.during = read_during(fields.find("during"), test);
  switch (invariant.kind) {
    case Invariant::Kind::union_oracle:
    case Invariant::Kind::no_silent_partial:
      if (const auto labels = fields.find("replica_labels")) invariant.replica_labels = labels->strings();
      break;
    case Invariant::Kind::no_gap:
    case Invariant::Kind::monotonic: {
      const yaml::Node expr = fields.require("expr");
      invariant.expr = read_expr(expr);
      if (!model::parse_selector(invariant.expr))
        expr.error("want a selector: the samples of its series are looked at");
      invariant.range = fields.require("range").duration();
      if (const auto time = fields.find("eval_time"); time && !(time->is_scalar() && time->string() == "now")) {
        invariant.eval_time = time->duration();
      }
      invariant.node = read_asked_node(fields, test);
      if (invariant.kind == Invariant::Kind::no_gap) invariant.interval = fields.require("interval").duration();
      break;
    }
    case Invariant::Kind::no_duplicate:
      break;
  }
  fields.finish();
  return invariant;
}

Load read_load(const yaml::Node& node, const Test& test) {
  yaml::Mapping mapping = node.mapping();
  Load load;
  mapping.require("executor").one_of({"constant-arrival-rate"});
  const yaml::Node rate = mapping.require("rate");
  load.rate = rate.number();
  if (!(load.rate > 0) || load.rate > 10'000) rate.error("want requests a second, above 0 and at most 10000");
  if (const auto warmup = mapping.find("warmup")) load.warmup = warmup->duration();
  load.duration = mapping.require("duration").duration();
  if (const auto expr = mapping.find("expr")) {
    load.expr = read_expr(*expr);
    load.node = read_asked_node(mapping, test);
    if (const auto time = mapping.find("eval_time"); time && !(time->is_scalar() && time->string() == "now")) {
      load.eval_time = time->duration();
    }
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
