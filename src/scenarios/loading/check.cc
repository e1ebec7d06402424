#include <algorithm>
#include <cstdlib>

#include "base/duration.h"
#include "base/nearest.h"
#include "mockstore/notation/input_series.h"
#include "scenarios/checks/oracle_scope.h"
#include "scenarios/loading/context.h"

namespace mread::scenarios::loading {
namespace {

// `eval_time:` as promtool has it, or `now`.
std::optional<milliseconds> read_time(const yaml::Node& value) {
  if (value.is_scalar() && value.string() == "now") return std::nullopt;
  return value.duration();
}

bool is_empty(const yaml::Node& labels) {
  if (labels.is_mapping()) return labels.mapping().entries().empty();
  return labels.is_scalar() && labels.string().find_first_not_of(" \t\n") == std::string::npos;
}

Expectation read_expectation(const yaml::Node& node) {
  using Kind = Expectation::Kind;
  struct Word {
    const char* text;
    Kind kind;
  };
  constexpr Word words[] = {{"no_warn", Kind::no_warn},
                            {"no_info", Kind::no_info},
                            {"warn", Kind::warn},
                            {"info", Kind::info},
                            {"fail", Kind::fail}};
  const std::string text = node.string();
  const size_t space = text.find(' ');
  const std::string head = text.substr(0, space);
  for (const Word& word : words) {
    if (head != word.text) continue;
    Expectation expectation{word.kind, {}};
    if (space == std::string::npos) return expectation;
    constexpr std::string_view regex = "regex:";
    constexpr std::string_view msg = "msg:";
    size_t at = text.find_first_not_of(' ', space);
    if (at != std::string::npos && word.kind != Kind::no_warn && word.kind != Kind::no_info) {
      const bool is_regex = text.compare(at, regex.size(), regex) == 0;
      if (is_regex || text.compare(at, msg.size(), msg) == 0) {
        at = text.find_first_not_of(' ', at + (is_regex ? regex.size() : msg.size()));
        if (at == std::string::npos) node.error("the pattern is empty");
        const std::string pattern = text.substr(at);
        expectation.pattern =
            read_pattern(node, is_regex ? pattern : re2::RE2::QuoteMeta(pattern), at);
        expectation.pattern->text = pattern;
        return expectation;
      }
    }
    node.error_at(space, "want \"" + head + "\" alone" +
                             (word.kind == Kind::no_warn || word.kind == Kind::no_info
                                  ? ""
                                  : " or \"" + head + " regex: …\" or \"" + head + " msg: …\""));
  }
  std::vector<std::string> known;
  for (const Word& word : words) known.emplace_back(word.text);
  node.error("unknown expectation \"" + head + "\"" + suggestion(head, known, "one of "));
}

// "2s", "baseline", "baseline * 1.5", "8s + baseline * 2".
DurationBound read_bound(const yaml::Node& node) {
  DurationBound bound;
  bound.text = node.string();
  size_t at = 0;
  const auto skip = [&] {
    while (at < bound.text.size() && bound.text[at] == ' ') ++at;
  };
  while (true) {
    skip();
    const size_t begin = at;
    while (at < bound.text.size() && std::isalnum(static_cast<unsigned char>(bound.text[at])) != 0)
      ++at;
    const std::string word = bound.text.substr(begin, at - begin);
    if (word == "baseline") {
      double factor = 1;
      skip();
      if (at < bound.text.size() && bound.text[at] == '*') {
        ++at;
        const char* number = bound.text.c_str() + at;
        char* end = nullptr;
        factor = std::strtod(number, &end);
        if (end == number || !(factor > 0))
          node.error_at(at, "want a factor of the baseline, e.g. baseline * 1.5");
        at += static_cast<size_t>(end - number);
      }
      bound.baseline += factor;
    } else {
      const auto fixed = parse_duration(word);
      if (!fixed) {
        node.error_at(
            begin, "want durations and multiples of the baseline, e.g. 8s + baseline * 2, got \"" +
                       bound.text.substr(begin) + "\"");
      }
      bound.fixed += *fixed;
    }
    skip();
    if (at == bound.text.size()) return bound;
    if (bound.text[at] != '+') node.error_at(at, "want + or the end");
    ++at;
  }
}

void read_promql(yaml::Mapping& mapping, const yaml::Node& expr, const Test& test, Check& check) {
  check.expr = read_expr(expr);
  check.node = read_asked_node(mapping, test);
  const auto eval_time = mapping.find("eval_time");
  if (const auto time = mapping.find("time")) {
    if (eval_time) time->error("eval_time: and time: say the same; want one of them");
    if (time->string() != "now")
      time->error("want \"now\"; a time from start_timestamp on is eval_time:");
  } else if (eval_time) {
    check.eval_time = read_time(*eval_time);
  }
  if (const auto range = mapping.find("range")) {
    if (eval_time || mapping.find("time"))
      range->error("a range query has start, end and step, and no eval_time:");
    yaml::Mapping fields = range->mapping();
    Check::Range out;
    if (const auto start = fields.find("start")) out.start = start->duration();
    out.end = fields.require("end").duration();
    if (const auto step = fields.find("step")) {
      out.step = step->duration();
      if (out.step.count() == 0) step->error("a step of 0");
    } else {
      out.step = test.interval;
    }
    fields.finish();
    if (out.end < out.start) range->error("it ends before it starts");
    check.range = out;
  }
  if (const auto samples = mapping.find_or_null("exp_samples")) {
    if (check.range)
      samples->error(
          "exp_samples: is for instant queries; for a range use same_as:, exp_count: or an oracle");
    std::vector<ExpectedSample> list;
    if (!samples->is_null()) {
      for (const yaml::Node& item : samples->sequence()) list.push_back(read_sample(item));
    }
    check.samples = std::move(list);
  }
  if (const auto count = mapping.find("exp_count")) check.count = Comparison::parse(*count);
  if (const auto values = mapping.find("exp_value")) {
    for (const yaml::Node& item : values->sequence_or_one())
      check.values.push_back(Comparison::parse(item));
  }
  if (const auto oracle = mapping.find("oracle")) check.oracle = oracle->boolean();
  if (const auto same_as = mapping.find("same_as")) {
    yaml::Mapping fields = same_as->mapping();
    Check::SameAs other{check.expr, check.node};
    const auto other_expr = fields.find("expr");
    const auto other_node = fields.find("node");
    if (other_expr) other.expr = read_expr(*other_expr);
    if (other_node) other.node = read_asked_node(fields, test);
    fields.finish();
    if (!other_expr && !other_node)
      same_as->error("want expr:, node: or both: the same question needs no comparison");
    check.same_as = other;
  }
}

void read_read(yaml::Mapping& mapping, const yaml::Node& selector, const Test& test, Check& check) {
  check.kind = Check::Kind::read;
  check.expr = selector.string();
  size_t offset = 0;
  auto matchers = model::parse_selector(check.expr, &offset);
  if (!matchers) selector.error_at(offset, matchers.error().context);
  check.matchers = std::move(*matchers);
  const yaml::Node node = mapping.require("node");
  const NodeDeclaration& asked = known_node(node, test);
  if (!asked.node->answers_reads())
    node.error("\"" + asked.name + "\" is a " + asked.kind + ", which has no remote read");
  check.node = asked.name;
  if (const auto start = mapping.find("start")) check.read_start = start->duration();
  if (const auto end = mapping.find("end")) check.read_end = end->duration();
  if (const auto stream = mapping.find("stream")) check.stream = stream->boolean();
  if (const auto series = mapping.find("exp_series")) check.count = Comparison::parse(*series);
  if (const auto samples = mapping.find("exp_samples")) {
    if (!samples->is_scalar())
      samples->error("of a read, exp_samples: is how many there are: 40 or '>= 40'");
    check.sample_count = Comparison::parse(*samples);
  }
  if (const auto partial = mapping.find("exp_partial")) {
    const std::string text = partial->string();
    check.partial = text == "false" ? Pattern{"", nullptr} : read_pattern(*partial, text, 0);
  }
}

// `exp_labels:` and `exp_annotations:`, which promtool has as mappings.
model::LabelSet read_label_mapping(const yaml::Node& node) {
  std::vector<model::Label> labels;
  yaml::Mapping mapping = node.mapping();
  for (const auto& [name, name_node, value] : mapping.entries())
    labels.push_back({name, value.string()});
  auto set = model::LabelSet::from(std::move(labels));
  if (!set) node.error(set.error().context);
  return std::move(*set);
}

ExpectedAlert read_alert(const yaml::Node& node) {
  yaml::Mapping mapping = node.mapping();
  ExpectedAlert alert{read_label_mapping(mapping.require("exp_labels")), std::nullopt};
  if (const auto annotations = mapping.find("exp_annotations"))
    alert.annotations = read_label_mapping(*annotations);
  mapping.finish();
  return alert;
}

void read_alerts(yaml::Mapping& mapping, const yaml::Node& selector, const Test& test,
                 Check& check) {
  check.kind = Check::Kind::alerts;
  size_t offset = 0;
  const auto matchers = model::parse_selector(selector.string(), &offset);
  if (!matchers) selector.error_at(offset, matchers.error().context);
  for (const model::Matcher& matcher : *matchers) {
    // An alert has no metric name; its own name stands there.
    const bool is_name = matcher.name() == model::metric_name_label;
    auto made = model::Matcher::create(matcher.type(), is_name ? "alertname" : matcher.name(),
                                       matcher.value());
    if (!made) selector.error(made.error().context);
    check.matchers.push_back(std::move(*made));
  }
  check.expr = model::to_string(check.matchers);
  const yaml::Node node = mapping.require("node");
  const NodeDeclaration& asked = known_node(node, test);
  if (!asked.node->holds_alerts())
    node.error("\"" + asked.name + "\" is a " + asked.kind +
               " node; only alertmanager nodes hold alerts");
  check.node = asked.name;
  if (const auto alerts = mapping.find_or_null("exp_alerts")) {
    std::vector<ExpectedAlert> list;
    if (!alerts->is_null()) {
      for (const yaml::Node& item : alerts->sequence()) list.push_back(read_alert(item));
    }
    check.alerts = std::move(list);
  }
  if (const auto count = mapping.find("exp_count")) check.count = Comparison::parse(*count);
}

void read_requests(const yaml::Node& value, const Test& test, Check& check) {
  yaml::Mapping mapping = value.mapping();
  for (const auto& item : mapping.entries()) {
    const NodeDeclaration* node = test.find(item.key);
    if (node == nullptr) {
      std::vector<std::string> names;
      for (const NodeDeclaration& one : test.nodes) names.push_back(one.name);
      item.key_node.error("unknown node \"" + item.key + "\"" + suggestion(item.key, names));
    }
    if (node->node->read_counter() == ReadCounter::none) {
      item.key_node.error(
          "\"" + item.key + "\" is a " + node->kind +
          " node; only mocks and prometheus nodes count the reads that they are asked");
    }
    check.requests.emplace(item.key, Comparison::parse(item.value));
  }
}

void read_question(yaml::Mapping& mapping, const Test& test, Check& check) {
  const auto expr = mapping.find("expr");
  const auto read = mapping.find("read");
  const auto alerts = mapping.find("alerts");
  if (expr && read) read->error("expr: and read: are checks of their own");
  if (alerts && (expr || read))
    alerts->error("alerts: is a check of its own, without expr: and read:");
  if (alerts) return read_alerts(mapping, *alerts, test, check);
  if (read) return read_read(mapping, *read, test, check);
  read_promql(mapping, expr ? *expr : mapping.require("expr"), test, check);
}

}  // namespace

ExpectedSample read_sample(const yaml::Node& node) {
  yaml::Mapping mapping = node.mapping();
  ExpectedSample sample;
  const auto labels =
      mapping.find("labels");  // As in promtool: none, "" and {} are a sample without labels.
  const auto value = mapping.find("value");
  const auto histogram = mapping.find("histogram");
  mapping.finish();
  size_t offset = 0;
  if (labels && !is_empty(*labels)) {
    sample.labels_text = labels->string();
    auto parsed = model::parse_series(sample.labels_text, &offset);
    if (!parsed) labels->error_at(offset, parsed.error().context);
    sample.labels = std::move(*parsed);
  } else {
    sample.labels_text = "{}";
  }
  if (value.has_value() == histogram.has_value())
    node.error("want value:, or histogram: in promtool's notation");
  if (value) {
    sample.value = value->number();
    return sample;
  }
  std::string text = histogram->string();
  const auto sequence = mockstore::ValueSequence::parse(text, &offset);
  if (!sequence) histogram->error_at(offset, sequence.error().context);
  model::Series series;
  if (sequence->size() == 1) sequence->expand({0, 1000}, series);
  if (series.histograms.size() != 1)
    histogram->error("want one native histogram: {{schema:0 count:… buckets:[…]}}");
  sample.histogram = std::move(series.histograms.front().histogram);
  return sample;
}

Check read_check(const yaml::Node& node, const Test& test) {
  yaml::Mapping mapping = node.mapping();
  Check check;
  check.line = node.line();
  read_question(mapping, test, check);
  check.name = check.expr;
  if (const auto name = mapping.find("name")) check.name = name->string();
  check.during = read_during(mapping.find("during"), test);
  if (const auto repeat = mapping.find("repeat"))
    check.repeat = static_cast<int>(repeat->integer(1, 100'000));
  if (const auto distinct = mapping.find("exp_distinct")) {
    if (check.repeat < 2)
      distinct->error("exp_distinct: counts the answers of a repeated question; say repeat: too");
    check.distinct = Comparison::parse(*distinct);
  }
  if (const auto eventually = mapping.find("eventually")) check.eventually = eventually->duration();
  if (const auto timeout = mapping.find("timeout")) check.timeout = timeout->duration();
  if (const auto expect = mapping.find("expect")) {
    for (const yaml::Node& item : expect->sequence_or_one())
      check.expect.push_back(read_expectation(item));
  }
  if (const auto requests = mapping.find("exp_requests")) read_requests(*requests, test, check);
  if (const auto bound = mapping.find("min_duration")) check.min_duration = read_bound(*bound);
  if (const auto bound = mapping.find("max_duration")) check.max_duration = read_bound(*bound);
  mapping.finish();
  const bool fails = check.expects(Expectation::Kind::fail);
  if (fails && (check.samples || check.alerts || check.count || check.sample_count ||
                !check.values.empty() || check.same_as)) {
    node.error("a check that expects to fail cannot expect data too");
  }
  for (const auto* bound : {&check.min_duration, &check.max_duration}) {
    if (*bound && (*bound)->baseline > 0 &&
        std::find(check.during.begin(), check.during.end(), "before") == check.during.end()) {
      node.error(
          "a bound by the baseline needs the check to run before: that is where its baseline is "
          "measured");
    }
  }
  const bool expects_something =
      check.samples || check.alerts || check.count || check.sample_count || !check.values.empty() ||
      check.same_as || check.distinct || !check.expect.empty() || !check.requests.empty() ||
      check.partial || check.min_duration || check.max_duration;
  if (!expects_something && !(test.has_oracle() && is_oracles(test, check))) {
    const std::string why = beyond_oracle(test, check);
    node.error(
        "this check cannot fail: it expects nothing (exp_samples, exp_count, expect, …), and no "
        "oracle judges it" +
        (why.empty() || !check.oracle ? "" : ": " + why));
  }
  return check;
}

}  // namespace mread::scenarios::loading
