#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/error.h"
#include "net/tls_context.h"

namespace mread::net {

namespace asio = boost::asio;

class TlsLayer;

/// A byte stream over TCP, a unix socket or TLS, with a read buffer and a watchdog. Internal to
/// net: both ends of HTTP are built on it.
///
/// Errors come as codes: asio::error::eof at the peer's close, Errc::deadline where the watchdog
/// closed the connection, Errc::canceled where the awaiting coroutine was cancelled. Operations of
/// a cancelled coroutine fail at once.
///
/// Used by one strand at a time. Always held by a shared_ptr.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  using Code = boost::system::error_code;

  explicit Connection(Socket socket);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  asio::awaitable<Code> connect(asio::generic::stream_protocol::endpoint endpoint);
  /// TLS from here on, as a client: the peer's certificate has to be good for `name`, a host's name
  /// or an IP address. A second call puts TLS into TLS. After an error, failure() says why.
  asio::awaitable<Code> secure(TlsContext context, std::string name);
  /// TLS from here on, as a server.
  asio::awaitable<Code> accept_tls(TlsContext context);
  /// What went wrong with TLS, for a person; empty where nothing did.
  const std::string& failure() const { return failure_; }
  /// The first byte that the peer sends, which stays to be read. Before TLS only.
  asio::awaitable<Result<char>> peek();

  /// What has been read and not consumed.
  std::string_view input() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void consume(size_t count);
  /// Reads some more behind input(), of which at most 256 KiB are held: Errc::limit where that much
  /// waits already. Views of input() become invalid.
  asio::awaitable<Code> fill();
  /// Completes when there may be something to fill() in. Without TLS the read buffer's memory is
  /// given back meanwhile.
  asio::awaitable<Code> wait_input();

  /// Writes all. `stall` bounds the time without progress.
  asio::awaitable<Code> write(std::span<const asio::const_buffer> pieces,
                              std::chrono::milliseconds stall);
  asio::awaitable<Code> write(std::string_view bytes, std::chrono::milliseconds stall);

  /// Bytes that the socket (or TLS) has taken since the beginning.
  uint64_t written() const { return written_; }
  /// How long the write that is under way has been; 0: none is. From any thread.
  std::chrono::nanoseconds writing_for() const;

  /// Completes when the peer has closed or reset the connection; input that arrives meanwhile is
  /// kept, up to 64 KiB. Where there is that much, only a reset is noticed.
  asio::awaitable<Code> peer_gone();

  /// Closes the connection after `timeout`, unless disarmed or armed again. The timer runs on
  /// `executor`.
  void arm(const asio::any_io_executor& executor, std::chrono::milliseconds timeout);
  void disarm();

  asio::any_io_executor executor() { return socket_.get_executor(); }
  bool is_open() const { return socket_.is_open(); }
  bool timed_out() const { return timed_out_; }  ///< the watchdog has closed it
  /// Whether an idle connection can be used again: open, nothing to read, not closed by the peer.
  bool is_quiet();
  /// What is waiting fails with Errc::canceled; the connection can still be used.
  void interrupt();
  /// Over TLS, a peer can tell this from a clean end: close_notify is not sent.
  void close();
  /// Closes by RST.
  void reset();
  /// Sends FIN; reading goes on, below TLS.
  void shutdown_send();
  /// Over TLS, sends close_notify, and waits up to `patience` for the peer's; nothing else.
  asio::awaitable<void> say_goodbye(std::chrono::milliseconds patience);
  /// Reads and drops what still comes, below TLS, until the peer closes or the watchdog does.
  asio::awaitable<void> drop_input();
  /// Gives the read buffer's memory back while the connection is idle. Nothing may be buffered.
  void park();

 private:
  asio::awaitable<bool> is_cancelled();
  Code explain(Code code) const;
  bool make_room();  // False where the input holds as much as it may.
  Code note(Code code);
  asio::awaitable<Code> write_plain(std::span<const asio::const_buffer> pieces,
                                    std::chrono::milliseconds stall);
  asio::awaitable<Code> write_tls(std::span<const asio::const_buffer> pieces,
                                  std::chrono::milliseconds stall);

  Socket socket_;
  std::unique_ptr<TlsLayer> tls_;
  std::string failure_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool last_read_was_full_ = false;
  size_t written_in_a_row_ = 0;
  uint64_t written_ = 0;
  std::atomic<std::chrono::steady_clock::duration> writing_since_{};  // 0: not at all.
  std::optional<asio::steady_timer> watchdog_;
  uint64_t watch_ = 0;
  bool timed_out_ = false;
};

}  // namespace mread::net
