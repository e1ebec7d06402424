#include "scenarios/engine/docker_network.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

namespace mread::scenarios {

namespace {

bool is_own_address(const std::string& ip) {
  in_addr wanted{};
  ifaddrs* interfaces = nullptr;
  if (inet_pton(AF_INET, ip.c_str(), &wanted) != 1 || getifaddrs(&interfaces) != 0) return false;
  bool found = false;
  for (const ifaddrs* entry = interfaces; entry != nullptr && !found; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    found = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr.s_addr == wanted.s_addr;
  }
  freeifaddrs(interfaces);
  return found;
}

std::string to_text(uint32_t address) {
  const in_addr raw{htonl(address)};
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &raw, text, sizeof text);
}

/// The first IPv4 entry of a network's IPAM configuration.
std::pair<std::string, std::string> subnet_and_gateway(const json::value& network) {
  if (const json::value* configs = member_at(network, {"IPAM", "Config"});
      configs != nullptr && configs->is_array()) {
    for (const json::value& config : configs->get_array()) {
      const std::string subnet = text_at(config, {"Subnet"});
      if (subnet.find('.') != std::string::npos) return {subnet, text_at(config, {"Gateway"})};
    }
  }
  return {};
}

}  // namespace

std::string DockerNetwork::address(uint32_t number) const {
  // The gateway usually has the first address; wherever it is, it is left out.
  uint32_t candidate = first_ + 2 + number;
  in_addr taken{};
  inet_pton(AF_INET, gateway.c_str(), &taken);
  if (ntohl(taken.s_addr) >= first_ + 2 && ntohl(taken.s_addr) <= candidate) ++candidate;
  return to_text(candidate);
}

Result<DockerNetwork> DockerNetwork::create(const DockerClient& docker, const std::string& name,
                                            const json::object& labels) {
  // Fixed addresses need a range that the network was made with, and only Docker knows which ranges
  // are free. So Docker makes one of its own choice first, which then is made again with the same
  // range. Somebody else may be quicker.
  constexpr int attempts = 10;
  for (int attempt = 1;; ++attempt) {
    json::object request{
        {"Name", name}, {"Driver", "bridge"}, {"CheckDuplicate", true}, {"Labels", labels}};
    auto made = docker.post_json("/networks/create", request);
    if (!made) return fail(made.error().in("network " + name));
    const auto draft = docker.get_json("/networks/" + text_at(*made, {"Id"}));
    if (!draft) return fail(draft.error().in("network " + name));
    const auto [subnet, gateway] = subnet_and_gateway(*draft);
    if (auto removed = docker.remove("/networks/" + text_at(*made, {"Id"})); !removed)
      return fail(removed.error());
    const std::string base = subnet.substr(0, subnet.find('/'));
    in_addr first{};
    if (inet_pton(AF_INET, base.c_str(), &first) != 1) {
      return fail(Errc::environment, "Docker gave the network " + name + " no IPv4 range");
    }
    request["IPAM"] =
        json::object{{"Driver", "default"},
                     {"Config", {json::object{{"Subnet", subnet}, {"Gateway", gateway}}}}};
    made = docker.post_json("/networks/create", request);
    if (made) {
      DockerNetwork network;
      network.id = text_at(*made, {"Id"});
      network.name = name;
      network.gateway = gateway.substr(0, gateway.find('/'));
      network.routable = docker.is_local() && is_own_address(network.gateway);
      network.first_ = ntohl(first.s_addr);
      return network;
    }
    if (attempt == attempts || made.error().context.find("overlap") == std::string::npos) {
      return fail(made.error().in("network " + name));
    }
  }
}

std::string published_host(bool routable) {
  std::error_code ignored;
  if (routable || !std::filesystem::exists("/.dockerenv", ignored)) return "127.0.0.1";
  std::ifstream routes("/proc/net/route");
  for (std::string line; std::getline(routes, line);) {
    std::istringstream fields(line);
    std::string interface, destination, gateway;
    if (!(fields >> interface >> destination >> gateway) || destination != "00000000") continue;
    // Hexadecimal, in the byte order of the machine as the kernel holds it.
    const in_addr raw{static_cast<in_addr_t>(std::stoul(gateway, nullptr, 16))};
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, &raw, text, sizeof text);
  }
  return "127.0.0.1";
}

}  // namespace mread::scenarios
