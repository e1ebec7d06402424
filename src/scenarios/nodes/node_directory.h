#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"

namespace mread::scenarios {

/// The names of a scenario's nodes with the ports under which they are reached, for the addresses
/// in their configurations. A port left out means the node's first. An address that is neither a
/// node's nor declared `external:` is an error: a run contacts no other host by accident.
class NodeDirectory {
 public:
  /// Hosts ("prometheus.example.com", "10.0.0.1", "host:port") that configurations may name though
  /// they are no nodes; also sections of service discovery ("dns_sd_configs").
  void set_external(std::vector<std::string> hosts);
  /// Another name of a node, added before: a host with any port, or one "host:port". It stands for
  /// the node's port of that number, or for the node's first port.
  void add_alias(const std::string& alias, const std::string& node);
  /// Targets of scrapes and Alertmanagers that node `sink`, added before, stands for: hosts,
  /// "host:port", or "*" for all that are neither a node's nor external. Other addresses do not go
  /// to it.
  void set_sinks(std::vector<std::string> hosts, std::string sink);
  /// The node that has the name or alias; empty: none.
  std::string owner_of(const std::string& name) const;

  /// `read_target` is where a remote read of it goes; empty for a kind that has none.
  void add(std::string name, std::vector<uint16_t> ports, std::string read_target) {
    if (!read_target.empty()) read_targets_.emplace(name, std::move(read_target));
    ports_.emplace(std::move(name), std::move(ports));
  }
  /// Prometheus's path for an unknown name, which resolve() refuses later.
  std::string read_target(const std::string& name) const;

  /// The configuration of node `self` with the addresses at `paths` replaced by the engine's
  /// placeholders
  /// ({{node:NAME:PORT}}). A path is made of keys and "*" for the items of a list, and ends at a
  /// URL
  /// ("remote_read.*.url") or, below the key `targets`, at a "host:port"; what is not there is
  /// passed over.
  ///
  /// An external host is left as it is. localhost among targets is the node itself, where it
  /// listens on that port. Throws yaml::ConfigError for a host that is no node and not external,
  /// and for a port that a node does not listen on.
  YAML::Node resolve(const yaml::Node& config, const std::string& self,
                     const std::vector<std::string_view>& paths) const;
  /// Throws yaml::ConfigError for a key below `list`'s items that discovers targets at run time
  /// (`*_sd_configs` but static_configs), unless it is declared external.
  void refuse_discovery(const yaml::Node& list) const;
  /// Throws yaml::ConfigError for a key of Alertmanager's `receivers` that tells somebody outside
  /// (`*_configs` but webhook_configs), unless it is declared external.
  void refuse_receivers(const yaml::Node& receivers) const;

 private:
  bool is_sink(const std::string& host, std::string_view port) const;
  /// Throws for a key of `list`'s items that ends so, is not `allowed`, and is not external.
  void refuse_keys(const yaml::Node& list, std::string_view end, std::string_view allowed,
                   const std::string& why) const;
  std::string placeholder_of_alias(const std::string& host, std::string_view port) const;
  [[noreturn]] void refuse(const yaml::Node& place, size_t offset, const std::string& host) const;
  void visit(const yaml::Node& from, YAML::Node to, const std::string& self, std::string_view path,
             bool is_target) const;
  /// The placeholder for an authority "host[:port]", which begins at `offset` of the scalar; empty
  /// to leave it. `is_target`: a sink may stand for it.
  std::string placeholder(const yaml::Node& place, size_t offset, std::string_view authority,
                          bool is_target) const;

  std::map<std::string, std::vector<uint16_t>> ports_;
  std::map<std::string, std::string> read_targets_;
  std::map<std::string, std::string> aliases_;  // Host or "host:port", in lower case → node.
  std::set<std::string> external_;              // Likewise.
  std::set<std::string> sinks_;                 // Likewise, or "*".
  std::string sink_;
};

/// Turns every entry of `remote_read:` that is only a node's name into {name: NAME, url:
/// "http://NAME/api/v1/read"} (or the read path of its kind), in place.
void expand_remote_read_names(const yaml::Node& config, const NodeDirectory& directory);

}  // namespace mread::scenarios
