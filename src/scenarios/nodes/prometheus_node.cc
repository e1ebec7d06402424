#include <algorithm>

#include "base/duration.h"
#include "mockstore/notation/openmetrics.h"
#include "scenarios/nodes/config_file.h"
#include "scenarios/nodes/node_kinds.h"
#include "scenarios/nodes/program_version.h"
#include "scenarios/nodes/remote_write.h"

namespace mread::scenarios {

namespace {

using std::chrono::milliseconds;

constexpr uint16_t prometheus_port = 9090;
constexpr const char* blocks_file = "blocks.om";
constexpr const char* rules_file = "rules.yml";
constexpr const char* query_log = "query.log";

/// A head with scraped samples accepts nothing older than an hour. What is older than half of that,
/// with room for a slow start, goes into such a node as blocks before it starts.
constexpr milliseconds scraped_head_takes = std::chrono::minutes(30);

/// Prometheus keeps 15 days; a node that is to look older must not throw its old block away.
constexpr milliseconds default_retention = std::chrono::hours(24 * 15);

NodeSpec base_spec(const std::string& name, const std::string& version,
                   const NodeContext& context) {
  NodeSpec spec;
  spec.name = name;
  spec.kind = "prometheus";
  spec.program = context.cache_dir / "prometheus" / version / "prometheus";
  spec.image_name = "mread/prometheus:" + version;
  spec.args = {"--config.file={{dir}}/prometheus.yml", "--storage.tsdb.path={{dir}}/data",
               "--web.listen-address={{listen:" + std::to_string(prometheus_port) + "}}",
               "--web.enable-remote-write-receiver", "--web.enable-lifecycle"};
  spec.ports = {prometheus_port};
  spec.prepare_program = context.cache_dir / "prometheus" / version / "promtool";
  return spec;
}

/// Turns the text of {{dir}}/blocks.om into blocks of the node's TSDB.
void make_blocks_first(NodeSpec& spec, std::string text) {
  spec.files[blocks_file] = std::move(text);
  spec.prepare = {{"tsdb", "create-blocks-from", "openmetrics",
                   "{{dir}}/" + std::string(blocks_file), "{{dir}}/data"}};
}

class PrometheusNode final : public NodeKind {
 public:
  explicit PrometheusNode(const NodeLines& lines) : NodeKind(lines.name) {
    version_ = read_version(lines.mapping);
    if (const auto image = lines.mapping.find("image")) {
      image_ = image->string();
      if (!version_.empty()) image->error("image and version: one of the two");
    }
    flags_ = read_flags(lines.mapping);
    files_ = read_files(lines.mapping);
    if (const auto age = lines.mapping.find("tsdb_age")) tsdb_age_ = age->duration();
    if (const auto series = lines.mapping.find("input_series"); series && !series->is_null()) {
      input_series_ = mockstore::read_input_series(*series);
    }
    YAML::Node config(YAML::NodeType::Map);
    if (const auto node = read_config(lines.mapping)) {
      take_rule_files(*node, lines.place, files_);
      config = resolve(*node, lines);
    }
    if (const auto rules = lines.mapping.find("rules")) {
      if (files_.contains(rules_file)) rules->error("files: has a rules.yml already");
      rules->sequence();
      YAML::Node file(YAML::NodeType::Map);
      file["groups"] = rules->raw();
      files_[rules_file] = YAML::Dump(file) + "\n";
      config["rule_files"].push_back("{{dir}}/" + std::string(rules_file));
    }
    for (const auto& [path, contents] : files_) read_rules(path, contents);
    makes_samples_ = config["scrape_configs"].size() > 0 || config["rule_files"].size() > 0;
    // The log of queries belongs to what a run keeps.
    YAML::Node log = config["global"]["query_log_file"];
    if (!log) log = "{{dir}}/" + std::string(query_log);
    if (log.IsScalar()) kept_files_ = kept_query_log(log.Scalar());
    config_ = YAML::Dump(config) + "\n";
    uses_ = uses_of(config, files_, flags_);
    lines.mapping.finish();
  }

