#pragma once

#include <string>
#include <vector>

#include "rehearse/setup/setup.h"

namespace mread::rehearse {

struct SetupOptions {
  /// Rule files in place of those of `rule_files`.
  std::vector<std::string> rules;
  std::vector<std::string> queries;
  /// Lists of backends that hold the same data, each "a,b": names of nodes, of entries, or hosts.
  std::vector<std::string> replicas;
};

/// Reads a query node's prometheus.yml and its rules. Prometheus itself judges the rest of the file.
/// Throws yaml::ConfigError with the place in the file: no `remote_read`, a URL that no request can
/// be sent to, a rule without an expression, a replica that is no backend.
NodeSetup read_setup(const std::string& path, const SetupOptions& options);

}  // namespace mread::rehearse
