#pragma once

#include <map>
#include <memory>
#include <string>

#include "scenarios/engine/engine.h"

namespace mread::scenarios {

/// What stands in front of a node: a proxy that other nodes reach under the node's name and port.
struct Front {
  NodeSpec spec;       ///< of the proxy. Its name is the node's; its first port is its own alone
  std::string behind;  ///< the name under which the node itself runs
};

/// A topology in which some nodes have a proxy in front, by the nodes' names.
///
///   start      the node under its other name, then the proxy under the node's. Placeholders of other
///              nodes so lead to the proxy
///   act        on both: what is killed refuses connections, what is paused accepts them
///   url        of the proxy for its own port, of the node itself for all others
///   the rest   of the node itself; unasked_end() also of the proxy
///
/// A node without a front is passed on as it is. Safe to use from several threads, as `inner` is.
std::unique_ptr<Topology> with_fronts(std::unique_ptr<Topology> inner,
                                      std::map<std::string, Front> fronts);

}  // namespace mread::scenarios