  std::string kind() const override { return "prometheus"; }
  std::string version() const override { return version_; }
  std::vector<uint16_t> ports() const override { return {prometheus_port}; }
  bool reads_remotely() const override { return reads_remotely_; }
  bool holds_data() const override { return true; }
  bool knows_promql() const override { return true; }
  ReadCounter read_counter() const override { return ReadCounter::metrics; }
  std::vector<std::string> kept_files() const override { return kept_files_; }
  const std::vector<mockstore::InputSeries>& input_series() const override { return input_series_; }
  const NodeUses& uses() const override { return uses_; }
  const std::set<std::string>& series_of_rules() const override { return series_of_rules_; }
  std::optional<int64_t> last_sample_ms(const mockstore::TimeGrid& grid) const override {
    if (makes_samples_) return std::nullopt;
    return NodeKind::last_sample_ms(grid);
  }

  Result<std::string> resolve_version(const NodeContext& context) const override {
    if (!image_.empty()) return image_.substr(image_.rfind(':') + 1);
    return find_version(context.cache_dir, "prometheus", version_);
  }

  Result<NodeSpec> make_spec(const NodeContext& context) const override {
    // The tools of the newest version here serve an image as well: they only write blocks.
    const auto version = find_version(context.cache_dir, "prometheus", version_);
    if (!version) return fail(version.error().in("node " + name()));
    NodeSpec spec = base_spec(name(), *version, context);
    if (!image_.empty()) {
      spec.image = image_;
      spec.program.clear();
    }
    spec.files = files_;
    spec.files["prometheus.yml"] = config_;
    Result<Data> data = gather(context);
    if (!data) return fail(data.error().in("node " + name()));
    if (data->has_histograms) spec.args.emplace_back("--enable-feature=native-histograms");
    if (tsdb_age_ > default_retention - std::chrono::hours(24)) {
      spec.args.push_back("--storage.tsdb.retention.time=" +
                          format_duration(tsdb_age_ + default_retention));
    }
    spec.args.insert(spec.args.end(), flags_.begin(), flags_.end());
    if (!data->blocks.empty()) make_blocks_first(spec, std::move(data->blocks));
    return spec;
  }

  Result<void> feed(const NodeContext& context, const net::Url& url,
                    std::stop_token stop) const override {
    if (input_series_.empty()) return {};
    auto series = mockstore::expand_input_series(input_series_, context.grid);
    if (!series) return fail(series.error().in("node " + name()));
    if (makes_samples_) {
      const int64_t oldest_ms = context.now_ms - scraped_head_takes.count();
      for (model::Series& one : *series) {
        std::erase_if(one.samples,
                      [&](const auto& sample) { return sample.timestamp_ms < oldest_ms; });
        std::erase_if(one.histograms,
                      [&](const auto& sample) { return sample.timestamp_ms < oldest_ms; });
      }
    }
    net::Url endpoint = url;
    endpoint.target = "/api/v1/write";
    auto written = write_series(endpoint, *series, stop);
    if (!written) return fail(written.error().in("node " + name()));
    return {};
  }

 private:
  // The names of what the rules of a file make. A file that is no rules file has none.
  void read_rules(const std::string& path, const std::string& contents) {
    try {
      const yaml::Node document = yaml::Node::parse(contents, path);
      if (!document.is_mapping()) return;
      const auto groups = document.mapping().find("groups");
      if (!groups || !groups->is_sequence()) return;
      for (const yaml::Node& group : groups->sequence()) {
        const auto rules = group.mapping().find("rules");
        if (!rules || rules->is_null()) continue;
        for (const yaml::Node& rule : rules->sequence()) {
          yaml::Mapping lines = rule.mapping();
          if (const auto record = lines.find("record")) series_of_rules_.insert(record->string());
          if (lines.find("alert")) series_of_rules_.insert({"ALERTS", "ALERTS_FOR_STATE"});
        }
      }
    } catch (const yaml::ConfigError&) {
      return;  // Prometheus says what is wrong with a file of rules.
    }
  }

