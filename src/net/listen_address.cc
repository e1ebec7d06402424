#include "net/listen_address.h"

#include <charconv>

namespace mread::net {

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const std::string whole = "listen address \"" + std::string(text) + "\": ";
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail(Errc::config, whole + "HOST:PORT expected");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  ListenAddress address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return fail(Errc::config, whole + "the port is a number from 0 to 65535");
  }
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']' || host.size() < 3)
      return fail(Errc::config, whole + "']' expected before the port");
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return fail(Errc::config, whole + "an IPv6 address needs brackets, [::1]:9095");
  }
  address.host = host.empty() ? "0.0.0.0" : std::string(host);
  return address;
}

}  // namespace mread::net
