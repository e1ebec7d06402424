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

/// An answer in place of the handler's.
struct Refusal {
  ResponseHead head;
  std::string body;
};

/// One body's part of the memory that all bodies share. Used on the connection's strand. Destroying
/// it gives all back.
class BodyHold {
 public:
  virtual ~BodyHold() = default;
  /// The body takes so much memory now.
  virtual void set(uint64_t bytes) = 0;
  /// The body is there: nothing more is read of it.
  virtual void complete() = 0;
  /// `called`, once at the most and on the strand, where the body has to make way for others: it is
  /// then dropped, and the request answered with what it is given. Null: a body that is complete is
  /// its handler's matter.
  virtual void on_give_up(std::function<void(Refusal)> called) = 0;
};

struct ServerRequest {
  RequestHead head;
  std::string body;  ///< whole; a larger one than the limit was refused with 413
  std::string peer;  ///< "127.0.0.1:40312"
  /// The body's, where ServerOptions::admit gave one; kept as long as the body is.
  std::shared_ptr<BodyHold> hold;
};

/// Writes one response. Either `reply` alone, or `start`, any number of `write`s, then `finish`. A
/// writer that is destroyed between `start` and `finish` aborts the connection, so a response is
/// never short without the client noticing.
///
/// Errors: Errc::canceled once the connection is closed from this side, Errc::deadline where the
/// client took nothing for write_timeout (the connection is then closed), system errors else. After
/// an error nothing more can be sent.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  /// A whole response with Content-Length.
  virtual asio::awaitable<Result<void>> reply(ResponseHead head, std::string body) = 0;
  /// Sends the head. Without a Content-Length header the body goes out chunked (and trailers are
  /// possible).
  virtual asio::awaitable<Result<void>> start(ResponseHead head) = 0;
  /// Sends a piece of the body; returns when the socket has taken it (back-pressure). The bytes
  /// stay valid until then.
  virtual asio::awaitable<Result<void>> write(std::string_view piece) = 0;
  /// The same for several pieces at once; they go out as one chunk.
  virtual asio::awaitable<Result<void>> write_pieces(std::vector<std::string_view> pieces) = 0;
  /// Ends the body. Trailers are sent where the body is chunked, and left out where it has a
  /// Content-Length.
  virtual asio::awaitable<Result<void>> finish(Headers trailers = {}) = 0;
  /// Closes the connection without ending the response; with `reset`, by RST.
  virtual void abort(bool reset) = 0;
  /// Completes when the client has gone away (or with Errc::canceled when this wait is cancelled).
  /// A client that closes its sending side counts as gone. At most one such wait at a time.
  virtual asio::awaitable<Result<void>> client_gone() = 0;
  /// For broken answers on purpose: bytes straight to the socket, below HTTP.
  virtual asio::awaitable<Result<void>> write_raw(std::string_view bytes) = 0;
  /// Bytes that the socket has taken on this connection so far. A write that waits shows its
  /// progress here.
  virtual uint64_t taken() const = 0;
};

/// Called for each request, on the connection's strand. It may run for as long as it likes; it is
/// cancelled (cancellation_type::terminal) when the server aborts what is left. A handler that
/// throws before anything was sent is answered with 500; after that, the connection is aborted. The
/// writer is the handler's until it returns.
using Handler = std::function<asio::awaitable<void>(ServerRequest, ResponseWriter&)>;

/// Asked for each request when its head is there and its body is not read yet; nothing: the request
/// goes on. Runs on the connection's strand. What it throws is answered with 500.
using Screen = std::function<asio::awaitable<std::optional<Refusal>>(const RequestHead&)>;

/// Whether and how a request's body is read.
struct BodyPermit {
  std::optional<Refusal> refusal;  ///< it is not read, as with a Screen
  uint64_t limit_bytes = 0;        ///< a larger one is answered with 413
  std::shared_ptr<BodyHold> hold;  ///< null: it is not counted
};
/// Asked for each request that has a body, behind the screen and before any of it is read (or "100
/// Continue" is sent). `is_there`: it is small, or all of it has arrived already, so reading it
/// takes little. It may wait, and is cancelled when the client goes; it does not wait where the
/// body is there. Runs on the connection's strand. What it throws is answered with 500.
using Admit =
    std::function<asio::awaitable<BodyPermit>(const RequestHead&, std::string peer, bool is_there)>;

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  uint64_t body_limit_bytes = 32ULL << 20;  ///< where there is no `admit`
  uint32_t header_limit_bytes = 64U << 10;
  std::chrono::milliseconds header_timeout{30'000};  ///< of a head, from its first byte
  /// A body has header_timeout from when it is first waited for, and a second more for so many
  /// bytes of it that came.
  uint64_t body_bytes_per_second = 64U << 10;
  std::chrono::milliseconds idle_timeout{120'000};
  std::chrono::milliseconds write_timeout{60'000};  ///< of one write that makes no progress
  /// Asked for each new connection; null, or a function that gives null: plain HTTP. A client that
  /// speaks plain HTTP where TLS is wanted is answered with 400.
  std::function<std::shared_ptr<TlsSource>()> tls;
  std::chrono::milliseconds handshake_timeout{10'000};
  /// A request that is turned away costs no more memory than a small body: a larger one, or one
  /// whose length is not declared, is not read, and the connection ends.
  Screen screen;
  Admit admit;
  /// Asked for each new connection: how many there may be at once; 0 or null: any number. Where
  /// there are so many, room is made for a new one by closing a connection whose client has taken
  /// one piece of an answer for more than a second, or is waited for (idle, in a handshake, in the
  /// middle of a head, refused and lingering), or is a second behind with its body: the oldest such
  /// one of the address that has the most connections; of slow bodies the one that lags the most.
  /// Where all are busy, the new one is answered with 503 and Retry-After, and closed; over TLS it
  /// is closed without an answer.
  std::function<size_t()> connection_limit;
  /// Told of a client whose connection was closed on it: "slow_head", "slow_body" (their time is
  /// up), "evicted" (for a new one) or "busy" (there was no room for it). From any thread.
  std::function<void(std::string_view reason, const std::string& peer)> cut;
  /// Asked for each request: fields of every response that does not have them.
  std::function<std::vector<std::pair<std::string, std::string>>()> headers;
  /// Told on the connection's strand, with the client's address: "127.0.0.1:40312: TLS: the client
  /// sent no certificate".
  std::function<void(const std::string& line)> handshake_failed;
};

}  // namespace mread::net
