#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/yaml.h"

namespace mread::scenarios {

/// A node's configuration: `config:`, or the document of the file that `config_file:` names; none
/// where there is neither. A relative path begins at the scenario's folder. Nothing in a file is
/// replaced: `${…}` stays as it is. Throws yaml::ConfigError where there are both, where the file
/// cannot be read, and where it is empty.
std::optional<yaml::Node> read_config(yaml::Mapping& lines);

/// Copies the rule files that the prometheus.yml `config` names into `files`, a node's files by
/// their path, and names the copies in `config`. Does nothing for a configuration that stands in
/// the scenario itself, whose rules are in `rules:` or `files:`. Throws yaml::ConfigError for a
/// pattern that no file fits: Prometheus would go on without these rules, in silence.
void take_rule_files(const yaml::Node& config, const yaml::Node& scenario,
                     std::map<std::string, std::string>& files);

}  // namespace mread::scenarios
