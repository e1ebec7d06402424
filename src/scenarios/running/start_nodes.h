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

/// Told of each node, before it starts and once it runs.
struct StartHooks {
  std::function<void(const NodeDeclaration&)> starting;
  std::function<void(const NodeDeclaration&)> started;
};

/// Starts the nodes of a test in the order of their ranks (NodeKind::start_rank), and writes the data
/// of each into it. `specs` has the nodes' specs in the order of the test; `ports` gets what an Asker
/// needs. Errors name the node. Tests: running/test_run_test.
Result<void> start_nodes(const Test& test, const std::vector<NodeSpec>& specs,
                         const NodeContext& context, Topology& topology,
                         std::map<std::string, NodePorts>& ports, const StartHooks& hooks,
                         std::stop_token stop);

}  // namespace mread::scenarios
