#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "scenarios/nodes/node_kind.h"

namespace mread::scenarios {

/// Reads a scenario's `nodes:` mapping (already expanded for one case of the matrix). Names of
/// nodes are host names: lower-case letters, digits and hyphens; a node may have more, as
/// `aliases:`. `external` are the hosts that configurations may name though they are no nodes. With
/// `sinks` (see NodeDirectory::set_sinks) there is one node more, `sink`, a mock store without
/// data. Throws yaml::ConfigError.
std::vector<std::shared_ptr<const NodeKind>> parse_nodes(const yaml::Node& nodes,
                                                         std::vector<std::string> external = {},
                                                         std::vector<std::string> sinks = {});

}  // namespace mread::scenarios
