#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"

namespace mread::scenarios {

/// The names of a scenario's nodes with the ports under which they are reached, for the addresses in their
/// configurations. A port left out means the node's first.
class NodeDirectory {
 public:
  /// `read_target` is where a remote read of it goes; empty for a kind that has none.
  void add(std::string name, std::vector<uint16_t> ports, std::string read_target) {
    if (!read_target.empty()) read_targets_.emplace(name, std::move(read_target));
    ports_.emplace(std::move(name), std::move(ports));
  }
  /// Prometheus's own path for names that are no node's; resolve() then says so.
  std::string read_target(const std::string& name) const;

  /// The configuration of node `self` with the addresses at `paths` replaced by the engine's placeholders
  /// ({{node:NAME:PORT}}). A path is made of keys and "*" for the items of a list, and ends at a URL
  /// ("remote_read.*.url") or, below the key `targets`, at a "host:port"; what is not there is passed over.
  ///
  /// A host with a dot, an address and localhost are left as they are (localhost among targets is the node itself).
  /// Throws yaml::ConfigError for a host that is no node, and for a port that a node does not listen on.
  YAML::Node resolve(const yaml::Node& config, const std::string& self,
                     const std::vector<std::string_view>& paths) const;

 private:
  void visit(const yaml::Node& from, YAML::Node to, const std::string& self, std::string_view path) const;
  /// The placeholder for an authority "host[:port]", which begins at `offset` of the scalar; empty to leave it.
  std::string placeholder(const yaml::Node& place, size_t offset, std::string_view authority) const;

  std::map<std::string, std::vector<uint16_t>> ports_;
  std::map<std::string, std::string> read_targets_;
};

/// Turns every entry of `remote_read:` that is only a node's name into {name: NAME, url: "http://NAME/api/v1/read"} (or
/// whatever its kind is read at), in place.
void expand_remote_read_names(const yaml::Node& config, const NodeDirectory& directory);

}  // namespace mread::scenarios
