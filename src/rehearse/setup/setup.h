#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace mread::rehearse {

/// A store that the query node reads: one entry of `remote_read`, or several with the same address.
struct Backend {
  std::string node;                      ///< its name in the twin and in the table: "us-east"
  std::string url;                       ///< as people may see it (base/shown_url.h)
  std::chrono::milliseconds timeout{0};  ///< the longest `remote_timeout` towards it
  size_t group = 0;                      ///< those of one group are replicas of each other
};

/// An entry of `remote_read`, as far as the twin has it.
struct ReadEntry {
  size_t backend = 0;  ///< index in NodeSetup::backends
  std::string name;    ///< `name:`; empty: none
  std::chrono::milliseconds timeout{0};
  YAML::Node options;  ///< the keys that decide what is read: read_recent, required_matchers, …
};

/// An expression that the query node is asked.
struct Question {
  std::string expr;
  std::string name;   ///< of an alert or a recorded series; else the expression
  std::string place;  ///< "rules.yml:12"; "--query" for one from the command line
  enum class Kind { query, alert, record } kind = Kind::query;
};

/// A query node's set-up, as it is read from its files.
struct NodeSetup {
  std::string file;
  std::vector<Backend> backends;
  std::vector<ReadEntry> entries;
  size_t groups = 0;           ///< numbers of Backend::group lie below
  YAML::Node external_labels;  ///< null: none
  /// The node scrapes or evaluates rules, so its TSDB has data of its own.
  bool has_own_data = false;
  bool has_credentials = false;  ///< of some entry; the twin goes without
  std::vector<Question> questions;
  std::vector<std::string> notes;  ///< differences between the set-up and its twin

  /// Whether another backend holds the same data.
  bool has_replica(size_t backend) const;
  std::vector<std::string> node_names() const;
};

/// Whether no entry before `entry` reads the same backend.
bool is_first_of_its_backend(const NodeSetup& setup, size_t entry);

}  // namespace mread::rehearse
