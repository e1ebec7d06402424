#include "scenarios/running/node_watch.h"

#include <algorithm>

#include <fmt/format.h>

#include "scenarios/engine/readiness.h"

namespace mread::scenarios {
namespace {

// One look at a container is a request to its engine, so many nodes are looked at less often.
constexpr std::chrono::milliseconds shortest_pause{200};
constexpr std::chrono::milliseconds pause_per_node{20};

}  // namespace

NodeWatch::NodeWatch(Topology& topology, std::vector<std::string> nodes)
    : topology_(topology),
      nodes_(std::move(nodes)),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {}

NodeWatch::~NodeWatch() = default;

void NodeWatch::watch(const std::stop_token& stop) {
  const auto pause = std::max(shortest_pause, pause_per_node * static_cast<int>(nodes_.size()));
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    // The topology keeps what it has noticed.
    for (const std::string& node : nodes_) static_cast<void>(topology_.unasked_end(node));
    wake_.wait_for(lock, stop, pause, [] { return false; });
  }
}

std::string describe(const std::string& node, const UnaskedEnd& end, const std::string& log) {
  const std::string tail = log_tail(log);
  return fmt::format("node {} ended ({}) {:.1f}s after its start, not by the timeline{}", node,
                     end.how, std::chrono::duration<double>(end.lasted).count(),
                     tail.empty() ? "; its log is empty" : tail);
}

}  // namespace mread::scenarios
