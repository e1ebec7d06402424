#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "net/http.h"

namespace mread::net {

namespace asio = boost::asio;

struct ClientRequest {
  Url url;  ///< its target is what is asked for
  std::string method = "GET";
  Headers headers;  ///< Host, Content-Length and Connection are added
  std::string body;
};

/// A response whose head has arrived and whose body is read piece by piece: what is not asked for stays in the socket,
/// which is the back-pressure. Destroying it before the end closes the connection; at the end it goes back to the pool.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  virtual const ResponseHead& head() const = 0;
  /// The next piece of the body, at most `max_bytes`, as soon as some of it is there; empty at the end of a complete
  /// body. Errors: Errc::truncated where the peer closes in mid-body (chunked without the last chunk, or short of
  /// Content-Length), system errors else.
  virtual asio::awaitable<Result<std::string>> read_some(size_t max_bytes) = 0;
};

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  size_t idle_connections_per_host = 64;
  std::chrono::milliseconds idle_timeout{30'000};
};

/// An HTTP/1.1 client with a keep-alive pool. A request that fails on a pooled connection before any byte of an answer
/// is tried once more on a fresh one. There is no deadline inside: cancel the coroutine (`… || timer`), which closes
/// its connection. Safe to use from several threads; each ResponseStream by one coroutine at a time.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  asio::awaitable<Result<std::unique_ptr<ResponseStream>>> open(ClientRequest request);

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

struct Response {
  ResponseHead head;
  std::string body;
};

struct FetchLimits {
  std::chrono::milliseconds timeout{30'000};
  uint64_t body_bytes = 1ULL << 30;
};

/// One request, blocking the calling thread; for the command line and the scenario runner. Errors: Errc::deadline,
/// Errc::canceled when `stop` is requested, Errc::limit, connection errors with "host:port" in the context. An HTTP
/// error status is a value, not an error.
Result<Response> fetch(ClientRequest request, FetchLimits limits = {}, std::stop_token stop = {});

}  // namespace mread::net
