#include "scenarios/nodes/parse_nodes.h"

#include <algorithm>

#include "scenarios/nodes/node_directory.h"
#include "scenarios/nodes/node_kinds.h"

namespace mread::scenarios {
namespace {

struct KindWord {
  const char* word;
  std::vector<uint16_t> ports;
  const char* read_target;
  std::shared_ptr<const NodeKind> (*read)(const NodeLines&);
};

const std::vector<KindWord>& kind_words() {
  // A mock's second port takes its orders, and stays open when a fault closes the first.
  static const std::vector<KindWord> words = {
      {"prometheus", {9090}, "/api/v1/read", read_prometheus_node},
      {"mock", {9090, 9099}, "/api/v1/read", read_mock_node},
      {"merger", {9095}, "/api/v1/read", read_merger_node},
      {"node_exporter", {9100}, "", read_node_exporter_node},
      {"influxdb", {8086}, influxdb_read_target, read_influxdb_node},
      {"container", {}, "", read_container_node}};
  return words;
}

const KindWord& kind_of(const yaml::Node& kind) {
  std::vector<std::string> known;
  for (const KindWord& word : kind_words()) known.emplace_back(word.word);
  const std::string name = kind.one_of(known);
  return *std::find_if(kind_words().begin(), kind_words().end(),
                       [&](const KindWord& word) { return word.word == name; });
}

void check_name(const yaml::Node& place, const std::string& name) {
  const bool fits =
      !name.empty() && name.size() <= 40 && name.front() != '-' && name.back() != '-' &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!fits)
    place.error("a node's name is a host name: lower-case letters, digits and hyphens, got \"" +
                name + "\"");
  if (name == "localhost") place.error("localhost is every node's own name");
}

void add_aliases(const yaml::Node& node, const std::string& name, NodeDirectory& directory) {
  const auto aliases = node.mapping().find("aliases");
  if (!aliases) return;
  for (const yaml::Node& item : aliases->sequence_or_one()) {
    const std::string alias = item.string();
    const bool fits = !alias.empty() && alias.size() <= 253 &&
                      alias.find_first_of("/@?# \t\r\n") == std::string::npos;
    if (!fits) item.error("an alias is a host, or HOST:PORT: prom-a.dc1.example.com");
    const std::string owner = directory.owner_of(alias);
    if (!owner.empty()) item.error("\"" + alias + "\" stands for node " + owner + " already");
    directory.add_alias(alias, name);
  }
}

}  // namespace

std::vector<std::shared_ptr<const NodeKind>> parse_nodes(const yaml::Node& nodes,
                                                         std::vector<std::string> external,
                                                         std::vector<std::string> sinks) {
  constexpr size_t most_nodes = 1'000;
  yaml::Mapping mapping = nodes.mapping();
  if (mapping.entries().size() > most_nodes) nodes.error("more than 1000 nodes");
  NodeDirectory directory;
  directory.set_external(std::move(external));
  for (const auto& [name, name_node, value] : mapping.entries()) {
    check_name(name_node, name);
    yaml::Mapping lines = value.mapping();
    const KindWord& kind = kind_of(lines.require("kind"));
    std::vector<uint16_t> ports = kind.ports.empty() ? read_container_ports(lines) : kind.ports;
    if (kind.read == read_mock_node && lines.find("token_servers"))
      ports.push_back(mock_token_port);
    if (kind.read == read_mock_node && lines.find("proxies")) ports.push_back(mock_proxy_port);
    directory.add(name, std::move(ports), kind.read_target);
  }
  for (const auto& [name, name_node, value] : mapping.entries())
    add_aliases(value, name, directory);
  const std::string sink = "sink";
  const bool has_sinks = !sinks.empty();
  if (has_sinks) {
    if (!directory.owner_of(sink).empty())
      nodes.error("with `sinks:` no node can be called sink: it is the one that stands for them");
    directory.add(sink, {mock_port}, "");
    directory.set_sinks(std::move(sinks), sink);
  }
  std::vector<std::shared_ptr<const NodeKind>> parsed;
  for (const auto& [name, name_node, value] : mapping.entries()) {
    yaml::Mapping lines = value.mapping();
    const KindWord& kind = kind_of(lines.require("kind"));
    lines.find("aliases");
    // Configurations of other programs are edited without a check of every level: a word where a
    // mapping is wanted.
    try {
      parsed.push_back(kind.read({name, value, lines, directory}));
    } catch (const YAML::Exception& error) {
      value.error("the lines of this node cannot be used: " + error.msg);
    }
  }
  if (has_sinks) {
    const yaml::Node place = yaml::Node::parse("{kind: mock, sink: true}", "sinks");
    yaml::Mapping lines = place.mapping();
    lines.require("kind");
    parsed.push_back(read_mock_node({sink, place, lines, directory}));
  }
  return parsed;
}

}  // namespace mread::scenarios
