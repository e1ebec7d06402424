#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "config/credentials.h"
#include "net/client.h"
#include "net/transport.h"
#include "serve/backends/oauth2.h"

namespace mread::serve {

namespace asio = boost::asio;

/// Asks one OAuth 2.0 endpoint for tokens. It tries the header first to say who the client is, then
/// the body, and remembers which of the two the endpoint has accepted.
///
/// Not thread-safe: one ask() at a time. The client must outlive it.
class TokenEndpoint {
 public:
  /// A request takes at most `timeout`. Throws yaml::ConfigError if the URL cannot be used.
  TokenEndpoint(net::Client& client, config::OAuth2 settings, std::chrono::milliseconds timeout);

  bool is_for(const config::OAuth2& settings, std::chrono::milliseconds timeout) const {
    return settings_ == settings && timeout_ == timeout;
  }

  /// Errors: Errc::environment if the secret or a file of TLS cannot be read, or if the endpoint
  /// refuses the client; Errc::unavailable if no answer comes; Errc::canceled; Errc::malformed. The
  /// message names the endpoint without its query.
  asio::awaitable<Result<AccessToken>> ask();

 private:
  asio::awaitable<Result<AccessToken>> ask_in_style(std::string secret, ClientStyle style);

  net::Client& client_;
  const config::OAuth2 settings_;
  const std::chrono::milliseconds timeout_;
  std::string place_;  // "host:port/path", for errors.
  std::shared_ptr<const net::Transport> transport_;
  ClientStyle style_ = ClientStyle::header;
  bool style_is_known_ = false;
};

}  // namespace mread::serve
