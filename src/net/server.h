#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "net/handler.h"

namespace mread::net {

/// An HTTP/1.1 server. Every connection is a coroutine on a strand of its own; the server owns them
/// all. A request whose head is over the limit is answered with 431, a body over the limit with
/// 413, what is not HTTP with 400; one line each. "Expect: 100-continue" is answered before the
/// body is read. Requests of a connection are handled one after another.
///
/// Member functions may be called from any thread.
class Server {
 public:
  /// Binds and listens at once, so the port is known. Errors name host:port ("127.0.0.1:9095:
  /// Address already in use").
  static Result<std::unique_ptr<Server>> listen(asio::any_io_executor executor,
                                                ServerOptions options, Handler handler);
  /// Aborts what is left, without waiting for it: drain first where a handler refers to what goes
  /// away next.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string host() const;
  uint16_t port() const;
  std::string url() const;  ///< "http://127.0.0.1:9095"; https where new connections speak TLS
  /// Stops accepting, lets requests under way end within `grace`, then aborts the rest; completes
  /// when all are gone.
  asio::awaitable<void> drain(std::chrono::milliseconds grace);
  size_t connections() const;
  /// Closes the listening socket (connections are then refused) and opens it again on the same
  /// port.
  Result<void> set_accepting(bool accepting);

 private:
  struct State;
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace mread::net
