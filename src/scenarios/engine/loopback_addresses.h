#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace mread::scenarios {

/// Gives every node of a topology an address of its own in 127.0.0.0/8, so that each can listen on
/// its natural port as it would on a machine of its own, and several topologies run side by side.
///
/// The network is 127.A.B.0/24 with A and B drawn at random; a node keeps its address and ports as
/// long as this object lives, whether it runs or not. If a port is already bound on 0.0.0.0, a free
/// port is used instead.
///
/// Safe to use from several threads.
class LoopbackAddresses {
 public:
  LoopbackAddresses();

  struct Address {
    std::string ip;
    uint16_t port = 0;
    std::string to_string() const { return ip + ":" + std::to_string(port); }
  };

  /// The address of a node's port, decided when it is first asked for.
  Address of(const std::string& node, uint16_t port);
  /// `text` with "NODE:PORT" and "NODE" in place of the addresses that were given out.
  std::string with_names(const std::string& text) const;

 private:
  mutable std::mutex mutex_;
  std::string network_;  // "127.A.B."
  std::map<std::string, std::string> ips_;
  std::map<std::pair<std::string, uint16_t>, Address> addresses_;
};

}  // namespace mread::scenarios
