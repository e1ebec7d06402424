#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "net/http.h"

namespace mread::net {

namespace asio = boost::asio;

/// Where a request's Authorization, and other headers of one server alone, come from when they are
/// known only as the request is sent: a file that may have changed, a token that may have expired.
/// Safe to use from several threads.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  /// The value of the header, for a request that is about to be sent; empty: none. It fails the
  /// request where it fails. Fails with Errc::canceled where the waiting coroutine is cancelled.
  virtual asio::awaitable<Result<std::string>> authorization() = 0;
  /// More headers of that request, in place of those of the same names. They are not sent to
  /// another server.
  virtual Result<Headers> headers() { return Headers(); }
  /// The peer has answered 401 to `value`. True where the next one may do better: the request is
  /// then sent once more.
  virtual bool refused(const std::string& value) = 0;
};

}  // namespace mread::net
