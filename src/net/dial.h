#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "net/connection.h"
#include "net/http.h"

namespace mread::net {

/// Resolves, connects and, for https, shakes hands: all within `timeout`. A name with several addresses is tried one
/// after the other; each gets its share of the time. `tls` is used for https only and outlives the connection. Errors
/// name host:port. Cancelling the coroutine closes the socket at once.
asio::awaitable<Result<std::shared_ptr<Connection>>> dial(Url url, std::shared_ptr<asio::ssl::context> tls,
                                                          std::chrono::milliseconds timeout);

/// The failure `code` of a connection to `place`; for Errc::deadline and Errc::canceled, whose code says little, the
/// context says what was under way.
Error connection_error(boost::system::error_code code, const std::string& place, std::string_view doing);

}  // namespace mread::net
