#include "scenarios/nodes/node_kinds.h"

#include "base/version_text.h"
#include "scenarios/engine/node_folder.h"

namespace mread::scenarios {

std::vector<std::string> read_flags(yaml::Mapping& mapping) {
  const auto flags = mapping.find("flags");
  if (!flags) return {};
  for (const yaml::Node& flag : flags->sequence_or_one()) {
    if (!flag.string().starts_with("-"))
      flag.error("a flag begins with a hyphen: \"--query.lookback-delta=1m\"");
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
    names_in(entry["url"].Scalar(),
             [&](std::string node) { uses.read.push_back(std::move(node)); });
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
      files[path] = contents.is_scalar() ? contents.string()
                    : contents.is_null() ? ""
                                         : contents.dump() + "\n";
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
