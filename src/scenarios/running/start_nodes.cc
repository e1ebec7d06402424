#include "scenarios/running/start_nodes.h"

#include <algorithm>
#include <numeric>

#include "scenarios/nodes/node_front.h"

namespace mread::scenarios {

Result<void> start_nodes(const Test& test, const std::vector<NodeSpec>& specs,
                         const NodeContext& context, Topology& topology,
                         std::map<std::string, NodePorts>& ports, const StartHooks& hooks,
                         std::stop_token stop) {
  std::vector<size_t> order(test.nodes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return test.nodes[a].node->start_rank() < test.nodes[b].node->start_rank();
  });
  for (const size_t i : order) {
    const NodeDeclaration& node = test.nodes[i];
    if (hooks.starting) hooks.starting(node);
    if (auto started = topology.start(specs[i], stop); !started)
      return fail(started.error().in(node.name));
    if (hooks.started) hooks.started(node);
    const std::vector<uint16_t> own = node.node->ports();
    if (own.empty()) continue;
    ports[node.name] = {own.front(), own.back(), node.node->read_counter(),
                        node.node->read_target()};
    if (node.has_front) ports[node.name].admin = control_port_of_front(*node.node);
    const auto fed = node.node->feed(context, topology.url(node.name, own.front()), stop);
    if (!fed) return fail(fed.error().in("feeding " + node.name));
  }
  return {};
}

}  // namespace mread::scenarios
