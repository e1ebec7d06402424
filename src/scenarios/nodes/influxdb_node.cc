#include <cmath>
#include <utility>

#include "mockstore/notation/openmetrics.h"
#include "net/client.h"
#include "scenarios/nodes/node_kinds.h"
#include "scenarios/nodes/program_version.h"
#include "scenarios/nodes/remote_write.h"

namespace mread::scenarios {

namespace {

constexpr uint16_t influxdb_port = 8086;
constexpr const char* read_path = "/api/v1/prom/read?db=prometheus";
constexpr const char* write_target = "/api/v1/prom/write?db=prometheus";

// Everything is below the node's folder, and only the HTTP port is open to others. The port for
// backups cannot be turned off, so it is a free one on loopback.
constexpr const char* influxdb_config = R"(reporting-disabled = true
bind-address = "127.0.0.1:0"

[meta]
dir = "{{dir}}/meta"

[data]
dir = "{{dir}}/data"
wal-dir = "{{dir}}/wal"
query-log-enabled = false

[monitor]
store-enabled = false

[http]
bind-address = "{{listen:8086}}"
)";

/// A real InfluxDB 1.x with one database, "prometheus", which is written and read by Prometheus's
/// protocols.
class InfluxDbNode final : public NodeKind {
 public:
  explicit InfluxDbNode(const NodeLines& lines) : NodeKind(lines.name) {
    version_ = read_version(lines.mapping);
    if (const auto series = lines.mapping.find("input_series"); series && !series->is_null()) {
      place_ = series->file() + ":" + std::to_string(series->line());
      input_series_ = mockstore::read_input_series(*series);
    }
    lines.mapping.finish();
  }

  std::string kind() const override { return "influxdb"; }
  std::string version() const override { return version_; }
  std::vector<uint16_t> ports() const override { return {influxdb_port}; }
  std::string read_target() const override { return read_path; }
  bool holds_data() const override { return true; }
  const std::vector<mockstore::InputSeries>& input_series() const override { return input_series_; }

  Result<std::string> resolve_version(const NodeContext& context) const override {
    return find_version(context.cache_dir, "influxdb", version_);
  }

  Result<NodeSpec> make_spec(const NodeContext& context) const override {
    const auto version = resolve_version(context);
    if (!version) return fail(version.error().in("node " + name()));
    const auto data = expand(context);
    if (!data) return fail(data.error());
    NodeSpec spec;
    spec.name = name();
    spec.kind = kind();
    spec.program = context.cache_dir / "influxdb" / *version / "influxdb";
    spec.image_name = "mread/influxdb:" + *version;
    spec.args = {"run", "-config", "{{dir}}/influxdb.conf"};
    spec.files["influxdb.conf"] = influxdb_config;
    spec.ports = {influxdb_port};
    spec.ready_path = "/ping";
    return spec;
  }

  Result<void> feed(const NodeContext& context, const net::Url& url,
                    std::stop_token stop) const override {
    // Also for a node without data: others may write into it.
    net::ClientRequest request;
    request.url = url;
    request.url.target = "/query?q=CREATE%20DATABASE%20prometheus";
    request.method = "POST";
    const auto made = net::fetch(
        std::move(request), {.timeout = std::chrono::seconds(30), .body_bytes = 1 << 20}, stop);
    if (!made) return fail(made.error().in("node " + name()));
    if (made->head.status != 200) {
      return fail(Errc::http_status, "node " + name() + ": CREATE DATABASE: HTTP " +
                                         std::to_string(made->head.status) + ": " +
                                         made->body.substr(0, made->body.find('\n')));
    }
    const auto series = expand(context);
    if (!series) return fail(series.error());
    if (series->empty()) return {};
    net::Url endpoint = url;
    endpoint.target = write_target;
    const auto written = write_series(endpoint, *series, stop);
    if (!written) return fail(written.error().in("node " + name()));
    return {};
  }

 private:
  /// The node's data, if InfluxDB can hold them.
  Result<std::vector<model::Series>> expand(const NodeContext& context) const {
    auto series = mockstore::expand_input_series(input_series_, context.grid);
    if (!series) return fail(series.error().in("node " + name()));
    for (const model::Series& one : *series) {
      const char* what = one.histograms.empty() ? nullptr : "native histograms";
      for (const model::Sample& sample : one.samples) {
        // Staleness markers among them: it drops these without a word.
        if (!std::isfinite(sample.value())) what = "NaN, staleness markers and infinite values";
      }
      if (what == nullptr) continue;
      return fail(Errc::config, place_ + ": node " + name() + ": InfluxDB does not keep " + what +
                                    ", which " + one.labels.to_string() +
                                    " has: give those to a prometheus or mock node");
    }
    return series;
  }

  std::string version_;
  std::string place_;  // Of the series, for errors.
  std::vector<mockstore::InputSeries> input_series_;
};

}  // namespace

NodeKindEntry influxdb_kind() {
  return {"influxdb", one_port<influxdb_port>, read_path, read_node<InfluxDbNode>};
}

}  // namespace mread::scenarios
