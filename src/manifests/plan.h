#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "scenarios/model/scenario.h"
#include "scenarios/nodes/node_kind.h"

namespace mread::manifests {

/// The folder of a node in its container.
inline constexpr const char* node_folder = "/mread";

/// A file of a node's folder.
struct NodeFile {
  std::string path;  ///< below node_folder
  std::string text;
  bool is_secret = false;  ///< it holds a password, a token or a private key
};

/// A node of a scenario as a container.
struct PlannedNode {
  std::string name;  ///< also the host name under which the others reach it
  std::string kind;
  std::string image;
  std::vector<std::string> args;  ///< after the image's own entry point
  std::vector<NodeFile> files;
  std::vector<uint16_t> ports;  ///< the first is the one that readiness asks
  /// A GET of it answers 2xx when the node is up; empty: a connection is enough.
  std::string ready_path;
  bool holds_data = false;    ///< it needs a volume that outlives it
  bool is_for_users = false;  ///< users query it: a query node, or the first node without one
  /// Nodes with the same number hold the same data; 0: no other does.
  size_t replicas_of = 0;
  std::vector<std::string> after;  ///< nodes that start before it
};

struct Plan {
  std::string name;   ///< of the test: "sharded-pairs-2"
  std::string title;  ///< with its case
  std::vector<PlannedNode> nodes;
  std::vector<std::string> notes;  ///< of what the test has and a deployment has not, a line each
};

struct PlanOptions {
  scenarios::NodeContext nodes;
  /// Images that mread makes of the programs on this machine (docker/build), in place of those of the
  /// projects' registries.
  bool local_images = false;
  std::string mread_image;  ///< of `mread serve` and `mread mock`; empty: mread/mread:VERSION
};

/// What a test's topology is as containers. Errors: Errc::environment where this machine lacks a
/// program, by whose version the image is named; Errc::unsupported for a name that no host can have.
Result<Plan> plan_manifests(const scenarios::Test& test, const PlanOptions& options);

/// A file of an exported folder.
struct OutputFile {
  std::string path;
  std::string text;
  bool is_secret = false;
};

/// compose.yaml and a folder of files for each node.
std::vector<OutputFile> compose_files(const Plan& plan);

/// A file of manifests for each node, and kustomization.yaml that lists them.
std::vector<OutputFile> kubernetes_files(const Plan& plan);

}  // namespace mread::manifests
