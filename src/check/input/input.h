#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "config/config.h"
#include "model/promql_uses.h"
#include "setup/backend_names.h"
#include "setup/prometheus_file.h"
#include "setup/rule_file.h"

namespace mread::check {

/// An expression that the query node evaluates.
struct Expression {
  enum class Kind { query, alert, record };

  std::string name;  ///< of the alert or the recorded series; else the expression
  yaml::Node at;
  model::PromqlUses uses;
  Kind kind = Kind::query;
};

/// A rule group of the query node.
struct Group {
  yaml::Node at;
  std::string name;
  std::chrono::milliseconds interval{0};
  std::vector<size_t> expressions;  ///< indexes in Input::expressions
};

/// What is known of a store that the query node reads, in addition to its entries.
struct BackendFacts {
  std::optional<setup::PrometheusFile> file;  ///< its own configuration
  std::optional<std::vector<int>> version;    ///< "3.5.3" as {3, 5, 3}
  std::map<std::string, std::string> flags;   ///< without "--"
};

/// All that the rules look at.
struct Input {
  setup::PrometheusFile node;
  std::vector<setup::Backend> backends;
  std::vector<BackendFacts> facts;  ///< by backend
  std::vector<Group> groups;
  std::vector<Expression> expressions;
  std::vector<std::string> missing_rule_files;  ///< patterns
  std::vector<std::string> notes;               ///< about what was given
  /// Indexes of backends that hold the same data.
  std::vector<std::vector<size_t>> replicas;
  std::vector<int> version;  ///< of the query node
  bool is_version_given = false;
  std::map<std::string, std::string> flags;  ///< of the query node, without "--"
  std::optional<uint64_t> query_nodes;
  std::optional<uint64_t> series;       ///< the most that a selector finds in a backend
  std::optional<std::string> address;   ///< HOST:PORT of the query node
  std::optional<config::Config> serve;  ///< the mread.yml of the merge core in front
  std::optional<yaml::Node> serve_at;   ///< its root

  /// Whether the query node's version is at least this.
  bool is_at_least(const std::vector<int>& lowest) const;
  /// Prometheus asks for chunks from 2.55 on, for samples before.
  bool reads_streams() const { return is_at_least({2, 55}); }
  /// "Prometheus 3.5".
  std::string version_text() const;

  /// Whether Prometheus asks an entry for a selector: it has each required matcher as an equality.
  static bool is_asked(const setup::ReadEntry& entry, const model::SelectorUse& selector);
  /// The time that an expression waits while each backend that it asks hangs: its selectors are read
  /// one after another.
  std::chrono::milliseconds longest_wait(const Expression& expression) const;
  /// No selector can ask both: they require different values of one label.
  static bool exclude_each_other(const setup::ReadEntry& a, const setup::ReadEntry& b);
  /// The backend of an entry.
  size_t backend_of(size_t entry) const;
  const setup::ReadEntry& first_entry(size_t backend) const {
    return node.entries[backends[backend].entries.front()];
  }
  /// The node writes its own samples to the store that it reads, so the store's recent samples are
  /// the node's own, and carry its external labels.
  bool writes_to(const setup::ReadEntry& entry) const;
};

}  // namespace mread::check
