#include "serve/clients/client_address.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

namespace mread::serve {

std::string client_address(const std::string& peer) {
  namespace ip = boost::asio::ip;
  std::string host = peer.substr(0, peer.rfind(':'));
  if (!host.starts_with('[') || !host.ends_with(']')) return host;
  host = host.substr(1, host.size() - 2);
  boost::system::error_code code;
  const auto address = ip::make_address_v6(host, code);
  if (code) return host;
  if (address.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address).to_string();
  auto bytes = address.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return ip::address_v6(bytes).to_string();
}

}  // namespace mread::serve
