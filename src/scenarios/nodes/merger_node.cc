#include "config/config.h"
#include "scenarios/nodes/config_file.h"
#include "scenarios/nodes/node_kinds.h"

namespace mread::scenarios {

namespace {

constexpr uint16_t merger_port = 9095;
constexpr const char* query_log = "query.log";

/// `mread serve`, run by this very program.
class MergerNode final : public NodeKind {
 public:
  explicit MergerNode(const NodeLines& lines) : NodeKind(lines.name) {
    flags_ = read_flags(lines.mapping);
    files_ = read_files(lines.mapping);
    const auto found = read_config(lines.mapping);
    const yaml::Node config = found ? *found : lines.mapping.require("config");
    expand_remote_read_names(config, lines.directory);
    const config::Config checked = config::Config::from_yaml(config);
    reads_remotely_ = !checked.backends.empty();
    YAML::Node resolved = lines.directory.resolve(
        config, name(),
        {"remote_read.*.url", "remote_read.*.proxy_url", "remote_read.*.oauth2.token_url"});
    if (checked.query_log_file.empty())
      resolved["query_log_file"] = "{{dir}}/" + std::string(query_log);
    kept_files_ = kept_query_log(resolved["query_log_file"].as<std::string>());
    config_ = YAML::Dump(resolved) + "\n";
    uses_ = uses_of(resolved, files_, flags_);
    lines.mapping.finish();
  }

  std::string kind() const override { return "merger"; }
  std::vector<uint16_t> ports() const override { return {merger_port}; }
  bool reads_remotely() const override { return reads_remotely_; }
  StartRank start_rank() const override { return StartRank::merger; }
  bool forwards_reads() const override { return true; }
  const NodeUses& uses() const override { return uses_; }
  std::vector<std::string> kept_files() const override { return kept_files_; }

  Result<NodeSpec> make_spec(const NodeContext& context) const override {
    NodeSpec spec;
    spec.name = name();
    spec.kind = kind();
    spec.program = context.mread_program;
    spec.image_name = "mread/mread";
    spec.args = {"serve", "--config", "{{dir}}/mread.yml", "--listen",
                 "{{listen:" + std::to_string(merger_port) + "}}"};
    spec.args.insert(spec.args.end(), flags_.begin(), flags_.end());
    spec.files = files_;
    spec.files["mread.yml"] = config_;
    spec.ports = {merger_port};
    return spec;
  }

 private:
  std::string config_;
  std::vector<std::string> flags_;
  std::map<std::string, std::string> files_;
  std::vector<std::string> kept_files_;
  bool reads_remotely_ = false;
  NodeUses uses_;
};

}  // namespace

NodeKindEntry merger_kind() {
  return {"merger", one_port<merger_port>, "/api/v1/read", read_node<MergerNode>};
}

}  // namespace mread::scenarios
