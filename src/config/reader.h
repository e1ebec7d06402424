#pragma once

#include <optional>

#include "base/yaml.h"
#include "config/config.h"

namespace mread::config {

// The parts of an mread.yml, each of which throws yaml::ConfigError with its place. Internal to
// Config::from_yaml.

/// One entry of `remote_read:`. Its name is empty where the file gives none.
struct Entry {
  merger::Backend backend;
  Endpoint endpoint;
};
Entry read_backend(const yaml::Node& node, std::vector<std::string>& warnings);
/// `remote_read:` and the file of `discovery:`, into `config`.
void read_all_backends(yaml::Mapping& mapping, Config& config);
/// `groups:`, and a group for each backend that is in none. The backends are there.
void read_groups(const std::optional<yaml::Node>& node, Config& config);
/// `anchor_regex:`, or what the URLs say where the file has none. The backends are there.
void read_anchor_regex(const std::optional<yaml::Node>& node, Config& config);
/// One entry of `routes:`. The groups are there.
merger::Route read_route(const yaml::Node& node, const Config& config);

/// `clients:`.
std::vector<ClientRule> read_clients(const yaml::Node& node);
/// Empty where there are none.
std::string describe_clients(const Config& config);

/// `prune:`. The backends are there.
merger::PruneSettings read_prune(const yaml::Node& node, const Config& config);
std::string describe_prune(const Config& config);

}  // namespace mread::config
