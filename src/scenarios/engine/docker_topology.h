#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "scenarios/engine/child_process.h"
#include "scenarios/engine/docker_client.h"
#include "scenarios/engine/docker_images.h"
#include "scenarios/engine/docker_network.h"
#include "scenarios/engine/engine.h"

namespace mread::scenarios {

/// Labels of everything that a run makes. A later run finds by them what a crashed run left.
inline constexpr std::string_view label_run = "mread.run";
inline constexpr std::string_view label_test = "mread.test";
inline constexpr std::string_view label_node = "mread.node";
inline constexpr std::string_view label_owner = "mread.pid";  ///< see owner.h
inline constexpr std::string_view label_topology = "mread.topology";
/// In place of the owner: see owner.h.
inline constexpr std::string_view label_keeper = "mread.kept-by";

/// Nodes as containers. A node that an act will end or cut off is two of them: one that only sleeps
/// and holds the node's network (its address, its names), and one with the program in that same
/// network. So a killed node refuses connections, as a machine does whose program has died, and a
/// node keeps its address whatever is done to it. Other nodes (NodeSpec::expects_acts) are one
/// container, which takes half the time to start.
class DockerTopology final : public Topology {
 public:
  struct Shared {
    DockerClient docker;
    Spawner spawner;
    DockerImages images;
    EngineOptions options;
    Shared(DockerClient client, EngineOptions engine_options)
        : docker(std::move(client)),
          images(docker, spawner, engine_options.work_dir),
          options(std::move(engine_options)) {}
  };

  static Result<std::unique_ptr<Topology>> create(std::shared_ptr<Shared> shared,
                                                  const std::string& run_id,
                                                  const std::string& test);
  ~DockerTopology() override;

  Result<void> start(const NodeSpec& spec, std::stop_token stop) override;
  Result<void> act(const std::string& node, Act act, std::stop_token stop) override;
  Result<void> wait_ready(const std::string& node, std::chrono::milliseconds timeout,
                          std::stop_token stop) override;
  net::Url url(const std::string& node, uint16_t port) const override;
  std::string address(const std::string& node, uint16_t port) const override;
  std::string with_names(std::string text) const override;
  Result<std::string> log(const std::string& node) override;
  Result<std::string> read_file(const std::string& node, const std::string& path) override;
  bool running(const std::string& node) override;
  std::optional<UnaskedEnd> unasked_end(const std::string& node) override;
  std::optional<NodeUsage> usage(const std::string& node) override;

 private:
  struct Node {
    NodeSpec spec;
    std::string network_container;  // Which holds the address; `container` where that is one.
    std::string container;
    std::map<uint16_t, uint16_t> published;
    bool is_to_run = false;  // No act has ended it.
    pid_t pid = 0;           // On this machine; 0: not looked for, or elsewhere.
    std::optional<UnaskedEnd> unasked_end;
  };

  DockerTopology(std::shared_ptr<Shared> shared, std::string prefix, json::object labels,
                 DockerNetwork network)
      : shared_(std::move(shared)),
        prefix_(std::move(prefix)),
        labels_(std::move(labels)),
        network_(std::move(network)) {}

  std::string ip_of(const std::string& node) const;
  Result<Node*> find(const std::string& node);
  Result<void> place(Node& node, std::stop_token stop);
  Result<std::string> fill(Node& node, std::set<std::string>& mentioned,
                           std::vector<std::string>& args, std::stop_token stop);
  Result<std::string> make_container(const std::string& name, const json::object& body);
  json::object in_network(json::object body, const NodeSpec& spec,
                          const std::set<std::string>& mentioned) const;
  Result<void> make_network_container(Node& node, const std::set<std::string>& mentioned,
                                      std::stop_token stop);
  Result<void> read_published_ports(Node& node);
  Result<void> stop_container(Node& node, std::stop_token stop);
  Result<std::optional<std::string>> ending(const Node& node);
  void notice_end(Node& node);
  void let_end(Node& node);
  void note_start(Node& node);
  pid_t find_process(Node& node);
  void remove_everything();
  void say_what_is_kept() const;

  const std::shared_ptr<Shared> shared_;
  const std::string prefix_;  // Of container names.
  const json::object labels_;
  const DockerNetwork network_;
  // Of the maps below, and of what Nodes say of their ends; a Node itself is changed by one act at
  // a time.
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;
  mutable std::map<std::string, uint32_t> numbers_;
};

}  // namespace mread::scenarios
