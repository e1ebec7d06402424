#include "rehearse/twin/twin.h"

#include <algorithm>

#include <yaml-cpp/yaml.h>

#include "base/duration.h"

namespace mread::rehearse {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds shortest_time{100};
// As serve_probe, a default of `mread serve`.
constexpr milliseconds hung_after{10'000};
// Whether the query node reads with its external labels as they are, from some backend.
bool is_unfiltered(const NodeSetup& setup) {
  return std::ranges::any_of(setup.entries, [](const ReadEntry& entry) {
    const YAML::Node options = entry.options;
    return options.IsMap() && options["filter_external_labels"] &&
           !options["filter_external_labels"].as<bool>(true);
  });
}

class Writer {
 public:
  Writer(const NodeSetup& setup, const TwinOptions& options) : setup_(setup), options_(options) {}

  YAML::Node query_config() const {
    YAML::Node config;
    if (setup_.external_labels.IsDefined() && !setup_.external_labels.IsNull())
      config["global"]["external_labels"] = YAML::Clone(setup_.external_labels);
    if (options_.reader == Reader::direct) {
      config["remote_read"] = entries(true);
      return config;
    }
    YAML::Node entry;
    entry["url"] = std::string("http://") + merge_node + ":9095/api/v1/read";
    entry["read_recent"] = true;
    entry["remote_timeout"] = scaled(options_.query_timeout);
    if (is_unfiltered(setup_)) entry["filter_external_labels"] = false;
    config["remote_read"].push_back(entry);
    return config;
  }

  YAML::Node merge_config() const {
    YAML::Node config;
    config["remote_read"] = entries(false);
    for (size_t group = 0; group < setup_.groups; ++group) {
      YAML::Node members(YAML::NodeType::Sequence);
      for (size_t i = 0; i < setup_.entries.size(); ++i) {
        if (setup_.backends[setup_.entries[i].backend].group == group)
          members.push_back(name_of(i));
      }
      if (members.size() < 2) continue;
      YAML::Node one;
      one["name"] = "replicas-" + std::to_string(group + 1);
      one["members"] = members;
      one["need"] = 1;
      config["groups"].push_back(one);
    }
    config["health"]["probe"] = scaled(serve_probe);
    config["health"]["hung_after"] = scaled(hung_after);
    return config;
  }

 private:
  std::string name_of(size_t entry) const {
    const std::string& node = setup_.backends[setup_.entries[entry].backend].node;
    size_t earlier = 0;
    for (size_t i = 0; i < entry; ++i) {
      if (setup_.entries[i].backend == setup_.entries[entry].backend) ++earlier;
    }
    return earlier == 0 ? node : node + "-" + std::to_string(earlier + 1);
  }

  std::string scaled(milliseconds time) const {
    return format_duration(twin_time(setup_, options_, time));
  }

  YAML::Node entries(bool is_query_node) const {
    YAML::Node list(YAML::NodeType::Sequence);
    for (size_t i = 0; i < setup_.entries.size(); ++i) {
      const ReadEntry& entry = setup_.entries[i];
      YAML::Node out(YAML::NodeType::Map);
      // Entries of one store that only credentials or headers told apart must differ by something.
      const bool is_told_apart = is_query_node && !is_first_of_its_backend(setup_, i);
      if (!entry.name.empty() && is_query_node)
        out["name"] = entry.name;
      else if (!is_query_node || is_told_apart)
        out["name"] = name_of(i);
      out["url"] = "http://" + setup_.backends[entry.backend].node + ":9090/api/v1/read";
      out["remote_timeout"] = scaled(entry.timeout);
      if (entry.options.IsDefined() && entry.options.IsMap()) {
        for (const auto& option : entry.options) out[option.first] = YAML::Clone(option.second);
      }
      if (is_query_node && options_.mends.read_recent) out["read_recent"] = true;
      if (is_query_node && options_.mends.unfiltered) out["filter_external_labels"] = false;
      list.push_back(out);
    }
    return list;
  }

  const NodeSetup& setup_;
  const TwinOptions& options_;
};

}  // namespace

milliseconds twin_time(const NodeSetup& setup, const TwinOptions& options, milliseconds time) {
  milliseconds longest = options.longest_timeout;
  for (const Backend& one : setup.backends) longest = std::max(longest, one.timeout);
  const double scale =
      static_cast<double>(options.longest_timeout.count()) / static_cast<double>(longest.count());
  return std::max(shortest_time,
                  milliseconds(static_cast<int64_t>(static_cast<double>(time.count()) * scale)));
}

std::string twin_scenario(const NodeSetup& setup, const ExampleData& data,
                          const std::vector<Question>& questions, const TwinOptions& options,
                          const std::vector<Broken>& broken) {
  const bool is_served = options.reader == Reader::served;
  const Writer writer(setup, options);
  YAML::Node root;
  std::string name = is_served ? "twin-with-mread-serve" : "twin";
  std::string description;
  for (const Broken& one : broken) {
    const std::string& node = setup.backends[one.backend].node;
    name += "-" + node + "-" + std::string(one.failure.word);
    description += (description.empty() ? "" : ", ") + node + ": " + std::string(one.failure.shown);
  }
  if (!description.empty()) root["description"] = description;
  root["name"] = name;
  root["interval"] = example_interval;
  root["start_timestamp"] = "now-1h";
  for (size_t group = 0; group < setup.groups; ++group)
    root["vars"][data_name(group)] = series_of(data, group);
  YAML::Node nodes;
  for (const Backend& backend : setup.backends) {
    nodes[backend.node]["kind"] = "mock";
    nodes[backend.node]["input_series"] = "${" + data_name(backend.group) + "}";
  }
  if (is_served) {
    nodes[merge_node]["kind"] = "merger";
    nodes[merge_node]["config"] = writer.merge_config();
  }
  nodes[query_node]["kind"] = "prometheus";
  if (!options.version.empty()) nodes[query_node]["version"] = options.version;
  if (setup.has_own_data) nodes[query_node]["tsdb_age"] = own_data_age;
  nodes[query_node]["flags"].push_back(
      "--query.timeout=" + format_duration(twin_time(setup, options, options.query_timeout)));
  nodes[query_node]["config"] = writer.query_config();
  root["nodes"] = nodes;
  for (const Broken& one : broken) {
    YAML::Node step;
    step["node"] = setup.backends[one.backend].node;
    if (one.failure.fault.empty())
      step["act"] = "pause";
    else
      step["fault"] = YAML::Load(one.failure.fault);
    root["timeline"].push_back(step);
  }
  root["checks"] = checks_of(questions);
  root["invariants"].push_back("union_oracle");
  root["invariants"].push_back("no_silent_partial");
  return YAML::Dump(root) + "\n";
}

std::string mread_yml(const NodeSetup& setup) {
  TwinOptions options;
  options.reader = Reader::served;
  YAML::Node config = Writer(setup, options).merge_config();
  for (size_t i = 0; i < setup.entries.size(); ++i) {
    const ReadEntry& entry = setup.entries[i];
    config["remote_read"][i]["url"] = setup.backends[entry.backend].url;
    config["remote_read"][i]["remote_timeout"] = format_duration(entry.timeout);
    config["remote_read"][i].remove("read_recent");
  }
  config["health"]["probe"] = format_duration(serve_probe);
  config["health"]["hung_after"] = format_duration(hung_after);
  return YAML::Dump(config) + "\n";
}

std::string served_remote_read(const NodeSetup& setup, milliseconds query_timeout) {
  YAML::Node config;
  config["remote_read"][0]["url"] = "http://MREAD-SERVE:9095/api/v1/read";
  config["remote_read"][0]["read_recent"] = true;
  config["remote_read"][0]["remote_timeout"] = format_duration(query_timeout);
  if (is_unfiltered(setup)) config["remote_read"][0]["filter_external_labels"] = false;
  return YAML::Dump(config) + "\n";
}

}  // namespace mread::rehearse
