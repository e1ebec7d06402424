#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/yaml.h"
#include "scenarios/nodes/node_directory.h"
#include "scenarios/nodes/node_kind.h"

namespace mread::scenarios {

/// A node's lines, while they are read: what the function that reads a kind gets.
struct NodeLines {
  std::string name;
  yaml::Node place;        ///< of the mapping
  yaml::Mapping& mapping;  ///< `kind` has been read; the reader calls finish()
  const NodeDirectory& directory;
};

/// What is known of a kind before its lines are read: other nodes may name a node that stands
/// further down in the file.
struct NodeKindEntry {
  std::string_view word;  ///< of `kind:`
  /// Every port of the node, in the order of messages: "node a listens on 9090 and 9099".
  std::vector<uint16_t> (*ports)(yaml::Mapping& lines);
  /// NodeKind::read_target(); empty where other nodes have nothing to read.
  std::string_view read_target;
  std::shared_ptr<const NodeKind> (*read)(const NodeLines& lines);  ///< throws yaml::ConfigError
};

// One file a kind, named KIND_node.cc.
NodeKindEntry prometheus_kind();
NodeKindEntry mock_kind();
NodeKindEntry merger_kind();
NodeKindEntry node_exporter_kind();
NodeKindEntry influxdb_kind();
NodeKindEntry alertmanager_kind();
NodeKindEntry container_kind();

/// Every kind there is; messages list them in this order.
inline constexpr NodeKindEntry (*all_node_kinds[])() = {
    prometheus_kind, mock_kind,         merger_kind,   node_exporter_kind,
    influxdb_kind,   alertmanager_kind, container_kind};

// What several kinds have.

/// A node of kind Node, whose constructor reads the lines.
template <class Node>
std::shared_ptr<const NodeKind> read_node(const NodeLines& lines) {
  return std::make_shared<Node>(lines);
}
/// NodeKindEntry::ports of a kind with one port.
template <uint16_t port>
std::vector<uint16_t> one_port(yaml::Mapping& lines) {
  static_cast<void>(lines);
  return {port};
}

/// `flags:`: command-line flags, added behind the node's own.
std::vector<std::string> read_flags(yaml::Mapping& mapping);
/// `files:`: path relative to the node's folder → contents; for passwords, rules, anything that a
/// config refers to.
std::map<std::string, std::string> read_files(yaml::Mapping& mapping);
/// The file below the node's folder that a `query_log_file` names, {{dir}}/FILE or a relative path;
/// none for a path that leads elsewhere, where nothing can be fetched from.
std::vector<std::string> kept_query_log(const std::string& path);
/// What a node's files and flags name (placeholders in them), and its configuration with its
/// addresses resolved.
NodeUses uses_of(const YAML::Node& resolved, const std::map<std::string, std::string>& files,
                 const std::vector<std::string>& flags);
/// `version:`, checked for its form.
std::string read_version(yaml::Mapping& mapping);

}  // namespace mread::scenarios
