#include "scenarios/nodes/config_file.h"

#include <filesystem>
#include <vector>

#include "base/file.h"
#include "setup/rule_file.h"

namespace mread::scenarios {
namespace {

namespace fs = std::filesystem;

// Where the copies are, below the node's folder.
constexpr const char* rules_folder = "rule_files";

}  // namespace

std::optional<yaml::Node> read_config(yaml::Mapping& lines) {
  const auto config = lines.find("config");
  const auto file = lines.find("config_file");
  if (!file) return config;
  if (config) file->error("config: and config_file: one of the two");
  const fs::path name = file->string();
  const fs::path path =
      name.is_relative() ? fs::path(file->file()).parent_path() / name : fs::path(name);
  if (auto text = read_file(path.string(), config_file_limit_bytes); !text)
    file->error(text.error().to_string());
  const yaml::Node document = yaml::Node::load(path.string());
  if (document.is_null()) file->error(path.string() + " is empty");
  return document;
}

void take_rule_files(const yaml::Node& config, const yaml::Node& scenario,
                     std::map<std::string, std::string>& files) {
  if (config.file() == scenario.file() || !config.is_mapping()) return;
  const auto list = config.mapping().find("rule_files");
  if (!list) return;
  std::vector<std::string> copies;
  for (const yaml::Node& pattern : list->sequence()) {
    const auto found =
        setup::files_of_pattern(pattern.string(), fs::path(config.file()).parent_path().string());
    if (found.empty()) {
      pattern.error("no file on this machine fits \"" + pattern.string() +
                    "\", and Prometheus would run without these rules; put them there, or take the "
                    "line out");
    }
    for (const std::string& path : found) {
      auto text = read_file(path, config_file_limit_bytes);
      if (!text) pattern.error(text.error().to_string());
      const std::string copy = std::string(rules_folder) + "/" + std::to_string(copies.size()) +
                               "-" + fs::path(path).filename().string();
      files[copy] = std::move(*text);
      copies.push_back("{{dir}}/" + copy);
    }
  }
  YAML::Node raw = list->raw();
  for (size_t i = raw.size(); i-- > 0;) raw.remove(i);
  for (const std::string& copy : copies) raw.push_back(copy);
}

}  // namespace mread::scenarios
