#include <fmt/format.h>

#include "base/duration.h"
#include "base/timestamp.h"
#include "mockstore/store_config.h"
#include "scenarios/nodes/node_kinds.h"

namespace mread::scenarios {

namespace {

constexpr uint16_t port = 9090;
constexpr uint16_t admin_port = 9099;

/// `mread mock` with one store, run by this very program. The node's keys are a store's, but for the addresses.
class MockNode final : public NodeKind {
 public:
  explicit MockNode(const NodeLines& lines) : NodeKind(lines.name) {
    for (const char* key : {"listen", "admin_listen"}) {
      if (const auto address = lines.mapping.find(key)) address->error("the engine decides where a node listens");
    }
    // For its errors, and the series; the mock itself reads the same lines again.
    input_series_ = mockstore::parse_store(lines.mapping, name(), {}).input_series;
    if (const auto start = lines.mapping.find("start_timestamp")) start_timestamp_ = start->string();
    has_interval_ = lines.mapping.find("interval").has_value();
    flags_ = read_flags(lines.mapping);
    lines.mapping.finish();
    store_ = YAML::Clone(lines.place.raw());
    store_.remove("kind");
    store_.remove("flags");
  }

  std::string kind() const override { return "mock"; }
  std::vector<uint16_t> ports() const override { return {port, admin_port}; }
  const std::vector<mockstore::InputSeries>& input_series() const override { return input_series_; }

  Result<NodeSpec> make_spec(const NodeContext& context) const override {
    YAML::Node store = YAML::Clone(store_);
    store["name"] = name();
    store["seed"] = std::to_string(static_cast<int64_t>(context.seed));
    store["listen"] = "{{listen:" + std::to_string(port) + "}}";
    store["admin_listen"] = "{{listen:" + std::to_string(admin_port) + "}}";
    // "now" is the run's, so that all nodes of a test mean the same.
    int64_t start_ms = context.clock.start_ms;
    if (!start_timestamp_.empty()) {
      const auto own = parse_timestamp(start_timestamp_, context.now_ms);
      if (!own) return fail(own.error().in("node " + name()));
      start_ms = *own;
    }
    store["start_timestamp"] = fmt::format("{}.{:03}", start_ms / 1000, start_ms % 1000);
    if (!has_interval_) store["interval"] = format_duration(std::chrono::milliseconds(context.clock.interval_ms));
    NodeSpec spec;
    spec.name = name();
    spec.kind = kind();
    spec.program = context.mread_program;
    spec.image_name = "mread/mread";
    spec.args = {"mock", "--config", "{{dir}}/mock.yml"};
    spec.args.insert(spec.args.end(), flags_.begin(), flags_.end());
    spec.files["mock.yml"] = YAML::Dump(store) + "\n";
    // Ready is asked where no fault can stand in the way.
    spec.ports = {admin_port, port};
    return spec;
  }

 private:
  YAML::Node store_;
  std::string start_timestamp_;
  bool has_interval_ = false;
  std::vector<std::string> flags_;
  std::vector<mockstore::InputSeries> input_series_;
};

}  // namespace

std::shared_ptr<const NodeKind> read_mock_node(const NodeLines& lines) { return std::make_shared<MockNode>(lines); }

}  // namespace mread::scenarios
