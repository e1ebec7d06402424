#include "scenarios/nodes/node_kinds.h"
#include "scenarios/nodes/program_version.h"

namespace mread::scenarios {

namespace {

constexpr uint16_t node_exporter_port = 9100;

class NodeExporterNode final : public NodeKind {
 public:
  explicit NodeExporterNode(const NodeLines& lines) : NodeKind(lines.name) {
    version_ = read_version(lines.mapping);
    flags_ = read_flags(lines.mapping);
    files_ = read_files(lines.mapping);
    lines.mapping.finish();
  }

  std::string kind() const override { return "node_exporter"; }
  std::string version() const override { return version_; }
  std::vector<uint16_t> ports() const override { return {node_exporter_port}; }
  bool answers_reads() const override { return false; }
  // Every scrape of it makes samples with the time of the scrape.
  std::optional<int64_t> last_sample_ms(const mockstore::TimeGrid&) const override {
    return std::nullopt;
  }

  Result<std::string> resolve_version(const NodeContext& context) const override {
    return find_version(context.cache_dir, "node_exporter", version_);
  }

  Result<NodeSpec> make_spec(const NodeContext& context) const override {
    const auto version = resolve_version(context);
    if (!version) return fail(version.error().in("node " + name()));
    NodeSpec spec;
    spec.name = name();
    spec.kind = kind();
    spec.program = context.cache_dir / "node_exporter" / *version / "node_exporter";
    spec.image_name = "mread/node_exporter:" + *version;
    spec.args = {"--web.listen-address={{listen:" + std::to_string(node_exporter_port) + "}}"};
    spec.args.insert(spec.args.end(), flags_.begin(), flags_.end());
    spec.files = files_;
    spec.ports = {node_exporter_port};
    spec.ready_path = "/";
    return spec;
  }

 private:
  std::string version_;
  std::vector<std::string> flags_;
  std::map<std::string, std::string> files_;
};

}  // namespace

NodeKindEntry node_exporter_kind() {
  return {"node_exporter", one_port<node_exporter_port>, "", read_node<NodeExporterNode>};
}

}  // namespace mread::scenarios
