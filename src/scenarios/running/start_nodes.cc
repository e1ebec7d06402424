#include "scenarios/running/start_nodes.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "scenarios/nodes/node_front.h"

namespace mread::scenarios {
namespace {

// Nodes that can start side by side, in the order of the file.
using Wave = std::vector<size_t>;

// By rank; inside a rank a node starts after those above it in the file that it reads, so a merger
// of a lower level runs when the upper one looks at it first.
std::vector<Wave> in_waves(const Test& test) {
  std::vector<Wave> waves;
  std::map<std::string, size_t> wave_of;
  for (const StartRank rank : {StartRank::data, StartRank::merger, StartRank::query}) {
    const size_t first = waves.size();
    for (size_t i = 0; i < test.nodes.size(); ++i) {
      const NodeDeclaration& node = test.nodes[i];
      if (node.node->start_rank() != rank) continue;
      size_t wave = first;
      for (const std::string& other : node.node->uses().read) {
        const auto found = wave_of.find(other);
        if (found != wave_of.end()) wave = std::max(wave, found->second + 1);
      }
      wave_of[node.name] = wave;
      if (waves.size() <= wave) waves.resize(wave + 1);
      waves[wave].push_back(i);
    }
  }
  return waves;
}

class NodeStarts {
 public:
  NodeStarts(const Test& test, const std::vector<NodeSpec>& specs, const NodeContext& context,
             Topology& topology, std::map<std::string, NodePorts>& ports,
             const StartOptions& options)
      : test_(test),
        specs_(specs),
        context_(context),
        topology_(topology),
        ports_(ports),
        options_(options) {}

  // The first error in the order of the file, whichever node failed first. A failure keeps nodes
  // from starting that have not begun.
  Result<void> start(const Wave& wave, std::stop_token stop) {
    std::vector<std::optional<Error>> errors(wave.size());
    std::atomic<size_t> next{0};
    std::atomic<bool> has_failed{false};
    const auto work = [&] {
      while (!has_failed) {
        const size_t index = next.fetch_add(1);
        if (index >= wave.size()) return;
        if (auto started = start_node(wave[index], stop); !started) {
          errors[index] = started.error();
          has_failed = true;
        }
      }
    };
    {
      std::vector<std::jthread> workers;
      for (size_t i = 1; i < std::min(options_.at_once, wave.size()); ++i)
        workers.emplace_back(work);
      work();
    }
    for (std::optional<Error>& error : errors) {
      if (error) return fail(std::move(*error));
    }
    return {};
  }

 private:
  Result<void> start_node(size_t i, std::stop_token stop) {
    const NodeDeclaration& node = test_.nodes[i];
    tell(options_.starting, node);
    if (auto started = topology_.start(specs_[i], stop); !started)
      return fail(started.error().in(node.name));
    tell(options_.started, node);
    const std::vector<uint16_t> own = node.node->ports();
    if (own.empty()) return {};
    NodePorts ports{own.front(), own.back(), node.node->read_counter(), node.node->read_target()};
    if (node.has_front) ports.admin = control_port_of_front(*node.node);
    {
      const std::lock_guard lock(mutex_);
      ports_[node.name] = std::move(ports);
    }
    const auto fed = node.node->feed(context_, topology_.url(node.name, own.front()), stop);
    if (!fed) return fail(fed.error().in("feeding " + node.name));
    return {};
  }

  void tell(const std::function<void(const NodeDeclaration&)>& hook, const NodeDeclaration& node) {
    const std::lock_guard lock(mutex_);
    if (hook) hook(node);
  }

  const Test& test_;
  const std::vector<NodeSpec>& specs_;
  const NodeContext& context_;
  Topology& topology_;
  std::mutex mutex_;  // Of the ports and the hooks.
  std::map<std::string, NodePorts>& ports_;
  const StartOptions& options_;
};

}  // namespace

Result<void> start_nodes(const Test& test, const std::vector<NodeSpec>& specs,
                         const NodeContext& context, Topology& topology,
                         std::map<std::string, NodePorts>& ports, const StartOptions& options,
                         std::stop_token stop) {
  NodeStarts starts(test, specs, context, topology, ports, options);
  for (const Wave& wave : in_waves(test)) {
    if (auto started = starts.start(wave, stop); !started) return started;
  }
  return {};
}

}  // namespace mread::scenarios
