#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "net/authorizer.h"
#include "net/http.h"

namespace mread::net {

namespace asio = boost::asio;

class Resolver;
class Transport;

struct ClientRequest {
  Url url;  ///< its target is what is asked for
  std::string method = "GET";
  /// The protocol's own: they go wherever a redirect leads. Host and Content-Length are added;
  /// User-Agent where it is missing.
  Headers headers;
  /// Meant for this server alone, such as keys, or what a user has set: they take the place of
  /// `headers` of the same name, and a redirect to another server takes none of them along.
  Headers origin_headers;
  std::string body;
  /// Sets Authorization as the request is sent; may be null. Where it says so, a request that is
  /// answered with 401 is sent once more.
  std::shared_ptr<Authorizer> authorizer;
  std::shared_ptr<const Transport> transport;  ///< TLS and proxy; null: none of either's settings
  /// Follows up to 10 redirects: 301, 302, 303, 307 and 308 for GET and HEAD, 307 and 308 for the
  /// others, which are sent again as they were. `origin_headers` and what the authorizer gives are
  /// not sent to another host or port, nor from https to http, and not on the way back either (from
  /// http to https of the same host they are, where the ports are the usual ones). A user name and
  /// password in the Location are passed over. Else the redirect is the answer.
  bool follow_redirects = true;
  uint32_t header_limit_bytes = 256U << 10;  ///< of the response's head; more is Errc::limit
};

/// A response whose head has arrived and whose body is read piece by piece: what is not asked for
/// stays in the socket, which is the back-pressure. Destroying it before the end closes the
/// connection; at the end it goes back to the pool.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  virtual const ResponseHead& head() const = 0;
  /// The next piece of the body, at most `max_bytes`, as soon as some of it is there; empty at the
  /// end of a complete body. Errors: Errc::truncated where the peer closes in mid-body (chunked
  /// without the last chunk, or short of Content-Length), system errors else.
  virtual asio::awaitable<Result<std::string>> read_some(size_t max_bytes) = 0;
  /// The fields behind a chunked body; empty until its end has been read.
  virtual const Headers& trailers() const = 0;
  /// Where the answer came from, after redirects.
  virtual const Url& url() const = 0;
};

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{
      10'000};  ///< name lookup, connect and TLS handshake together
  std::chrono::milliseconds write_timeout{60'000};  ///< of sending a request, without progress
  size_t idle_connections_per_host = 64;
  size_t idle_connections = 1024;  ///< in all; the one that has been idle for the longest makes way
  std::chrono::milliseconds idle_timeout{30'000};
  std::shared_ptr<Resolver> resolver;  ///< null: Resolver::shared()
};

/// An HTTP/1.1 client with a keep-alive pool, which keeps the connections of each transport apart
/// and closes those that have been idle for `idle_timeout`. A request that fails on a pooled
/// connection before any byte of an answer is tried once more on a fresh one. There is no deadline
/// for an answer: cancel the coroutine (`… || timer`), which closes its connection and gives
/// Errc::canceled. Errors name "host:port". What a server sends is bounded: the head and trailers
/// by `header_limit_bytes`, interim answers (1xx) by five, a body by who reads it.
///
/// Safe to use from several threads of one io_context; the calling coroutines run on strands where
/// it has more than one. Each ResponseStream is used by one coroutine at a time. Both go before the
/// io_context goes.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Sends the request and completes when the response's head has arrived.
  asio::awaitable<Result<std::unique_ptr<ResponseStream>>> open(ClientRequest request);
  /// Connections waiting for the next request.
  size_t idle_connections() const;

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

struct Response {
  ResponseHead head;
  std::string body;
};

/// Reads what is left of a body. Errors: as read_some, and Errc::limit for more than `limit_bytes`.
asio::awaitable<Result<std::string>> read_all(ResponseStream& stream, uint64_t limit_bytes);

struct FetchLimits {
  std::chrono::milliseconds timeout{30'000};
  uint64_t body_bytes = 1ULL << 30;
};

/// One request, blocking the calling thread; for the command line and the scenario runner. Errors:
/// Errc::deadline, Errc::canceled when `stop` is requested, Errc::limit, connection errors with
/// "host:port" in the context. An HTTP error status is a value, not an error.
Result<Response> fetch(ClientRequest request, FetchLimits limits = {}, std::stop_token stop = {});

}  // namespace mread::net
