#pragma once

#include <string>
#include <vector>

namespace mread::scenarios {

/// A node as draw_topology() shows it.
struct DrawnNode {
  std::string name;
  std::string what;                ///< kind and version: "prometheus 3.5.3"
  std::vector<std::string> reads;  ///< nodes that it reads, in the order of its configuration
};

/// The topology as a tree, a line each: below each node those that it reads. First come the nodes
/// that nobody reads, in their order; a node that several read is drawn once, and named afterwards.
/// Neighbours NAME-1, NAME-2, … that are the same and read nobody share a line.
///
///   query  prometheus 3.5.3
///   ├─ merge  merger
///   │  └─ collector-0 … collector-49  50 x mock
///   └─ eu  prometheus 2.42.0
std::vector<std::string> draw_topology(const std::vector<DrawnNode>& nodes);

}  // namespace mread::scenarios