  YAML::Node resolve(const yaml::Node& config, const NodeLines& lines) {
    yaml::Mapping mapping = config.mapping();
    expand_remote_read_names(config, lines.directory);
    const auto remote_read = mapping.find("remote_read");
    reads_remotely_ = remote_read && remote_read->is_sequence() && !remote_read->sequence().empty();
    if (const auto jobs = mapping.find("scrape_configs")) lines.directory.refuse_discovery(*jobs);
    if (const auto alerting = mapping.find("alerting"); alerting && alerting->is_mapping()) {
      const auto managers = alerting->mapping().find("alertmanagers");
      if (managers) lines.directory.refuse_discovery(*managers);
    }
    return lines.directory.resolve(
        config, name(),
        {"remote_read.*.url", "remote_read.*.proxy_url", "remote_read.*.oauth2.token_url",
         "remote_write.*.url", "remote_write.*.proxy_url", "remote_write.*.oauth2.token_url",
         "scrape_configs.*.proxy_url", "scrape_configs.*.oauth2.token_url",
         "scrape_configs.*.static_configs.*.targets.*", "scrape_configs.*.http_sd_configs.*.url",
         "scrape_configs.*.http_sd_configs.*.proxy_url", "alerting.alertmanagers.*.proxy_url",
         "alerting.alertmanagers.*.oauth2.token_url",
         "alerting.alertmanagers.*.static_configs.*.targets.*", "tracing.endpoint"});
  }

  /// What is put into the node before it starts.
  struct Data {
    std::string blocks;  ///< OpenMetrics text; empty for none
    bool has_histograms = false;
  };

  Result<Data> gather(const NodeContext& context) const {
    Data data;
    auto series = mockstore::expand_input_series(input_series_, context.grid);
    if (!series) return fail(series.error());
    int64_t first_ms = INT64_MAX;
    for (const model::Series& one : *series) {
      data.has_histograms |= !one.histograms.empty();
      if (!one.samples.empty()) first_ms = std::min(first_ms, one.samples.front().timestamp_ms);
      if (!one.histograms.empty())
        first_ms = std::min(first_ms, one.histograms.front().timestamp_ms);
    }
    mockstore::OpenMetricsWriter writer;
    bool any = false;
    if (makes_samples_) {
      const int64_t oldest_ms = context.now_ms - scraped_head_takes.count();
      for (model::Series& one : *series) {
        std::erase_if(one.samples,
                      [&](const auto& sample) { return sample.timestamp_ms >= oldest_ms; });
        std::erase_if(one.histograms,
                      [&](const auto& sample) { return sample.timestamp_ms >= oldest_ms; });
        any |= !one.samples.empty() || !one.histograms.empty();
        writer.append(one);
      }
      if (writer.omitted().stale_markers + writer.omitted().histograms > 0) {
        return fail(Errc::config, "staleness markers and native histograms older than " +
                                      format_duration(scraped_head_takes) +
                                      " cannot be put into a node that scrapes or evaluates rules; "
                                      "let start_timestamp be later");
      }
    }
    if (tsdb_age_.count() > 0) {
      // The head begins where the newest block ends, so the block must lie before all that is
      // written later.
      const int64_t old_ms = std::min(context.now_ms - tsdb_age_.count(),
                                      first_ms == INT64_MAX ? INT64_MAX : first_ms - 1);
      writer.append({{{"__name__", "mread_tsdb_age"}}, {model::Sample::of(old_ms, 1)}, {}});
      any = true;
    }
    if (!any) return data;
    writer.finish();
    data.blocks = writer.take();
    return data;
  }

  std::string version_;
  std::string image_;
  std::string config_;
  std::vector<std::string> flags_;
  std::map<std::string, std::string> files_;
  std::vector<std::string> kept_files_;
  milliseconds tsdb_age_{0};
  std::vector<mockstore::InputSeries> input_series_;
  bool reads_remotely_ = false;
  bool makes_samples_ = false;
  NodeUses uses_;
  std::set<std::string> series_of_rules_;
};

}  // namespace

NodeKindEntry prometheus_kind() {
  return {"prometheus", one_port<prometheus_port>, "/api/v1/read", read_node<PrometheusNode>};
}

Result<NodeSpec> oracle_prometheus(const std::string& name, const std::string& version,
                                   const NodeContext& context) {
  const auto found = find_version(context.cache_dir, "prometheus", version);
  if (!found) return fail(found.error());
  NodeSpec spec = base_spec(name, *found, context);
  spec.kind = "oracle";
  spec.args.emplace_back("--enable-feature=native-histograms");
  // It gets the data of one node after the other, of any age.
  spec.files["prometheus.yml"] = "storage:\n  tsdb:\n    out_of_order_time_window: 400d\n";
  return spec;
}

}  // namespace mread::scenarios
