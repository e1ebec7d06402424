#include <fmt/format.h>

#include "base/duration.h"
#include "base/host_names.h"
#include "base/timestamp.h"
#include "mockstore/server/mock_config.h"
#include "mockstore/store/store_config.h"
#include "scenarios/nodes/node_kinds.h"

namespace mread::scenarios {

namespace {

constexpr uint16_t mock_port = 9090;
// The control port; it stays open when a fault closes the first.
constexpr uint16_t admin_port = 9099;
constexpr uint16_t token_port = 9098;  // Of `token_servers:`.
constexpr uint16_t proxy_port = 3128;  // Of `proxies:`.

std::vector<uint16_t> ports_of(yaml::Mapping& lines) {
  std::vector<uint16_t> ports{mock_port, admin_port};
  if (lines.find("token_servers")) ports.push_back(token_port);
  if (lines.find("proxies")) ports.push_back(proxy_port);
  return ports;
}

/// `mread mock` with one store, run by this very program. The node's keys are a store's, but for
/// the addresses.
class MockNode final : public NodeKind {
 public:
  explicit MockNode(const NodeLines& lines) : NodeKind(lines.name) {
    for (const char* key : {"listen", "admin_listen"}) {
      if (const auto address = lines.mapping.find(key))
        address->error("the engine decides where a node listens");
    }
    // For errors and the series; the mock itself reads the same lines again.
    mockstore::StoreDefaults defaults;
    if (const auto names = lines.mapping.find("hostnames"))
      static_cast<void>(read_host_names(*names));
    token_server_ = name_of_only(lines.mapping, "token_servers");
    defaults.books = mockstore::read_token_servers(lines.mapping);
    proxy_ = name_of_only(lines.mapping, "proxies");
    if (!proxy_.empty()) {
      mockstore::parse_forward_proxy(
          lines.mapping.require("proxies").mapping().entries().front().value, proxy_);
    }
    mockstore::StoreConfig store = mockstore::parse_store(lines.mapping, name(), defaults);
    input_series_ = std::move(store.input_series);
    interval_ = store.interval;
    sample_offset_ = store.sample_offset;
    if (const auto start = lines.mapping.find("start_timestamp"))
      start_timestamp_ = start->string();
    has_interval_ = lines.mapping.find("interval").has_value();
    flags_ = read_flags(lines.mapping);
    lines.mapping.finish();
    store_ = lines.directory.resolve(lines.place, name(), upstream_paths(lines.mapping));
    has_upstream_ = store.upstream.has_value();
    if (has_upstream_) {
      uses_ = uses_of(store_, {}, {});
      uses_.read.assign(uses_.named.begin(), uses_.named.end());
    }
    store_.remove("kind");
    store_.remove("flags");
    store_.remove("aliases");
  }

  std::string kind() const override { return "mock"; }
  std::vector<uint16_t> ports() const override {
    std::vector<uint16_t> ports{mock_port};
    if (!token_server_.empty()) ports.push_back(token_port);
    if (!proxy_.empty()) ports.push_back(proxy_port);
    ports.push_back(admin_port);  // The last one is the control port.
    return ports;
  }
  StartRank start_rank() const override {
    return has_upstream_ ? StartRank::merger : StartRank::data;
  }
  bool holds_data() const override { return !has_upstream_; }
  bool data_is_fixed() const override { return !has_upstream_; }
  const NodeUses& uses() const override { return uses_; }
  bool accepts_faults() const override { return true; }
  ReadCounter read_counter() const override { return ReadCounter::journal; }
  const std::vector<mockstore::InputSeries>& input_series() const override { return input_series_; }
  std::optional<int64_t> last_sample_ms(const mockstore::TimeGrid& grid) const override {
    if (!start_timestamp_.empty() || has_upstream_) return std::nullopt;
    mockstore::TimeGrid own = grid;
    if (has_interval_) own.interval_ms = interval_.count();
    const auto last_ms = NodeKind::last_sample_ms(own);
    return *last_ms == INT64_MIN ? *last_ms : *last_ms + sample_offset_.count();
  }

