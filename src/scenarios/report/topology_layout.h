#pragma once

#include <cstddef>
#include <vector>

#include "scenarios/model/results.h"

namespace mread::scenarios {

/// Where a node stands in the drawing of a topology: columns from the left, rows from the top.
struct NodePosition {
  size_t column = 0;
  size_t row = 0;

  friend bool operator==(const NodePosition&, const NodePosition&) = default;
};

/// A position for each node, in their order: readers on the left, each node at least one column
/// right of those that read or scrape it. Nodes that read each other in a circle stand where they
/// are met first. Rows of a column are in the order of the nodes.
/// Cost: at most (nodes)^2 steps a line between two nodes.
std::vector<NodePosition> lay_out(const std::vector<NodeResult>& nodes);

}  // namespace mread::scenarios
