#include "scenarios/nodes/node_kinds.h"

namespace mread::scenarios {

namespace {

std::vector<uint16_t> read_ports(yaml::Mapping& lines) {
  std::vector<uint16_t> ports;
  if (const auto list = lines.find("ports")) {
    for (const yaml::Node& item : list->sequence_or_one())
      ports.push_back(static_cast<uint16_t>(item.integer(1, 65535)));
  }
  if (ports.size() > 100) lines.node().error("more than 100 ports");
  return ports;
}

/// Any image, for what no kind knows; engine docker only.
class ContainerNode final : public NodeKind {
 public:
  explicit ContainerNode(const NodeLines& lines) : NodeKind(lines.name) {
    image_ = lines.mapping.require("image").string();
    ports_ = read_ports(lines.mapping);
    if (const auto args = lines.mapping.find("args")) args_ = args->strings();
    if (const auto path = lines.mapping.find("ready_path")) {
      ready_path_ = path->string();
      if (!ready_path_.empty() && !ready_path_.starts_with("/"))
        path->error("a path begins with /");
    }
    files_ = read_files(lines.mapping);
    uses_ = uses_of(YAML::Node(), files_, args_);
    lines.mapping.finish();
  }

  std::string kind() const override { return "container"; }
  std::vector<uint16_t> ports() const override { return ports_; }
  const NodeUses& uses() const override { return uses_; }
  bool wants_a_reader() const override { return false; }  // It may well read others.
  // Its image may make samples of its own.
  std::optional<int64_t> last_sample_ms(const mockstore::TimeGrid&) const override {
    return std::nullopt;
  }

  Result<NodeSpec> make_spec(const NodeContext&) const override {
    NodeSpec spec;
    spec.name = name();
    spec.kind = kind();
    spec.image = image_;
    spec.args = args_;
    spec.files = files_;
    spec.ports = ports_;
    spec.ready_path = ready_path_;
    return spec;
  }

 private:
  std::string image_;
  std::vector<uint16_t> ports_;
  std::vector<std::string> args_;
  std::string ready_path_;
  std::map<std::string, std::string> files_;
  NodeUses uses_;
};

}  // namespace

NodeKindEntry container_kind() { return {"container", read_ports, "", read_node<ContainerNode>}; }

}  // namespace mread::scenarios
