#include "scenarios/nodes/parse_nodes.h"

#include <algorithm>
#include <cassert>

#include "scenarios/nodes/node_directory.h"
#include "scenarios/nodes/node_kinds.h"

namespace mread::scenarios {
namespace {

NodeKindEntry kind_of(const yaml::Node& kind) {
  std::vector<std::string> words;
  for (const auto& entry : all_node_kinds) words.emplace_back(entry().word);
  const std::string word = kind.one_of(words);
  const auto found = std::find(words.begin(), words.end(), word);
  return all_node_kinds[static_cast<size_t>(found - words.begin())]();
}

std::shared_ptr<const NodeKind> read_node(const NodeKindEntry& kind, const NodeLines& lines) {
  auto node = kind.read(lines);
  assert(node->kind() == kind.word);
  assert(kind.read_target.empty() || node->read_target() == kind.read_target);
  return node;
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
    const NodeKindEntry kind = kind_of(lines.require("kind"));
    directory.add(name, kind.ports(lines), std::string(kind.read_target));
  }
  for (const auto& [name, name_node, value] : mapping.entries())
    add_aliases(value, name, directory);
  const std::string sink = "sink";
  const yaml::Node sink_lines = yaml::Node::parse("{kind: mock, sink: true}", "sinks");
  const bool has_sinks = !sinks.empty();
  if (has_sinks) {
    if (!directory.owner_of(sink).empty())
      nodes.error("with `sinks:` no node can be called sink: it is the one that stands for them");
    yaml::Mapping lines = sink_lines.mapping();
    directory.add(sink, mock_kind().ports(lines), "");
    directory.set_sinks(std::move(sinks), sink);
  }
  std::vector<std::shared_ptr<const NodeKind>> parsed;
  for (const auto& [name, name_node, value] : mapping.entries()) {
    yaml::Mapping lines = value.mapping();
    const NodeKindEntry kind = kind_of(lines.require("kind"));
    lines.find("aliases");
    lines.find("faults");  // Of a mock its own; of others the matter of who reads the scenario.
    // Configurations of other programs are edited without a check of every level: a word where a
    // mapping is wanted.
    try {
      parsed.push_back(read_node(kind, {name, value, lines, directory}));
    } catch (const YAML::Exception& error) {
      value.error("the lines of this node cannot be used: " + error.msg);
    }
  }
  if (has_sinks) {
    yaml::Mapping lines = sink_lines.mapping();
    lines.require("kind");
    parsed.push_back(read_node(mock_kind(), {sink, sink_lines, lines, directory}));
  }
  return parsed;
}

}  // namespace mread::scenarios
