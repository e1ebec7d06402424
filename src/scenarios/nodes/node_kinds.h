#pragma once

#include <memory>
#include <string>

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

// One file a kind. All throw yaml::ConfigError.
std::shared_ptr<const NodeKind> read_prometheus_node(const NodeLines& lines);
std::shared_ptr<const NodeKind> read_merger_node(const NodeLines& lines);
std::shared_ptr<const NodeKind> read_mock_node(const NodeLines& lines);
std::shared_ptr<const NodeKind> read_node_exporter_node(const NodeLines& lines);
std::shared_ptr<const NodeKind> read_influxdb_node(const NodeLines& lines);
std::shared_ptr<const NodeKind> read_container_node(const NodeLines& lines);

/// Where the token server and the proxy of a mock node listen: `token_servers:`, `proxies:`.
inline constexpr uint16_t mock_port = 9090;
inline constexpr uint16_t mock_token_port = 9098;
inline constexpr uint16_t mock_proxy_port = 3128;

/// The ports of a container, which its own lines name: `ports:`.
std::vector<uint16_t> read_container_ports(yaml::Mapping& mapping);

/// Where an influxdb node is read: it has one database.
inline constexpr const char* influxdb_read_target = "/api/v1/prom/read?db=prometheus";

// What several kinds have.

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
