#include "scenarios/engine/loopback_addresses.h"

#include <random>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scenarios/engine/named_addresses.h"

namespace mread::scenarios {

namespace {

/// Whether a server could listen there now; with port 0 the kernel's choice. 0 when not.
uint16_t listenable_port(const std::string& ip, uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  // As servers do: connections of an earlier run that linger in TIME_WAIT do not count.
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
  socklen_t length = sizeof address;
  const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                    listen(fd, 1) == 0 &&
                    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  close(fd);
  return free ? ntohs(address.sin_port) : 0;
}

}  // namespace

LoopbackAddresses::LoopbackAddresses() {
  std::random_device random;
  std::uniform_int_distribution<int> octet(1, 254);
  network_ = "127." + std::to_string(octet(random)) + "." + std::to_string(octet(random)) + ".";
}

LoopbackAddresses::Address LoopbackAddresses::of(const std::string& node, uint16_t port) {
  const std::lock_guard lock(mutex_);
  const auto known = addresses_.find({node, port});
  if (known != addresses_.end()) return known->second;
  auto ip = ips_.find(node);
  if (ip == ips_.end())
    ip = ips_.emplace(node, network_ + std::to_string(ips_.size() % 254 + 1)).first;
  uint16_t real = listenable_port(ip->second, port);
  if (real == 0) real = listenable_port(ip->second, 0);
  // Where nothing can be had at all, the natural port makes the program itself say why.
  const Address address{ip->second, real == 0 ? port : real};
  addresses_.emplace(std::pair(node, port), address);
  return address;
}

std::string LoopbackAddresses::with_names(const std::string& text) const {
  NodeAddresses addresses;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [node, ip] : ips_) addresses.names[ip] = node;
    for (const auto& [node_and_port, address] : addresses_) {
      if (address.port != node_and_port.second)
        addresses.ports[{address.ip, address.port}] = node_and_port.second;
    }
  }
  return name_addresses(text, addresses);
}

}  // namespace mread::scenarios
