#pragma once

#include <optional>

#include "base/go_url.h"
#include "base/yaml.h"
#include "merger/config.h"
#include "merger/config_findings.h"

namespace mread::merger {

// The parts of an mread.yml, each of which throws yaml::ConfigError with its place. Internal to Config::from_yaml.

/// One entry of `remote_read:`. Its name is empty where the file gives none.
Backend read_backend(const yaml::Node& node, std::vector<std::string>& warnings);
/// `remote_read:` and the file of `discovery:`, into `config`.
void read_all_backends(yaml::Mapping& mapping, Config& config);
/// `groups:`, and a group for each backend that is in none. The backends are there.
void read_groups(const std::optional<yaml::Node>& node, Config& config);
/// `anchor_regex:`, or what the URLs say where the file has none. The backends are there.
void read_anchor_regex(const std::optional<yaml::Node>& node, Config& config);
/// One entry of `routes:`. The groups are there.
Route read_route(const yaml::Node& node, const Config& config);

/// The credentials among the keys of an entry of `remote_read:`; at most one kind of them, as in Prometheus.
Credentials read_credentials(yaml::Mapping& mapping, Findings& findings);

/// A URL that Prometheus takes. One that no request can be sent to is a finding.
GoUrl read_url(const yaml::Node& node, Findings& findings);
/// `prune:`. The backends are there.
PruneSettings read_prune(const yaml::Node& node, const Config& config);
std::string describe_prune(const Config& config);

}  // namespace mread::merger
