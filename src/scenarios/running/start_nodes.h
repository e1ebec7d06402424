#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "scenarios/engine/engine.h"
#include "scenarios/model/scenario.h"
#include "scenarios/nodes/node_kind.h"
#include "scenarios/running/asker.h"

namespace mread::scenarios {

struct StartOptions {
  /// Told of each node, before it starts and once it runs: from several threads, one call at a time.
  std::function<void(const NodeDeclaration&)> starting;
  std::function<void(const NodeDeclaration&)> started;
  /// So many nodes start side by side. Fifty of them would only share the same processors, and each
  /// would take longer than its time for readiness.
  size_t at_once = 4;
};

/// Starts the nodes of a test in the order of their ranks (NodeKind::start_rank), several of a
/// rank side by side, and writes the data of each into it. Inside a rank a node starts after those
/// above it in the file that it reads. `specs` has the nodes' specs in the order of the test; `ports` gets what an Asker
/// needs. Errors name the node. Tests: running/test_run_test.
Result<void> start_nodes(const Test& test, const std::vector<NodeSpec>& specs,
                         const NodeContext& context, Topology& topology,
                         std::map<std::string, NodePorts>& ports, const StartOptions& options,
                         std::stop_token stop);

}  // namespace mread::scenarios