  Result<NodeSpec> make_spec(const NodeContext& context) const override {
    YAML::Node store = YAML::Clone(store_);
    store["name"] = name();
    store["hostnames"].push_back(name());  // As the other nodes know it.
    store["seed"] = std::to_string(static_cast<int64_t>(context.seed));
    store["listen"] = "{{listen:" + std::to_string(mock_port) + "}}";
    store["admin_listen"] = "{{listen:" + std::to_string(admin_port) + "}}";
    if (!token_server_.empty()) {
      store["token_servers"][token_server_]["listen"] =
          "{{listen:" + std::to_string(token_port) + "}}";
    }
    // "now" is the run's: all nodes of a test mean the same time.
    int64_t start_ms = context.grid.start_ms;
    if (!start_timestamp_.empty()) {
      const auto own = parse_timestamp(start_timestamp_, context.now_ms);
      if (!own) return fail(own.error().in("node " + name()));
      start_ms = *own;
    }
    if (!has_upstream_)
      store["start_timestamp"] = fmt::format("{}.{:03}", start_ms / 1000, start_ms % 1000);
    if (!has_interval_ && !has_upstream_)
      store["interval"] = format_duration(std::chrono::milliseconds(context.grid.interval_ms));
    NodeSpec spec;
    spec.name = name();
    spec.kind = kind();
    spec.program = context.mread_program;
    spec.image_name = "mread/mread";
    spec.args = {"mock", "--config", "{{dir}}/mock.yml"};
    spec.args.insert(spec.args.end(), flags_.begin(), flags_.end());
    spec.files["mock.yml"] = YAML::Dump(proxy_.empty() ? store : with_proxy(store)) + "\n";
    // Readiness is asked on the control port, which faults do not touch.
    spec.ports = {admin_port, mock_port};
    if (!token_server_.empty()) spec.ports.push_back(token_port);
    if (!proxy_.empty()) spec.ports.push_back(proxy_port);
    return spec;
  }

 private:
  // Of what a mock.yml may have several, and a node one, on a port of its own. Empty: none.
  static std::string name_of_only(yaml::Mapping& mapping, const std::string& key) {
    const auto node = mapping.find(key);
    if (!node) return {};
    yaml::Mapping named = node->mapping();
    if (named.entries().size() != 1) node->error("a node has one of " + key);
    yaml::Mapping keys = named.entries().front().value.mapping();
    for (const char* address : {"listen", "admin_listen"}) {
      if (const auto given = keys.find(address))
        given->error("the engine decides where a node listens");
    }
    return named.entries().front().key;
  }

  // Where the address of a node stands.
  static std::vector<std::string_view> upstream_paths(yaml::Mapping& mapping) {
    const auto upstream = mapping.find("upstream");
    if (!upstream) return {};
    if (upstream->is_mapping()) return {"upstream.url"};
    return {"upstream"};
  }

  // A mock.yml with a proxy has its store below `stores:`.
  YAML::Node with_proxy(YAML::Node store) const {
    YAML::Node file(YAML::NodeType::Map);
    for (const char* key : {"seed", "hostnames", "proxies", "token_servers"}) {
      if (store[key]) file[key] = YAML::Clone(store[key]);
      store.remove(key);
    }
    store.remove("name");
    file["stores"][name()] = store;
    file["proxies"][proxy_]["listen"] = "{{listen:" + std::to_string(proxy_port) + "}}";
    return file;
  }

  YAML::Node store_;
  std::string token_server_;  // Its name; empty: none. Likewise:
  std::string proxy_;
  bool has_upstream_ = false;
  NodeUses uses_;
  std::string start_timestamp_;
  bool has_interval_ = false;
  std::chrono::milliseconds interval_{0};
  std::chrono::milliseconds sample_offset_{0};
  std::vector<std::string> flags_;
  std::vector<mockstore::InputSeries> input_series_;
};

}  // namespace

NodeKindEntry mock_kind() { return {"mock", ports_of, "/api/v1/read", read_node<MockNode>}; }

}  // namespace mread::scenarios
