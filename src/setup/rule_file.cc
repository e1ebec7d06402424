#include "setup/rule_file.h"

#include <algorithm>
#include <filesystem>

#include <fnmatch.h>

namespace mread::setup {
namespace {

namespace fs = std::filesystem;

Rule read_rule(const yaml::Node& node) {
  yaml::Mapping lines = node.mapping();
  const auto alert = lines.find("alert");
  const auto record = lines.find("record");
  if (alert.has_value() == record.has_value())
    node.error("a rule has an alert: or a record:, and not both");
  const yaml::Node expr = lines.require("expr");
  return {node, expr, expr.string(), (alert ? alert : record)->string(),
          alert ? Rule::Kind::alert : Rule::Kind::record};
}

}  // namespace

std::vector<RuleGroup> read_rule_file(const std::string& path) {
  std::vector<RuleGroup> groups;
  const yaml::Node root = yaml::Node::load(path);
  if (root.is_null()) return groups;
  const auto list = root.mapping().find("groups");
  if (!list) return groups;
  for (const yaml::Node& item : list->sequence()) {
    yaml::Mapping lines = item.mapping();
    RuleGroup group{.at = item};
    if (const auto name = lines.find("name")) group.name = name->string();
    if (const auto interval = lines.find("interval")) group.interval = interval->duration();
    if (const auto rules = lines.find("rules")) {
      for (const yaml::Node& rule : rules->sequence()) group.rules.push_back(read_rule(rule));
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<std::string> files_of_pattern(const std::string& pattern, const std::string& folder) {
  const fs::path path =
      fs::path(pattern).is_relative() ? fs::path(folder) / pattern : fs::path(pattern);
  std::error_code error;
  if (pattern.find_first_of("*?[") == std::string::npos) {
    if (!fs::exists(path, error)) return {};
    return {path.string()};
  }
  std::vector<std::string> files;
  const fs::path parent = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  for (fs::directory_iterator at(parent, error), end; !error && at != end; at.increment(error)) {
    if (fnmatch(path.filename().c_str(), at->path().filename().c_str(), FNM_PATHNAME) == 0)
      files.push_back(at->path().string());
  }
  std::ranges::sort(files);
  return files;
}

RuleFiles find_rule_files(const PrometheusFile& file) {
  RuleFiles files;
  if (!file.rule_files) return files;
  for (const std::string& pattern : file.rule_files->strings()) {
    const std::vector<std::string> found =
        files_of_pattern(pattern, fs::path(file.path).parent_path().string());
    if (found.empty()) files.missing.push_back(pattern);
    files.found.insert(files.found.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace mread::setup
