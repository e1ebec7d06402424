#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "scenarios/engine/docker_client.h"

namespace mread::scenarios {

/// The bridge network of a topology, with addresses that this program gives out itself: a node
/// keeps its own over every fault, as a machine would.
struct DockerNetwork {
  std::string id;
  std::string name;
  std::string gateway;
  /// This process has the gateway's address itself: the bridge is on this machine, and containers
  /// can be reached at their own addresses.
  bool routable = false;

  /// The address of the node with this number (from 0).
  std::string address(uint32_t number) const;

  /// Makes the network. The range of addresses is one that Docker found free.
  static Result<DockerNetwork> create(const DockerClient& docker, const std::string& name,
                                      const json::object& labels);

 private:
  uint32_t first_ = 0;  // The subnet's own address, host byte order.
};

/// Where the published ports of a local engine's containers answer: on this machine when the
/// engine's bridges are here
/// (`routable`) or the engine lives in a virtual machine (Docker Desktop); from inside a container
/// with the engine's socket, on the machine around it (the default gateway).
std::string published_host(bool routable);

}  // namespace mread::scenarios
