#include "scenarios/nodes/config_file.h"
#include "scenarios/nodes/node_kinds.h"
#include "scenarios/nodes/program_version.h"

namespace mread::scenarios {

namespace {

constexpr uint16_t alertmanager_port = 9093;
constexpr const char* alertmanager_file = "alertmanager.yml";

// Alertmanager wants a receiver. This one tells nobody; what it would be told can be asked for.
constexpr const char* receiver_of_nobody =
    "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

/// A real Alertmanager, alone: without a cluster of others.
class AlertmanagerNode final : public NodeKind {
 public:
  explicit AlertmanagerNode(const NodeLines& lines) : NodeKind(lines.name) {
    version_ = read_version(lines.mapping);
    flags_ = read_flags(lines.mapping);
    files_ = read_files(lines.mapping);
    if (const auto config = read_config(lines.mapping)) {
      if (const auto receivers = config->mapping().find("receivers"))
        lines.directory.refuse_receivers(*receivers);
      const YAML::Node resolved = lines.directory.resolve(
          *config, name(),
          {"global.http_config.proxy_url", "receivers.*.webhook_configs.*.url",
           "receivers.*.webhook_configs.*.http_config.proxy_url"});
      uses_ = uses_of(resolved, files_, flags_);
      config_ = YAML::Dump(resolved) + "\n";
    }
    lines.mapping.finish();
  }

  std::string kind() const override { return "alertmanager"; }
  std::string version() const override { return version_; }
  std::vector<uint16_t> ports() const override { return {alertmanager_port}; }
  bool answers_reads() const override { return false; }
  bool holds_alerts() const override { return true; }
  const NodeUses& uses() const override { return uses_; }

  Result<std::string> resolve_version(const NodeContext& context) const override {
    return find_version(context.cache_dir, "alertmanager", version_);
  }

  Result<NodeSpec> make_spec(const NodeContext& context) const override {
    const auto version = resolve_version(context);
    if (!version) return fail(version.error().in("node " + name()));
    NodeSpec spec;
    spec.name = name();
    spec.kind = kind();
    spec.program = context.cache_dir / "alertmanager" / *version / "alertmanager";
    spec.image_name = "mread/alertmanager:" + *version;
    // An empty cluster address means no cluster, and no port for one.
    spec.args = {"--config.file={{dir}}/" + std::string(alertmanager_file),
                 "--storage.path={{dir}}/data",
                 "--web.listen-address={{listen:" + std::to_string(alertmanager_port) + "}}",
                 "--cluster.listen-address="};
    spec.args.insert(spec.args.end(), flags_.begin(), flags_.end());
    spec.files = files_;
    spec.files[alertmanager_file] = config_;
    spec.ports = {alertmanager_port};
    return spec;
  }

 private:
  std::string version_;
  std::string config_ = receiver_of_nobody;
  std::vector<std::string> flags_;
  std::map<std::string, std::string> files_;
  NodeUses uses_;
};

}  // namespace

NodeKindEntry alertmanager_kind() {
  return {"alertmanager", one_port<alertmanager_port>, "", read_node<AlertmanagerNode>};
}

}  // namespace mread::scenarios
