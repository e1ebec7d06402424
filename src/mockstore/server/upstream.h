#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "mockstore/store/upstream_config.h"
#include "net/client.h"
#include "net/handler.h"

namespace mread::mockstore {

/// The way from a store to its upstream. Requests go on as they came, but for what belongs to one
/// connection (Connection, Keep-Alive, …) and Host. Redirects are the client's matter.
///
/// Safe to use from several threads of one io_context; goes before the io_context goes.
class Upstream {
 public:
  /// Errors: files of TLS that cannot be used.
  static Result<std::unique_ptr<Upstream>> create(const UpstreamConfig& config);

  /// Sends a request, and completes when the response's head has arrived; the head is without what
  /// belongs to one connection. There is no deadline: cancel the coroutine. Errors: as
  /// net::Client::open().
  boost::asio::awaitable<Result<std::unique_ptr<net::ResponseStream>>> open(net::RequestHead head,
                                                                            std::string body);
  /// Passes one request on, and its response back. A failure before the response's head is answered
  /// with 502 and one line; a later one ends the connection.
  boost::asio::awaitable<void> forward(net::ServerRequest request, net::ResponseWriter& writer);

 private:
  Upstream(UpstreamConfig config, std::shared_ptr<const net::Transport> transport)
      : config_(std::move(config)), transport_(std::move(transport)) {}
  boost::asio::awaitable<void> pass_body(net::ResponseStream& stream, net::ResponseWriter& writer);

  const UpstreamConfig config_;
  const std::shared_ptr<const net::Transport> transport_;
  net::Client client_;
};

/// What a store reads of its upstream's response at once.
inline constexpr size_t upstream_piece_bytes = size_t{64} << 10;

/// The head of a response as it goes to the client: without what belongs to one connection.
net::ResponseHead passed_on(net::ResponseHead head);

}  // namespace mread::mockstore
