#pragma once

#include <cstdint>
#include <string>

#include "scenarios/engine/fronted_topology.h"
#include "scenarios/nodes/node_kind.h"

namespace mread::scenarios {

/// The proxy in front of a node: `mread mock` with the node as its upstream. `behind` is the name
/// under which the node itself runs; `faults` are in force from the proxy's start, as JSON objects
/// with commas in between.
Front make_front(const NodeKind& node, std::string behind, const std::string& faults,
                 const NodeContext& context);

/// The port on which the proxy takes faults and shows its journal.
uint16_t control_port_of_front(const NodeKind& node);

}  // namespace mread::scenarios
