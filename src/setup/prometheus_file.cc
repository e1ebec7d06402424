#include "setup/prometheus_file.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mread::setup {
namespace {

// The keys of an entry that say who reads.
constexpr std::array<std::string_view, 8> credential_keys{
    "basic_auth",        "authorization", "oauth2",  "bearer_token",
    "bearer_token_file", "sigv4",         "azuread", "google_iam"};
// A file with none of these is something else.
constexpr std::array<std::string_view, 10> known_keys{
    "global",     "scrape_configs", "scrape_config_files",
    "rule_files", "remote_read",    "remote_write",
    "alerting",   "storage",        "tracing",
    "otlp"};
// A scrape's keys that are no discovery end otherwise.
constexpr std::string_view discovery_suffix = "_sd_configs";

std::map<std::string, std::string> read_labels(const yaml::Node& node) {
  std::map<std::string, std::string> labels;
  yaml::Mapping mapping = node.mapping();
  for (const yaml::Mapping::Entry& entry : mapping.entries())
    labels.emplace(entry.key, entry.value.string_or_empty());
  return labels;
}

GoUrl read_url(const yaml::Node& node) {
  auto url = parse_go_url(node.string());
  if (!url) node.error("no URL: " + url.error().context);
  return std::move(*url);
}

bool flag_or(yaml::Mapping& mapping, const char* key, bool otherwise) {
  const auto value = mapping.find(key);
  return value ? value->boolean() : otherwise;
}

// A list with something in it.
std::optional<yaml::Node> find_list(yaml::Mapping& mapping, const char* key) {
  auto list = mapping.find(key);
  if (list && list->sequence().empty()) list.reset();
  return list;
}

ReadEntry read_entry(const yaml::Node& item) {
  yaml::Mapping mapping = item.mapping();
  const yaml::Node url_at = mapping.require("url");
  ReadEntry entry{.at = item, .url_at = url_at, .url = read_url(url_at)};
  if (const auto name = mapping.find("name")) entry.name = name->string_or_empty();
  if (const auto timeout = mapping.find("remote_timeout")) entry.timeout = timeout->duration();
  entry.read_recent = flag_or(mapping, "read_recent", false);
  entry.filter_external_labels = flag_or(mapping, "filter_external_labels", true);
  entry.follow_redirects = flag_or(mapping, "follow_redirects", true);
  if (const auto matchers = mapping.find("required_matchers"))
    entry.required_matchers = read_labels(*matchers);
  return entry;
}

ScrapeEntry read_scrape(const yaml::Node& item) {
  yaml::Mapping mapping = item.mapping();
  ScrapeEntry scrape{.at = item, .path = "/metrics"};
  if (const auto job = mapping.find("job_name")) scrape.job = job->string_or_empty();
  if (const auto path = mapping.find("metrics_path")) scrape.path = path->string_or_empty();
  if (const auto configs = mapping.find("static_configs")) {
    for (const yaml::Node& config : configs->sequence()) {
      if (const auto targets = config.mapping().find("targets")) {
        for (std::string& target : targets->strings()) scrape.targets.push_back(std::move(target));
      }
    }
  }
  std::ranges::sort(scrape.targets);
  for (const yaml::Mapping::Entry& entry : mapping.raw_entries())
    scrape.has_discovery |= entry.key.ends_with(discovery_suffix);
  return scrape;
}

void read_global(const yaml::Node& node, PrometheusFile& file) {
  yaml::Mapping global = node.mapping();
  if (const auto labels = global.find("external_labels")) {
    file.external_labels = read_labels(*labels);
    file.external_labels_at = labels;
  }
  if (const auto interval = global.find("scrape_interval"))
    file.scrape_interval = interval->duration();
  if (const auto interval = global.find("evaluation_interval"))
    file.evaluation_interval = interval->duration();
}

}  // namespace

std::optional<yaml::Node> ReadEntry::credentials() const {
  if (url.user) return url_at;
  for (const std::string_view key : credential_keys) {
    if (auto value = find(std::string(key))) return value;
  }
  return std::nullopt;
}

PrometheusFile read_prometheus_file(const yaml::Node& root) {
  if (!root.is_mapping()) root.error("this is no prometheus.yml");
  PrometheusFile file{.root = root, .path = root.file()};
  yaml::Mapping mapping = root.mapping();
  const bool is_known =
      std::ranges::any_of(mapping.raw_entries(), [](const yaml::Mapping::Entry& entry) {
        return std::ranges::find(known_keys, entry.key) != known_keys.end();
      });
  if (!is_known) {
    root.error(
        "this is no prometheus.yml: it has no remote_read, scrape_configs or another of its keys");
  }
  if (const auto global = mapping.find("global")) read_global(*global, file);
  file.remote_read = mapping.find("remote_read");
  if (file.remote_read) {
    for (const yaml::Node& item : file.remote_read->sequence())
      file.entries.push_back(read_entry(item));
  }
  for (const yaml::Mapping::Entry& entry : mapping.raw_entries()) {
    if (entry.key == "remote_read") file.remote_read_at = entry.key_node;
  }
  if (const auto scrapes = mapping.find("scrape_configs")) {
    for (const yaml::Node& item : scrapes->sequence()) file.scrapes.push_back(read_scrape(item));
  }
  file.scrape_config_files = find_list(mapping, "scrape_config_files");
  if (const auto writes = mapping.find("remote_write")) {
    for (const yaml::Node& item : writes->sequence()) {
      if (const auto url = item.mapping().find("url")) file.remote_writes.push_back(read_url(*url));
    }
  }
  file.rule_files = find_list(mapping, "rule_files");
  return file;
}

PrometheusFile read_prometheus_file(const std::string& path) {
  return read_prometheus_file(yaml::Node::load(path));
}

}  // namespace mread::setup
