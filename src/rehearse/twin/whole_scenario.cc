#include "rehearse/twin/whole_scenario.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "rehearse/twin/scenario_yaml.h"

namespace mread::rehearse {
namespace {

constexpr uint16_t store_port = 9090;
constexpr const char* usual_read_path = "/api/v1/read";

// Who asks, and over what: the nodes of a scenario are open.
constexpr std::array<std::string_view, 12> access_keys{
    "basic_auth", "authorization",     "oauth2",       "sigv4",     "azuread", "google_iam",
    "tls_config", "bearer_token_file", "bearer_token", "proxy_url", "headers", "http_headers"};

// A copy in which ${…} stays as it is.
YAML::Node literal(const YAML::Node& node) {
  if (node.IsScalar()) return YAML::Node(verbatim(node.Scalar()));
  if (node.IsSequence()) {
    YAML::Node out(YAML::NodeType::Sequence);
    for (const auto& item : node) out.push_back(literal(item));
    return out;
  }
  if (!node.IsMap()) return YAML::Clone(node);
  YAML::Node out(YAML::NodeType::Map);
  for (const auto& entry : node) out.force_insert(YAML::Clone(entry.first), literal(entry.second));
  return out;
}

class WholeWriter {
 public:
  WholeWriter(const setup::PrometheusFile& file, const NodeSetup& setup)
      : file_(file), setup_(setup), aliases_(setup.backends.size()) {
    for (const Backend& one : setup.backends) names_.push_back(one.node);
    names_.emplace_back(query_node);
  }

  YAML::Node config() {
    YAML::Node config = literal(file_.root.raw());
    for (const char* key :
         {"remote_write", "rule_files", "scrape_config_files", "tracing", "otlp"}) {
      if (!config[key]) continue;
      if (std::string_view(key) != "rule_files") note(std::string(key) + " is left out");
      config.remove(key);
    }
    for (size_t i = 0; i < file_.entries.size(); ++i) {
      YAML::Node entry = config["remote_read"][i];
      open_access(entry, "remote_read");
      entry["url"] = verbatim(address_of(i));
      // Entries of one store that only credentials or headers told apart must differ by something.
      if (!entry["name"] && !is_first_of_its_backend(setup_, i)) {
        entry["name"] =
            setup_.backends[setup_.entries[i].backend].node + "-" + std::to_string(i + 1);
      }
    }
    keep_targets(config["scrape_configs"], "scrape_configs");
    if (config["alerting"]["alertmanagers"])
      keep_targets(config["alerting"]["alertmanagers"], "alertmanagers");
    drop_empty(config, "scrape_configs");
    drop_empty(config, "alerting");
    return config;
  }

  // After config().
  YAML::Node backend(size_t index) const {
    YAML::Node node;
    node["kind"] = "mock";
    for (const std::string& alias : aliases_[index]) node["aliases"].push_back(alias);
    const std::string path = path_of(index);
    if (path != usual_read_path) node["read_path"] = verbatim(path);
    node["input_series"] = "${" + data_name(setup_.backends[index].group) + "}";
    return node;
  }

  bool has_sinks() const { return has_sinks_; }
  std::vector<std::string> take_notes() { return std::move(notes_); }

 private:
  void note(const std::string& text) {
    if (std::ranges::find(notes_, text) == notes_.end()) notes_.push_back(text);
  }

  size_t first_entry(size_t backend) const {
    const auto found = std::ranges::find(setup_.entries, backend, &ReadEntry::backend);
    return static_cast<size_t>(found - setup_.entries.begin());
  }

  std::string path_of(size_t backend) const {
    const std::string& target = file_.entries[first_entry(backend)].url.target;
    return target.substr(0, target.find('?'));
  }

  void open_access(YAML::Node entry, const std::string& where) {
    for (const std::string_view key : access_keys) {
      if (!entry[std::string(key)]) continue;
      entry.remove(std::string(key));
      note("credentials, headers, TLS and proxies of " + where + " are left out");
    }
  }

  // The URL by which the query node reads an entry's backend; its host becomes an alias of the
  // backend's node where it can.
  std::string address_of(size_t index) {
    const GoUrl& url = file_.entries[index].url;
    const size_t backend = setup_.entries[index].backend;
    const bool is_open = url.scheme == "http" && !url.user;
    const std::string path = url.target.substr(0, url.target.find('?'));
    // A query may hold a password, as InfluxDB's does.
    if (path != url.target) note("the queries of URLs are left out");
    if (!is_open) note("credentials, headers, TLS and proxies of remote_read are left out");
    const std::string alias = url.port.empty() ? url.host : url.host + ":" + url.port;
    if (is_open && may_be_alias(url.host, alias, backend)) {
      auto& own = aliases_[backend];
      if (std::ranges::find(own, alias) == own.end()) own.push_back(alias);
      owners_.emplace(alias, backend);
      return "http://" + alias + path;
    }
    return "http://" + setup_.backends[backend].node + ":" + std::to_string(store_port) + path;
  }

