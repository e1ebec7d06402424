#include <functional>

#include "scenarios/engine/docker_topology.h"
#include "scenarios/engine/engine.h"
#include "scenarios/engine/node_folder.h"
#include "scenarios/engine/owner.h"

namespace mread::scenarios {

namespace {

class DockerEngine final : public Engine {
 public:
  explicit DockerEngine(std::shared_ptr<DockerTopology::Shared> shared)
      : shared_(std::move(shared)) {}

  std::string name() const override { return "docker"; }
  std::string cannot(Act) const override { return {}; }

  Result<std::unique_ptr<Topology>> create(const std::string& run_id,
                                           const std::string& test) override {
    return DockerTopology::create(shared_, run_id, test);
  }

  std::vector<std::string> sweep() override {
    std::vector<std::string> removed = sweep_folders(shared_->options.work_dir);
    remove_all(
        label_owner, [this](const json::value& item) { return is_left_behind(item); }, removed);
    for (std::string& line : shared_->images.sweep()) removed.push_back(std::move(line));
    return removed;
  }

  std::vector<std::string> clean() override {
    std::vector<std::string> removed;
    // Earlier versions gave what is kept no label but these.
    remove_all(
        label_topology, [](const json::value& item) { return is_kept(item); }, removed);
    return removed;
  }

 private:
  /// A container of an earlier boot does not run any more. Where one does, the engine belongs to
  /// another machine's run.
  bool is_left_behind(const json::value& item) const {
    switch (owner_state(label_of(item, label_owner))) {
      case OwnerState::gone:
        return true;
      case OwnerState::reboot:
        return shared_->docker.is_local() && text_at(item, {"State"}) != "running";
      case OwnerState::alive:
      case OwnerState::unknown:
        break;
    }
    return false;
  }

  /// Left by a run with `keep` that has ended.
  static bool is_kept(const json::value& item) {
    return label_of(item, label_owner).empty() &&
           owner_state(label_of(item, label_keeper)) != OwnerState::alive;
  }

  static std::string label_of(const json::value& item, std::string_view label) {
    const json::value* labels = member_at(item, {"Labels"});
    return labels == nullptr ? std::string() : text_at(*labels, {label});
  }

  using Chosen = std::function<bool(const json::value& item)>;

  /// Containers first: a network that has some cannot be removed.
  void remove_all(std::string_view label, const Chosen& chosen, std::vector<std::string>& removed) {
    const std::string filter =
        "filters=" + url_encode(R"({"label":[")" + std::string(label) + R"("]})");
    remove_kind("/containers/json?all=1&" + filter, "container", "/containers/", "?force=1&v=1",
                chosen, removed);
    remove_kind("/networks?" + filter, "network", "/networks/", "", chosen, removed);
  }

  void remove_kind(const std::string& list, const std::string& kind, const std::string& path,
                   const std::string& options, const Chosen& chosen,
                   std::vector<std::string>& removed) {
    const auto items = shared_->docker.get_json(list);
    if (!items || !items->is_array()) return;
    for (const json::value& item : items->get_array()) {
      if (!chosen(item)) continue;
      const std::string id = text_at(item, {"Id"});
      std::string name = text_at(item, {"Name"});
      if (const json::value* names = member_at(item, {"Names"});
          names != nullptr && names->is_array() && !names->get_array().empty() &&
          names->get_array()[0].is_string()) {
        name = names->get_array()[0].get_string().subview(1);
      }
      if (shared_->docker.remove(path + id + options)) removed.push_back(kind + " " + name);
    }
  }

  const std::shared_ptr<DockerTopology::Shared> shared_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_docker_engine(EngineOptions options) {
  if (options.work_dir.empty()) return fail(Errc::config, "the engine docker needs a work folder");
  if (auto usable = prepare_work_folder(options.work_dir); !usable) return fail(usable.error());
  auto docker = DockerClient::connect();
  if (!docker) return fail(docker.error());
  return std::make_unique<DockerEngine>(
      std::make_shared<DockerTopology::Shared>(std::move(*docker), std::move(options)));
}

}  // namespace mread::scenarios
