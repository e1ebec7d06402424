#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/input/input.h"

namespace mread::check {

/// The files and facts that a caller gives, as flags have them.
struct InputOptions {
  std::vector<std::string> rules;       ///< rule files in place of those of `rule_files`
  std::vector<std::string> queries;     ///< further expressions
  std::vector<std::string> collectors;  ///< "NAME=prometheus.yml"
  std::vector<std::string> replicas;    ///< "A,B"
  std::vector<std::string> versions;    ///< "v3.5" of the query node; "NAME=3.5.3" of a backend
  std::vector<std::string> flags;       ///< "query.timeout=1m"; "NAME:storage.remote.…=10"
  std::string serve;                    ///< an mread.yml; empty: none
  std::optional<uint64_t> query_nodes;
  std::optional<uint64_t> series;
  std::string address;  ///< empty: unknown
};

/// Reads a query node's prometheus.yml, its rules, and whatever the options name. Throws
/// yaml::ConfigError where something cannot be read: the place in a file, or the flag.
Input read_input(const std::string& path, const InputOptions& options);

}  // namespace mread::check
