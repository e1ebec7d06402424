#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace mread::scenarios {

/// The addresses that an engine has given to nodes.
struct NodeAddresses {
  std::map<std::string, std::string, std::less<>> names;  ///< IPv4 address → node
  /// Ports that replace the node's own.
  std::map<std::pair<std::string, uint16_t>, uint16_t> ports;
};

/// `text` with nodes' names in place of their addresses: "dial tcp 127.3.7.1:9090" becomes "dial
/// tcp a:9090". Other addresses, and longer numbers that one is a part of, stay.
std::string name_addresses(std::string_view text, const NodeAddresses& addresses);

}  // namespace mread::scenarios
