#include "scenarios/loading/load_scenario.h"

#include <algorithm>

#include "base/file.h"
#include "base/timestamp.h"
#include "base/yaml.h"
#include "mockstore/notation/input_series.h"
#include "scenarios/language/expand.h"
#include "scenarios/loading/context.h"
#include "scenarios/model/scenario.h"
#include "scenarios/nodes/parse_nodes.h"

namespace mread::scenarios {
namespace {

void require_name(const yaml::Node& node, const std::string& name) {
  const bool fits =
      !name.empty() && name.size() <= 80 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      });
  if (!fits)
    node.error("a scenario's name is made of lower-case letters, digits and hyphens, got \"" +
               name + "\"");
}

// Puts the names of `vars:` into the scope, in order: one may use those before it.
void read_vars(const yaml::Node& vars, Scope& scope, const MatrixCase& matrix_case,
               ExpansionBudget& budget) {
  yaml::Mapping mapping = vars.mapping();
  for (const auto& [key, key_node, value] : mapping.entries()) {
    for (const auto& axis : matrix_case) {
      if (axis.first == key) key_node.error("\"" + key + "\" is an axis of the matrix already");
    }
    if (value.is_mapping()) {
      // A mapping with when: is a choice among none; such a variable would be there in some cases
      // only.
      if (value.mapping().find("when"))
        value.error("a variable is there in every case; choose with ${… ? … : …}");
    }
    expand(value, {"vars", key}, scope, {}, budget);
    value.measure();  // Variables of variables may double many times.
    scope.set(key, value.is_scalar() ? Value{value.string(), {}} : Value{"", value});
  }
}

// The errors of one test, so that its author sees them at once.
class Errors {
 public:
  template <class Part>
  void collect(const Part& part) {
    try {
      part();
    } catch (const yaml::ConfigError& error) {
      const bool is_new = std::find(errors_.begin(), errors_.end(), error.what()) == errors_.end();
      if (is_new && errors_.size() < most) errors_.emplace_back(error.what());
    }
  }
  void throw_all() { throw_errors(std::move(errors_)); }

 private:
  static constexpr size_t most = 50;
  std::vector<std::string> errors_;
};

void read_checks(const yaml::Node& checks, Test& test, Errors& errors) {
  constexpr size_t most_checks = 5'000;
  const std::vector<yaml::Node> items = checks.sequence();
  if (items.size() > most_checks) checks.error("more than 5000 checks");
  if (items.empty()) checks.error("a scenario without a check cannot fail");
  for (const yaml::Node& item : items) {
    errors.collect([&] { test.checks.push_back(loading::read_check(item, test)); });
  }
}

void read_load(const yaml::Node& load, Test& test) {
  test.load = loading::read_load(load, test);
  if (!test.load->queries.empty()) return;
  const auto first = std::find_if(test.checks.begin(), test.checks.end(), [](const Check& check) {
    return check.kind == Check::Kind::promql && !check.range;
  });
  if (first == test.checks.end()) {
    load.error(
        "what is asked? say expr: or queries:, for there is no PromQL check to take it from");
  }
  test.load->queries = {{first->expr, std::nullopt, milliseconds(0)}};
  if (test.load->node.empty()) test.load->node = first->node;
  test.load->eval_time = first->eval_time;
}

// Expands the variables of a document in place, but for `vars:` and `matrix:`, which it reads.
void expand_document(const yaml::Node& document, const MatrixCase& matrix_case,
                     ExpansionBudget& budget) {
  yaml::Mapping root = document.mapping();
  Scope scope;
  for (const auto& [axis, value] : matrix_case) scope.set(axis, Value{value, {}});
  if (const auto vars = root.find("vars")) read_vars(*vars, scope, matrix_case, budget);
  NodeCounts counts;
  if (const auto nodes = root.find("nodes")) counts = count_nodes(*nodes, scope);
  for (const yaml::Mapping::Entry& item : root.entries()) {
    if (item.key == "matrix" || item.key == "vars") continue;
    if (item.value.is_mapping() && item.key == "known_issue") {
      // One known issue alone is a mapping, and its when: is its own.
      if (auto when = item.value.mapping().find("when")) {
        const auto holds = evaluate_condition(when->string(), scope);
        if (!holds) when->error_at(holds.error().offset, holds.error().message);
        item.value.raw().remove("when");
        if (!*holds) {
          document.raw().remove("known_issue");
          continue;
        }
      }
    }
    if (item.key == "nodes") {
      expand_nodes(item.value, scope, counts, budget);
    } else {
      expand(item.value, {item.key}, scope, counts, budget);
    }
  }
  charge(document, budget);
}

// `start_timestamp:`, which needs the interval.
int64_t read_start(yaml::Mapping& root, milliseconds interval, int64_t now_ms) {
  const auto start = root.find("start_timestamp");
  const std::string text = start ? start->string() : "now-1h";
  const auto start_ms = parse_timestamp(text, now_ms);
  if (!start_ms) start->error(start_ms.error().context);
  // A time that counts from now begins on a whole interval, so that every run has its samples at
  // the same offsets.
  return text.starts_with("now") ? *start_ms - *start_ms % interval.count() : *start_ms;
}

