#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "net/http.h"

namespace mread::net {

namespace asio = boost::asio;

class TlsSource;

struct ServerRequest {
  RequestHead head;
  std::string body;  ///< whole; a larger one than the limit was refused with 413
  std::string peer;  ///< "127.0.0.1:40312"
};

/// Writes one response. Either `reply` alone, or `start`, any number of `write`s, then `finish`. A writer that is
/// destroyed between `start` and `finish` aborts the connection, so a response is never short without the client
/// noticing.
///
/// Errors: Errc::canceled once the connection is closed from this side, Errc::deadline where the client took nothing
/// for write_timeout (the connection is then closed), system errors else. After an error nothing more can be sent.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  /// A whole response with Content-Length.
  virtual asio::awaitable<Result<void>> reply(ResponseHead head, std::string body) = 0;
  /// Sends the head. Without a Content-Length header the body goes out chunked (and trailers are possible).
  virtual asio::awaitable<Result<void>> start(ResponseHead head) = 0;
  /// Sends a piece of the body; returns when the socket has taken it (back-pressure). The bytes stay valid until then.
  virtual asio::awaitable<Result<void>> write(std::string_view piece) = 0;
  /// The same for several pieces at once; they go out as one chunk.
  virtual asio::awaitable<Result<void>> write_pieces(std::vector<std::string_view> pieces) = 0;
  /// Ends the body. Trailers are sent where the body is chunked, and left out where it has a Content-Length.
  virtual asio::awaitable<Result<void>> finish(Headers trailers = {}) = 0;
  /// Closes the connection without ending the response; with `reset`, by RST.
  virtual void abort(bool reset) = 0;
  /// Completes when the client has gone away (or with Errc::canceled when this wait is cancelled). A client that closes
  /// its sending side counts as gone. At most one such wait at a time.
  virtual asio::awaitable<Result<void>> client_gone() = 0;
  /// For broken answers on purpose: bytes straight to the socket, below HTTP.
  virtual asio::awaitable<Result<void>> write_raw(std::string_view bytes) = 0;
};

/// Called for each request, on the connection's strand. It may run for as long as it likes; it is cancelled
/// (cancellation_type::terminal) when the server aborts what is left. A handler that throws before anything was sent
/// is answered with 500; after that, the connection is aborted. The writer is the handler's until it returns.
using Handler = std::function<asio::awaitable<void>(ServerRequest, ResponseWriter&)>;

/// An answer in place of the handler's.
struct Refusal {
  ResponseHead head;
  std::string body;
};
/// Asked for each request when its head is there and its body is not read yet; nothing: the request goes on. Runs on
/// the connection's strand. What it throws is answered with 500.
using Screen = std::function<asio::awaitable<std::optional<Refusal>>(const RequestHead&)>;

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  uint64_t body_limit_bytes = 32ULL << 20;
  uint32_t header_limit_bytes = 64U << 10;
  std::chrono::milliseconds header_timeout{30'000};  ///< from a request's first byte; also of a body without progress
  std::chrono::milliseconds idle_timeout{120'000};
  std::chrono::milliseconds write_timeout{60'000};  ///< of one write that makes no progress
  /// Asked for each new connection; null, or a function that gives null: plain HTTP. A client that speaks plain HTTP
  /// where TLS is wanted is answered with 400.
  std::function<std::shared_ptr<TlsSource>()> tls;
  std::chrono::milliseconds handshake_timeout{10'000};
  /// A request that is turned away costs no more memory than a small body: a larger one, or one whose length is not
  /// declared, is not read, and the connection ends.
  Screen screen;
  /// Asked for each request: fields of every response that does not have them.
  std::function<std::vector<std::pair<std::string, std::string>>()> headers;
  /// Told on the connection's strand, with the client's address: "127.0.0.1:40312: TLS: the client sent no
  /// certificate".
  std::function<void(const std::string& line)> handshake_failed;
};

/// An HTTP/1.1 server. Every connection is a coroutine on a strand of its own; the server owns them all. A request
/// whose head is over the limit is answered with 431, a body over the limit with 413, what is not HTTP with 400; one
/// line each. "Expect: 100-continue" is answered before the body is read. Requests of a connection are handled one
/// after another.
///
/// Member functions may be called from any thread.
class Server {
 public:
  /// Binds and listens at once, so the port is known. Errors name host:port ("127.0.0.1:9095: Address already in use").
  static Result<std::unique_ptr<Server>> listen(asio::any_io_executor executor, ServerOptions options, Handler handler);
  /// Aborts what is left, without waiting for it: drain first where a handler refers to what goes away next.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string host() const;
  uint16_t port() const;
  std::string url() const;  ///< "http://127.0.0.1:9095"; https where new connections speak TLS
  /// Stops accepting, lets requests under way end within `grace`, then aborts the rest; completes when all are gone.
  asio::awaitable<void> drain(std::chrono::milliseconds grace);
  size_t connections() const;
  /// Closes the listening socket (connections are then refused) and opens it again on the same port.
  Result<void> set_accepting(bool accepting);

 private:
  struct State;
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace mread::net
