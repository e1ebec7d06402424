#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/go_url.h"
#include "base/yaml.h"

namespace mread::setup {

/// An entry of `remote_read`, with Prometheus's defaults. Nodes know their place in the file.
struct ReadEntry {
  yaml::Node at;      ///< the entry itself, a mapping
  yaml::Node url_at;  ///< the value of `url:`
  GoUrl url;          ///< may be one that no request can be sent to (GoUrl::is_web())
  std::string name;   ///< `name:`; empty: none
  std::chrono::milliseconds timeout{60'000};
  bool read_recent = false;
  bool filter_external_labels = true;
  bool follow_redirects = true;
  std::map<std::string, std::string> required_matchers;

  /// The value of a key of the entry; none where it is missing or has no value.
  std::optional<yaml::Node> find(const std::string& key) const { return at.mapping().find(key); }
  /// The first of the keys that say who reads: basic_auth, authorization, oauth2, …; also a user in
  /// the URL.
  std::optional<yaml::Node> credentials() const;
  /// HOST:PORT and the path: entries with the same read the same store.
  std::string endpoint() const { return url.authority() + url.target; }
};

/// An entry of `scrape_configs`.
struct ScrapeEntry {
  yaml::Node at;
  std::string job;
  std::string path;                  ///< `metrics_path`
  std::vector<std::string> targets;  ///< HOST:PORT of `static_configs`, sorted
  /// Something else than static_configs finds further targets.
  bool has_discovery = false;
};

/// What a prometheus.yml says about remote reads, and about what bears on them.
struct PrometheusFile {
  yaml::Node root;
  std::string path;
  std::optional<yaml::Node> remote_read;     ///< the list; none: the node reads from nobody
  std::optional<yaml::Node> remote_read_at;  ///< its key
  std::vector<ReadEntry> entries;
  std::optional<yaml::Node> external_labels_at;
  std::map<std::string, std::string> external_labels;
  std::chrono::milliseconds scrape_interval{60'000};
  std::chrono::milliseconds evaluation_interval{60'000};
  std::vector<ScrapeEntry> scrapes;
  std::optional<yaml::Node> scrape_config_files;  ///< none for an empty list
  std::vector<GoUrl> remote_writes;
  std::optional<yaml::Node> rule_files;  ///< the list of patterns; none for an empty one

  /// The node scrapes or evaluates rules, so its TSDB has data of its own.
  bool has_own_data() const {
    return !scrapes.empty() || scrape_config_files.has_value() || rule_files.has_value();
  }
};

/// Reads the file. Keys that do not bear on remote reads are not looked at: Prometheus judges them.
/// Throws yaml::ConfigError with its place for what is no YAML, for values of a wrong type, for an
/// entry without a URL, and for a URL that Prometheus refuses.
PrometheusFile read_prometheus_file(const std::string& path);
PrometheusFile read_prometheus_file(const yaml::Node& root);

}  // namespace mread::setup
