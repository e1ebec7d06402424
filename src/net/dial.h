#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "net/connection.h"
#include "net/http.h"
#include "net/proxy.h"
#include "net/resolver.h"

namespace mread::net {

/// The way to one server.
struct Route {
  Url url;
  std::optional<Proxy> proxy;
  Headers connect_headers;  ///< of a CONNECT
  TlsContext tls;           ///< where the URL or the proxy's is https
  std::string tls_name;     ///< whom the server's certificate is for

  /// Requests name the whole URL: the proxy asks the server in our place.
  bool is_forwarded() const { return proxy && url.scheme == Url::Scheme::http; }
};

/// Resolves, connects, has a proxy connect on, and shakes hands: all within `timeout`. A name with
/// several addresses is tried one after the other; each gets its share of the time. Where none of
/// the addresses is reached that `resolver` (null: Resolver::shared()) has kept from before, they
/// are asked for once more. Errors name the URL's host:port, and the proxy where it is at fault.
/// Cancelling the coroutine closes the socket at once.
asio::awaitable<Result<std::shared_ptr<Connection>>> dial(
    Route route, std::chrono::milliseconds timeout, std::shared_ptr<Resolver> resolver = nullptr);

/// The proxy has answered with `status` in place of doing what it was asked.
Error proxy_refusal(const Route& route, int status);

/// The failure `code` of a connection to `place`; for Errc::deadline and Errc::canceled, whose code
/// says little, the context says what was under way; for TLS, `failure` (Connection::failure()) or
/// what the code means.
Error connection_error(boost::system::error_code code, const std::string& place,
                       std::string_view doing, const std::string& failure = {});

}  // namespace mread::net
