#include "check/input/read_input.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include "base/duration.h"
#include "base/nearest.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "base/version_text.h"

namespace mread::check {
namespace {

// The query node's version where no flag says it: the long-term release of 2025.
const std::vector<int> assumed_version{3, 5};

[[noreturn]] void refuse(const std::string& flag, const std::string& what) {
  throw yaml::ConfigError(flag + ": " + what);
}

// Flags of Prometheus whose value is a number or a size.
constexpr std::array<std::string_view, 4> number_flags{
    "query.max-concurrency", "storage.remote.read-max-bytes-in-frame",
    "storage.remote.read-sample-limit", "storage.remote.read-concurrent-limit"};

class InputReader {
 public:
  InputReader(const std::string& path, const InputOptions& options)
      : options_(options), input_{.node = setup::read_prometheus_file(path)} {}

  Input run() {
    if (input_.node.entries.empty())
      input_.node.root.error("there is no remote_read: this node reads nothing from others");
    input_.backends = setup::find_backends(input_.node);
    input_.facts.resize(input_.backends.size());
    read_rules();
    for (const std::string& query : options_.queries)
      add(yaml::Node::parse(quote(query), "--query"), query, query, Expression::Kind::query);
    read_replicas();
    read_collectors();
    read_versions();
    read_flags();
    input_.query_nodes = options_.query_nodes;
    input_.series = options_.series;
    read_address();
    if (!options_.serve.empty()) {
      input_.serve_at = yaml::Node::load(options_.serve);
      input_.serve = config::Config::from_yaml(*input_.serve_at);
    }
    return std::move(input_);
  }

 private:
  void add(const yaml::Node& at, const std::string& text, const std::string& name,
           Expression::Kind kind) {
    auto uses = model::promql_uses(text);
    if (!uses) at.error("this is no PromQL: " + uses.error().context);
    input_.expressions.push_back({name, at, std::move(*uses), kind});
  }

  void read_rules() {
    std::vector<std::string> files = options_.rules;
    if (files.empty()) {
      setup::RuleFiles named = setup::find_rule_files(input_.node);
      files = std::move(named.found);
      input_.missing_rule_files = std::move(named.missing);
    }
    for (const std::string& path : files) {
      for (const setup::RuleGroup& from : setup::read_rule_file(path)) {
        Group group{
            from.at, from.name, from.interval.value_or(input_.node.evaluation_interval), {}};
        for (const setup::Rule& rule : from.rules) {
          group.expressions.push_back(input_.expressions.size());
          add(rule.expr_at, rule.expr, rule.name,
              rule.kind == setup::Rule::Kind::alert ? Expression::Kind::alert
                                                    : Expression::Kind::record);
        }
        input_.groups.push_back(std::move(group));
      }
    }
  }

  size_t backend_called(const std::string& flag, const std::string& name) const {
    return setup::require_backend(flag, name, input_.backends, input_.node);
  }

  void read_replicas() {
    for (const std::string& list : options_.replicas) {
      std::vector<std::string> names;
      boost::algorithm::split(names, list, boost::is_any_of(","));
      std::vector<size_t> group;
      group.reserve(names.size());
      for (const std::string& name : names) group.push_back(backend_called("--replicas", name));
      std::ranges::sort(group);
      group.erase(std::unique(group.begin(), group.end()), group.end());
      if (group.size() < 2) refuse("--replicas", "a list has two backends or more: A,B");
      input_.replicas.push_back(std::move(group));
    }
  }

  void read_collectors() {
    for (const std::string& text : options_.collectors) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos) refuse("--collector", "write NAME=prometheus.yml");
      const size_t backend = backend_called("--collector", text.substr(0, equals));
      if (input_.facts[backend].file)
        refuse("--collector", "\"" + text.substr(0, equals) + "\" is given twice");
      input_.facts[backend].file = setup::read_prometheus_file(text.substr(equals + 1));
    }
  }

  void read_versions() {
    input_.version = assumed_version;
    for (const std::string& text : options_.versions) {
      const size_t equals = text.find('=');
      const bool of_node = equals == std::string::npos;
      const std::string number = of_node ? text : text.substr(equals + 1);
      const auto version = parse_version(number);
      if (!version || version->size() < 2) {
        refuse("--version", "\"" + number +
                                "\" is not a version: write v3.5 or 3.5.3, and "
                                "NAME=3.5.3 for a backend");
      }
      if (of_node) {
        if (input_.is_version_given) refuse("--version", "the query node's version is given twice");
        input_.version = *version;
        input_.is_version_given = true;
      } else {
        input_.facts[backend_called("--version", text.substr(0, equals))].version = *version;
      }
    }
  }

  // "NAME:flag=value"; a flag's name has no colon.
  void read_flags() {
    for (const std::string& text : options_.flags) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos || equals == 0)
        refuse("--flag", "write FLAG=VALUE, or NAME:FLAG=VALUE for a backend");
      std::string name = text.substr(0, equals);
      const size_t colon = name.rfind(':');
      auto* flags = &input_.flags;
      if (colon != std::string::npos) {
        flags = &input_.facts[backend_called("--flag", name.substr(0, colon))].flags;
        name.erase(0, colon + 1);
      }
      name.erase(0, std::min(name.find_first_not_of('-'), name.size()));
      (*flags)[name] = read_flag(name, text.substr(equals + 1));
    }
  }

  // A flag's value, if one of the rules can read it.
  std::string read_flag(const std::string& name, std::string value) {
    if (name == "query.timeout") {
      if (const auto time = parse_duration(value); !time)
        refuse("--flag query.timeout", time.error().context);
    } else if (std::ranges::find(number_flags, name) != number_flags.end()) {
      if (const auto number = parse_bytes(value); !number)
        refuse("--flag " + name, number.error().context);
    } else if (name != "enable-feature") {
      const std::vector<std::string> known = known_flags();
      input_.notes.push_back("no rule looks at the flag " + name + suggestion(name, known));
    }
    return value;
  }

  static std::vector<std::string> known_flags() {
    std::vector<std::string> known(number_flags.begin(), number_flags.end());
    known.insert(known.end(), {"query.timeout", "enable-feature"});
    return known;
  }

  void read_address() {
    const std::string& address = options_.address;
    if (address.empty()) return;
    const size_t colon = address.rfind(':');
    const bool has_port = colon != std::string::npos && colon > 0 && colon + 1 < address.size() &&
                          address.find_first_not_of("0123456789", colon + 1) == std::string::npos;
    if (!has_port) refuse("--address", "write HOST:PORT, as others reach the query node");
    input_.address = address;
  }

  const InputOptions& options_;
  Input input_;
};

}  // namespace

Input read_input(const std::string& path, const InputOptions& options) {
  return InputReader(path, options).run();
}

}  // namespace mread::check