  bool may_be_alias(const std::string& host, const std::string& alias, size_t backend) const {
    const bool is_name = host.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
                         std::string::npos;
    if (!is_name || host == "localhost" || std::ranges::find(names_, host) != names_.end())
      return false;
    const auto owner = owners_.find(alias);
    return owner == owners_.end() || owner->second == backend;
  }

  // Leaves targets that are written down, for a sink; others would be found outside the scenario.
  void keep_targets(YAML::Node list, const std::string& where) {
    if (!list.IsDefined() || !list.IsSequence()) return;
    YAML::Node kept(YAML::NodeType::Sequence);
    for (YAML::Node item : list) {
      if (!item.IsMap()) continue;
      std::vector<std::string> discovery;
      for (const auto& entry : item) {
        const std::string key = entry.first.Scalar();
        if (key.ends_with("_sd_configs")) discovery.push_back(key);
      }
      for (const std::string& key : discovery) {
        item.remove(key);
        note(key + " of " + where + " is left out");
      }
      if (!item["static_configs"]) continue;
      has_sinks_ = true;
      open_access(item, where);
      if (item["scheme"]) item["scheme"] = "http";
      kept.push_back(item);
    }
    list = kept;
  }

  static void drop_empty(YAML::Node config, const char* key) {
    const YAML::Node value = config[key];
    const YAML::Node managers = value.IsMap() ? value["alertmanagers"] : YAML::Node();
    const bool is_empty = !value.IsDefined() || value.IsNull() || value.size() == 0 ||
                          (managers.IsSequence() && managers.size() == 0);
    if (is_empty) config.remove(key);
  }

  const setup::PrometheusFile& file_;
  const NodeSetup& setup_;
  std::vector<std::vector<std::string>> aliases_;
  std::vector<std::string> names_;
  std::map<std::string, size_t> owners_;  // Of aliases.
  bool has_sinks_ = false;
  std::vector<std::string> notes_;
};

std::string heading(const NodeSetup& setup, const std::vector<std::string>& notes) {
  std::string out = "# The query node of " + setup.file +
                    " and what it reads.\n"
                    "# Each backend is a mock store with series that the questions select.\n";
  for (const std::string& note : notes) out += "# Note: " + note + ".\n";
  out +=
      "# To break a backend, add for example:\n"
      "#   timeline:\n"
      "#     - {node: " +
      setup.backends.front().node +
      ", act: pause, phase: hung}    # or kill, or fault: {latency: 3s}\n" +
      "# mread rehearse breaks each of them in each manner by itself.\n";
  return out;
}

}  // namespace

WholeScenario whole_scenario(const setup::PrometheusFile& file, const NodeSetup& setup,
                             const ExampleData& data, const std::string& name,
                             const std::string& version) {
  WholeWriter writer(file, setup);
  const YAML::Node config = writer.config();
  YAML::Node root;
  root["name"] = name;
  root["interval"] = example_interval;
  root["start_timestamp"] = "now-1h";
  if (writer.has_sinks()) root["sinks"].push_back("*");
  for (size_t group = 0; group < setup.groups; ++group)
    root["vars"][data_name(group)] = series_of(data, group);
  for (size_t i = 0; i < setup.backends.size(); ++i)
    root["nodes"][setup.backends[i].node] = writer.backend(i);
  YAML::Node query;
  query["kind"] = "prometheus";
  if (!version.empty()) query["version"] = version;
  if (setup.has_own_data) query["tsdb_age"] = own_data_age;
  query["config"] = config;
  root["nodes"][query_node] = query;
  root["checks"] = checks_of(setup.questions);
  root["invariants"].push_back("union_oracle");
  root["invariants"].push_back("no_silent_partial");

  WholeScenario out;
  out.notes = writer.take_notes();
  out.notes.insert(out.notes.end(), data.notes.begin(), data.notes.end());
  if (std::ranges::any_of(setup.questions, [](const Question& question) {
        return question.kind != Question::Kind::query;
      }))
    out.notes.emplace_back("the rules do not run: their expressions are asked");
  out.text = heading(setup, out.notes) + YAML::Dump(root) + "\n";
  return out;
}

}  // namespace mread::rehearse
