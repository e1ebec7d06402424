#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mread::drafts {

/// How collectors share out the data.
enum class Shape {
  pair,           ///< two collectors with the same data
  shards,         ///< each collector has a part of the data
  sharded_pairs,  ///< each part is on two collectors
  far_region,     ///< two parts, one of them a second away
};

/// "pair", "shards", "sharded-pairs", "far-region", in the order of the enum.
const std::vector<std::string>& shape_names();
std::string_view to_string(Shape shape);
std::optional<Shape> shape_called(std::string_view name);

/// What a first scenario is to look like.
struct Draft {
  Shape shape = Shape::pair;
  std::string name = "pair";                         ///< lower-case letters, digits, hyphens
  size_t shards = 2;                                 ///< of `shards` and `sharded_pairs`; 1 to 50
  size_t replicas = 2;                               ///< of `pair` and `sharded_pairs`; 2 to 5
  size_t query_nodes = 1;                            ///< 1 to 10
  std::vector<std::string> query_versions = {};      ///< in turn; empty: the newest on the machine
  std::vector<std::string> collector_versions = {};  ///< likewise
  bool has_serve = false;  ///< mread serve between query nodes and collectors
  bool has_rules = false;  ///< an alert and a recorded series on each query node
};

/// A commented scenario that runs as it is (docs/reference/scenarios.md): collectors with data of
/// their own, query nodes, a failure, checks before and after it, and a union oracle. Expectations
/// follow from the shape: the loss of a replica must cost nothing, the loss of a shard must be told.
std::string draft_scenario(const Draft& draft);

}  // namespace mread::drafts
