#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mread::net {

struct ListenAddress {
  std::string host = "127.0.0.1";  ///< without brackets
  uint16_t port = 0;               ///< 0: any free one
};

/// HOST:PORT: "127.0.0.1:9095", ":9095" (every address), "[::1]:0". Errors: Errc::config.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace mread::net