// What a test is called, and what it starts from.
void read_head(yaml::Mapping& root, const LoadOptions& options, Test& test) {
  const yaml::Node name = root.require("name");
  test.scenario = name.string();
  require_name(name, test.scenario);
  if (const auto description = root.find("description")) test.description = description->string();
  if (const auto tags = root.find("tags")) test.tags = tags->strings();
  if (const auto seed = root.find("seed")) test.seed = static_cast<uint64_t>(seed->integer(0));
  if (options.seed) test.seed = *options.seed;
  if (const auto interval = root.find("interval")) {
    test.interval = interval->duration();
    if (test.interval.count() == 0) interval->error("an interval of 0");
  }
  test.start_ms = read_start(root, test.interval, options.now_ms);
}

void read_nodes(yaml::Mapping& root, Test& test) {
  std::vector<std::string> external;
  if (const auto hosts = root.find("external")) external = hosts->strings();
  std::vector<std::string> sinks;
  if (const auto hosts = root.find("sinks")) sinks = hosts->strings();
  for (const auto& node :
       parse_nodes(root.require("nodes"), std::move(external), std::move(sinks))) {
    test.nodes.push_back(
        {node->name(), node->kind(), node->version(), node, node->reads_remotely()});
  }
  if (const auto certificates = root.find("certificates"))
    test.certificates = read_certificates(*certificates);
  if (test.nodes.empty()) root.require("nodes").error("a scenario has at least one node");
  loading::read_faults_of_nodes(root.require("nodes"), test);
}

void read_questions(yaml::Mapping& root, Test& test, Errors& errors) {
  errors.collect([&] { read_checks(root.require("checks"), test, errors); });
  if (const auto load = root.find("load")) errors.collect([&] { read_load(*load, test); });
  if (const auto thresholds = root.find("thresholds")) {
    errors.collect([&] { test.thresholds = loading::read_thresholds(*thresholds, test); });
  }
}

// The sections of which an error in one says nothing about the others: all errors are told.
void read_demands(yaml::Mapping& root, const Filling* filling, Test& test) {
  Errors errors;
  if (const auto invariants = root.find("invariants")) {
    errors.collect([&] {
      for (const yaml::Node& item : invariants->sequence()) {
        errors.collect([&] { test.invariants.push_back(loading::read_invariant(item, test)); });
      }
    });
  }
  if (filling != nullptr) {
    for (const char* key : {"checks", "load", "thresholds"}) root.find(key);
  } else {
    read_questions(root, test, errors);
  }
  if (const auto issues = root.find("known_issue")) {
    errors.collect([&] { test.known_issues = loading::read_known_issues(*issues); });
  }
  errors.collect([&] { root.finish(); });
  errors.throw_all();
}

// `id_suffix` tells the cases of a matrix apart.
Test read_test(const std::string& text, const std::string& file, const MatrixCase& matrix_case,
               const std::string& id_suffix, const LoadOptions& options, ExpansionBudget& budget) {
  // Every case parses the text again: expanding edits the tree in place.
  const yaml::Node document = yaml::Node::parse(text, file);
  expand_document(document, matrix_case, budget);
  if (options.filling != nullptr) options.filling->edit(document);
  yaml::Mapping root = document.mapping();
  root.find("matrix");
  root.find("vars");

  Test test;
  test.file = file;
  test.matrix_case = matrix_case;
  read_head(root, options, test);
  test.id = test.scenario + id_suffix;
  read_nodes(root, test);
  if (const auto timeline = root.find("timeline"))
    test.timeline = loading::read_timeline(*timeline, test);
  read_demands(root, options.filling, test);
  if (options.filling != nullptr) options.filling->ask(test);
  test.warnings = loading::find_warnings(test);
  return test;
}

}  // namespace

std::vector<Test> parse_scenario(const std::string& text, const std::string& file_name,
                                 const LoadOptions& options) {
  const yaml::Node document = yaml::Node::parse(text, file_name);
  if (document.is_null())
    document.error("the file is empty; a scenario has name, nodes and checks");
  if (document.is_mapping() && document.raw()["tests"] && !document.raw()["nodes"])
    document.error(
        "these are unit tests for promtool; mread run --topology SCENARIO runs them over the nodes "
        "of "
        "a scenario");
  std::vector<MatrixCase> cases{MatrixCase{}};
  if (const auto matrix = document.mapping().find("matrix")) cases = expand_matrix(*matrix);
  std::vector<Test> tests;
  ExpansionBudget budget;
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string id_suffix = cases.size() == 1 ? "" : "-" + std::to_string(i + 1);
    tests.push_back(read_test(text, file_name, cases[i], id_suffix, options, budget));
  }
  return tests;
}

std::vector<Test> load_scenario(const std::string& path, const LoadOptions& options) {
  yaml::Node::load(path);  // For its errors: a file that is not there, a folder.
  auto text = read_file(path, config_file_limit_bytes);
  if (!text) throw yaml::ConfigError(path + ": cannot be read: " + text.error().to_string());
  return parse_scenario(*text, path, options);
}

}  // namespace mread::scenarios
