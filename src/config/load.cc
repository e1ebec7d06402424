#include <algorithm>
#include <array>
#include <charconv>

#include <boost/url/parse.hpp>
#include <fmt/format.h>

#include "config/config.h"
#include "config/reader.h"
#include "model/labels.h"

namespace mread::config {
namespace {

using yaml::Mapping;
using yaml::Node;

std::vector<std::string> read_replica_labels(const Node& node) {
  std::vector<std::string> labels;
  for (const Node& entry : node.sequence()) {
    const std::string name = entry.string();
    if (name.empty()) entry.error("a label's name must not be empty");
    if (name == model::metric_name_label)
      entry.error("the metric's name cannot be a replica label");
    if (std::find(labels.begin(), labels.end(), name) != labels.end()) {
      entry.error(fmt::format("replica label \"{}\" is given twice", name));
    }
    labels.push_back(name);
  }
  return labels;
}

void read_merge(const Node& node, Config& config) {
  Mapping mapping = node.mapping();
  if (const auto labels = mapping.find("replica_labels"))
    config.replica_labels = read_replica_labels(*labels);
  if (const auto dedup = mapping.find("dedup")) {
    std::vector<std::string> words;
    for (const merger::Dedup each : merger::all_dedup) words.emplace_back(to_string(each));
    const std::string word = dedup->one_of(words);
    config.dedup = *std::ranges::find_if(
        merger::all_dedup, [&](merger::Dedup each) { return word == to_string(each); });
  }
  if (const auto conflict = mapping.find("on_conflict")) {
    const std::string word = conflict->one_of({"first", "max", "min", "live"});
    config.on_conflict = word == "max"    ? merger::OnConflict::max
                         : word == "min"  ? merger::OnConflict::min
                         : word == "live" ? merger::OnConflict::live
                                          : merger::OnConflict::first;
  }
  if (const auto encodings = mapping.find("chunk_encodings")) {
    config.chunk_encodings = encodings->one_of({"compatible", "newer"}) == "newer"
                                 ? merger::ChunkEncodings::newer
                                 : merger::ChunkEncodings::compatible;
  }
  if (const auto limit = mapping.find("repair_limit")) config.repair_limit = limit->bytes();
  if (const auto verify = mapping.find("verify_chunks")) config.verify_chunks = verify->boolean();
  mapping.finish();
}

void read_limits(const Node& node, Config& config) {
  Mapping mapping = node.mapping();
  if (const auto value = mapping.find("concurrent_reads"))
    config.server_limits.concurrent_reads = value->count();
  if (const auto value = mapping.find("queue")) config.server_limits.queue = value->count();
  if (const auto value = mapping.find("queue_wait"))
    config.server_limits.queue_wait = value->duration();
  if (const auto value = mapping.find("single_flight"))
    config.server_limits.read_sharing = value->boolean();
  if (const auto value = mapping.find("queries")) config.limits.queries = value->count();
  if (const auto value = mapping.find("matchers")) config.limits.matchers = value->count();
  if (const auto value = mapping.find("queries_at_once"))
    config.limits.queries_at_once = value->count();
  if (const auto value = mapping.find("series")) config.limits.series = value->count();
  if (const auto value = mapping.find("samples")) config.limits.samples = value->count();
  if (const auto value = mapping.find("total_bytes_in_flight")) {
    config.server_limits.total_bytes_in_flight = value->bytes();
    config.server_limits.total_bytes_given = true;
  }
  if (const auto value = mapping.find("bytes_in_flight")) {
    config.limits.bytes_in_flight = value->bytes();
    config.server_limits.bytes_given = true;
  }
  if (const auto value = mapping.find("connections"))
    config.server_limits.connections = value->count();
  if (const auto value = mapping.find("request_bodies"))
    config.server_limits.request_bodies = value->count();
  if (const auto value = mapping.find("request_bytes"))
    config.server_limits.request_bytes = value->bytes();
  if (const auto value = mapping.find("warnings")) config.server_limits.warnings = value->count();
  if (const auto value = mapping.find("client_rate"))
    config.server_limits.client_rate = value->bytes();
  if (const auto value = mapping.find("client_patience")) {
    config.server_limits.client_patience = value->duration();
    if (config.server_limits.client_patience <= std::chrono::milliseconds(0))
      value->error("client_patience must be more than 0");
  }
  if (const auto value = mapping.find("query_range")) config.limits.query_range = value->duration();
  mapping.finish();
}

void read_health(const Node& node, Config& config) {
  merger::HealthSettings settings;
  Mapping mapping = node.mapping();
  if (const auto probe = mapping.find("probe")) {
    settings.probe = probe->duration();
    if (settings.probe <= std::chrono::milliseconds(0)) probe->error("probe must be more than 0");
  }
  if (const auto count = mapping.find("open_after")) {
    settings.open_after = count->count();
    if (settings.open_after == 0) count->error("open_after must be more than 0");
  }
  if (const auto hung = mapping.find("hung_after")) {
    settings.hung_after = hung->duration();
    if (settings.hung_after <= std::chrono::milliseconds(0))
      hung->error("hung_after must be more than 0");
  }
  if (const auto path = mapping.find("path")) {
    settings.path = path->string();
    if (settings.path == "none") {
      settings.path.clear();
    } else if (!boost::urls::parse_origin_form(settings.path)) {
      path->error("want a path that begins with /, or none");
    }
  }
  mapping.finish();
  config.health = std::move(settings);
}

// As --listen has it: HOST:PORT or :PORT, which is every address.
void check_listen(const Node& node) {
  const std::string text = node.string();
  const size_t colon = text.rfind(':');
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  bool good = colon != std::string::npos && colon + 1 < text.size();
  if (good) {
    const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
    good = parsed.ec == std::errc() && parsed.ptr == end;
  }
  if (!good) {
    node.error(fmt::format("want HOST:PORT, or :PORT for every address, got \"{}\"", text));
  }
}

// A whole prometheus.yml is mostly about what a Prometheus does, and would seem to be obeyed.
void refuse_prometheus_yml(Mapping& mapping) {
  constexpr std::array keys = {"global",     "scrape_configs", "scrape_config_files",
                               "rule_files", "alerting",       "remote_write",
                               "storage",    "tracing",        "runtime",
                               "otlp"};
  for (const Mapping::Entry& entry : mapping.raw_entries()) {
    if (std::find(keys.begin(), keys.end(), entry.key) == keys.end()) continue;
    entry.key_node.error(
        fmt::format("\"{}\" belongs to a prometheus.yml: copy its remote_read: block, as it is, "
                    "into an mread.yml of its own; "
                    "Prometheus then reads http://THIS-HOST:9095/api/v1/read",
                    entry.key));
  }
}

}  // namespace

Config Config::from_yaml(const yaml::Node& root) {
  Config config;
  if (root.is_null()) root.error("the file is empty: an mread.yml has a remote_read: block");
  Mapping mapping = root.mapping();
  refuse_prometheus_yml(mapping);
  config.warnings = root.remarks();
  if (const auto listen = mapping.find("listen")) {
    check_listen(*listen);
    config.listen = listen->string();
  }
  read_all_backends(mapping, config);
  read_anchor_regex(mapping.find("anchor_regex"), config);
  read_groups(mapping.find("groups"), config);
  if (const auto routes = mapping.find("routes")) {
    for (const Node& route : routes->sequence()) config.routes.push_back(read_route(route, config));
  }
  if (const auto merge = mapping.find("merge")) read_merge(*merge, config);
  if (const auto partial = mapping.find("partial")) {
    const std::string word = partial->one_of({"all", "group", "any"});
    config.partial = word == "all"   ? merger::PartialPolicy::all
                     : word == "any" ? merger::PartialPolicy::any
                                     : merger::PartialPolicy::group;
  }
  if (const auto limits = mapping.find("limits")) read_limits(*limits, config);
  if (const auto health = mapping.find("health")) read_health(*health, config);
  if (const auto file = mapping.find("query_log_file")) config.query_log_file = file->string();
  if (const auto clients = mapping.find("clients")) config.clients = read_clients(*clients);
  if (const auto prune = mapping.find("prune")) config.prune = read_prune(*prune, config);
  if (const auto web = mapping.find("web")) config.web = read_web(*web);
  mapping.finish();
  return config;
}

Config Config::parse(std::string text, std::string file_name) {
  return from_yaml(Node::parse(std::move(text), std::move(file_name)));
}

Config Config::load(const std::string& path) { return from_yaml(Node::load(path)); }

void Config::fit_into(const MemoryLimit& memory) {
  const auto fit = [&](bool given, uint64_t& bytes, uint64_t share) {
    if (given || share >= bytes) return;
    bytes = std::max<uint64_t>(share, 1);
    server_limits.share_of = fmt::format("{} ({} bytes)", memory.source, memory.bytes);
  };
  fit(server_limits.total_bytes_given, server_limits.total_bytes_in_flight, memory.bytes / 2);
  fit(server_limits.bytes_given, limits.bytes_in_flight, memory.bytes / 4);
}

}  // namespace mread::config
