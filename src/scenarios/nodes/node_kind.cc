#include "scenarios/nodes/node_kind.h"

#include <algorithm>

#include "scenarios/engine/node_folder.h"
#include "scenarios/language/version_text.h"
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
  static const std::vector<KindWord> words = {{"prometheus", {9090}, "/api/v1/read", read_prometheus_node},
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
  const bool fits = !name.empty() && name.size() <= 40 && name.front() != '-' && name.back() != '-' &&
                    name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!fits) place.error("a node's name is a host name: lower-case letters, digits and hyphens, got \"" + name + "\"");
  if (name == "localhost") place.error("localhost is every node's own name");
}

void add_aliases(const yaml::Node& node, const std::string& name, NodeDirectory& directory) {
  const auto aliases = node.mapping().find("aliases");
  if (!aliases) return;
  for (const yaml::Node& item : aliases->sequence_or_one()) {
    const std::string alias = item.string();
    const bool fits = !alias.empty() && alias.size() <= 253 && alias.find_first_of("/@?# \t\r\n") == std::string::npos;
    if (!fits) item.error("an alias is a host, or HOST:PORT: prom-a.dc1.example.com");
    const std::string owner = directory.owner_of(alias);
    if (!owner.empty()) item.error("\"" + alias + "\" stands for node " + owner + " already");
    directory.add_alias(alias, name);
  }
}

}  // namespace

const std::vector<mockstore::InputSeries>& NodeKind::input_series() const {
  static const std::vector<mockstore::InputSeries> none;
  return none;
}

const NodeUses& NodeKind::uses() const {
  static const NodeUses none;
  return none;
}

const std::set<std::string>& NodeKind::series_of_rules() const {
  static const std::set<std::string> none;
  return none;
}

std::optional<int64_t> NodeKind::last_sample_ms(const mockstore::Clock& clock) const {
  int64_t last_ms = INT64_MIN;
  for (const mockstore::InputSeries& entry : input_series()) {
    const model::Series one = entry.series(0, clock);  // The others of a repeat: have its times.
    if (!one.samples.empty()) last_ms = std::max(last_ms, one.samples.back().timestamp_ms);
    if (!one.histograms.empty()) last_ms = std::max(last_ms, one.histograms.back().timestamp_ms);
  }
  return last_ms;
}

Result<std::string> NodeKind::resolve_version(const NodeContext&) const { return std::string(); }

Result<void> NodeKind::feed(const NodeContext&, const net::Url&, std::stop_token) const { return {}; }

std::vector<std::shared_ptr<const NodeKind>> parse_nodes(const yaml::Node& nodes, std::vector<std::string> external,
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
    if (kind.read == read_mock_node && lines.find("token_servers")) ports.push_back(mock_token_port);
    if (kind.read == read_mock_node && lines.find("proxies")) ports.push_back(mock_proxy_port);
    directory.add(name, std::move(ports), kind.read_target);
  }
  for (const auto& [name, name_node, value] : mapping.entries()) add_aliases(value, name, directory);
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
    // Configurations of other programs are edited without a check of every level: a word where a mapping is wanted.
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

std::vector<std::string> read_flags(yaml::Mapping& mapping) {
  const auto flags = mapping.find("flags");
  if (!flags) return {};
  for (const yaml::Node& flag : flags->sequence_or_one()) {
    if (!flag.string().starts_with("-")) flag.error("a flag begins with a hyphen: \"--query.lookback-delta=1m\"");
  }
  return flags->strings();
}

std::vector<std::string> kept_query_log(const std::string& path) {
  constexpr std::string_view here = "{{dir}}/";
  std::string inside = path.starts_with(here) ? path.substr(here.size()) : path;
  if (!stays_inside(inside)) return {};
  return {std::move(inside)};
}

NodeUses uses_of(const YAML::Node& resolved, const std::map<std::string, std::string>& files,
                 const std::vector<std::string>& flags) {
  constexpr std::string_view mark = "{{node:";
  const auto names_in = [&](std::string_view text, const auto& take) {
    for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at)) {
      at += mark.size();
      take(std::string(text.substr(at, text.find(':', at) - at)));
    }
  };
  NodeUses uses;
  const auto name = [&](std::string node) { uses.named.insert(std::move(node)); };
  if (resolved.IsMap()) names_in(YAML::Dump(resolved), name);
  for (const auto& [path, contents] : files) names_in(contents, name);
  for (const std::string& flag : flags) names_in(flag, name);
  const YAML::Node remote_read = resolved.IsMap() ? resolved["remote_read"] : YAML::Node();
  if (!remote_read || !remote_read.IsSequence()) return uses;
  for (const YAML::Node& entry : remote_read) {
    if (!entry.IsMap() || !entry["url"] || !entry["url"].IsScalar()) continue;
    names_in(entry["url"].Scalar(), [&](std::string node) { uses.read.push_back(std::move(node)); });
  }
  return uses;
}

std::map<std::string, std::string> read_files(yaml::Mapping& mapping) {
  std::map<std::string, std::string> files;
  if (const auto node = mapping.find("files")) {
    yaml::Mapping entries = node->mapping();
    for (const auto& [path, path_node, contents] : entries.entries()) {
      if (!stays_inside(path)) path_node.error("a path below the node's folder");
      // Structure is written as YAML: rules, a file_sd list.
      files[path] = contents.is_scalar() ? contents.string() : contents.is_null() ? "" : contents.dump() + "\n";
    }
  }
  return files;
}

std::string read_version(yaml::Mapping& mapping) {
  const auto version = mapping.find("version");
  if (!version) return {};
  if (!parse_version(version->string())) version->error("want a version: v3.5 or 3.5.3");
  return version->string();
}

}  // namespace mread::scenarios
