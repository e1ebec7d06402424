#pragma once

#include <optional>

#include "base/yaml.h"
#include "merger/config.h"

namespace mread::merger {

// The parts of an mread.yml, each of which throws yaml::ConfigError with its place. Internal to Config::from_yaml.

/// One entry of `remote_read:`.
Backend read_backend(const yaml::Node& node);
/// `remote_read:` and the file of `discovery:`, into `config`.
void read_all_backends(yaml::Mapping& mapping, Config& config);
/// `groups:`, and a group for each backend that is in none. The backends are there.
void read_groups(const std::optional<yaml::Node>& node, Config& config);
/// `anchor_regex:`, or what the URLs say where the file has none. The backends are there.
void read_anchor_regex(const std::optional<yaml::Node>& node, Config& config);
/// One entry of `routes:`. The groups are there.
Route read_route(const yaml::Node& node, const Config& config);

/// The credentials among the keys of an entry of `remote_read:`; at most one kind of them, as in Prometheus.
Credentials read_credentials(yaml::Mapping& mapping);

/// An http or https URL without a user's name and password.
struct Address {
  std::string text;       ///< as written
  std::string authority;  ///< host:port, the scheme's port filled in
};
Address read_url(const yaml::Node& node);
/// `prune:`. The backends are there.
PruneSettings read_prune(const yaml::Node& node, const Config& config);
std::string describe_prune(const Config& config);

}  // namespace mread::merger
