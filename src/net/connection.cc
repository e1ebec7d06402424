#include "net/connection.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include "net/nothrow.h"
#include "net/tls_error.h"
#include "net/tls_layer.h"

namespace mread::net {
namespace {

// Small answers stay small; a body that fills the first buffer is read in pieces of the second
// size.
constexpr size_t small_buffer_bytes = 64U << 10;
constexpr size_t large_buffer_bytes = 256U << 10;

// No input is held beyond this, whoever asks for more: readers consume what they have before they
// ask.
constexpr size_t most_input_bytes = large_buffer_bytes;

// A writer whose peer keeps up never has to wait; after this much it lets others run.
constexpr size_t yield_after_bytes = 512U << 10;

// What a TLS record holds.
constexpr size_t record_bytes = 16U << 10;

}  // namespace

Connection::Connection(Socket socket) : socket_(std::move(socket)) {}
Connection::~Connection() = default;

asio::awaitable<bool> Connection::is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

Connection::Code Connection::explain(Code code) const {
  if (!code) return code;
  if (timed_out_) return make_error_code(Errc::deadline);
  if (code == asio::error::operation_aborted || code == asio::error::bad_descriptor) {
    return make_error_code(Errc::canceled);
  }
  return code;
}

asio::awaitable<Connection::Code> Connection::connect(
    asio::generic::stream_protocol::endpoint endpoint) {
  if (co_await is_cancelled()) co_return make_error_code(Errc::canceled);
  const auto [code] = co_await socket_.async_connect(endpoint, nothrow);
  if (!code && endpoint.protocol().family() != AF_UNIX) {
    Code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  }
  co_return explain(code);
}

// Keeps what an error of TLS means; the code itself only says that it was one.
Connection::Code Connection::note(Code code) {
  if (code && is_tls_error(code) && failure_.empty()) failure_ = tls_reason(code);
  return explain(code);
}

asio::awaitable<Connection::Code> Connection::secure(TlsContext context, std::string name) {
  if (co_await is_cancelled()) co_return make_error_code(Errc::canceled);
  tls_ = tls_ ? TlsLayer::over(std::move(tls_), std::move(context))
              : TlsLayer::over(socket_, std::move(context));
  const auto code = co_await tls_->connect(std::move(name));
  if (code && is_tls_error(code)) failure_ = tls_->handshake_failure(code);
  co_return explain(code);
}

asio::awaitable<Connection::Code> Connection::accept_tls(TlsContext context) {
  if (co_await is_cancelled()) co_return make_error_code(Errc::canceled);
  tls_ = TlsLayer::over(socket_, std::move(context));
  const auto code = co_await tls_->accept();
  if (code && is_tls_error(code)) failure_ = tls_->handshake_failure(code);
  co_return explain(code);
}

asio::awaitable<Result<char>> Connection::peek() {
  while (true) {
    if (co_await is_cancelled()) co_return fail(Errc::canceled, "");
    const auto [code] = co_await socket_.async_wait(Socket::wait_read, nothrow);
    if (code) co_return fail(explain(code), "");
    char byte = 0;
    const ssize_t count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count == 1) co_return byte;
    if (count == 0) co_return fail(asio::error::eof, "");
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      co_return fail(Code(errno, boost::system::system_category()), "");
    }
  }
}

void Connection::consume(size_t count) {
  begin_ += std::min(count, end_ - begin_);
  if (begin_ == end_) begin_ = end_ = 0;
}

bool Connection::make_room() {
  size_t wanted = capacity_ == 0 ? small_buffer_bytes : capacity_;
  if (last_read_was_full_) wanted = std::max(wanted, large_buffer_bytes);
  const size_t held = end_ - begin_;
  if (held * 2 > wanted) wanted = std::min(wanted * 2, most_input_bytes);
  assert(wanted <= most_input_bytes && held <= wanted);
  if (wanted != capacity_) {
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (held > 0) std::memcpy(larger.get(), buffer_.get() + begin_, held);
    buffer_ = std::move(larger);
    capacity_ = wanted;
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, held);
  }
  begin_ = 0;
  end_ = held;
  return end_ < capacity_;
}

asio::awaitable<Connection::Code> Connection::fill() {
  if (co_await is_cancelled()) co_return make_error_code(Errc::canceled);
  if (!make_room()) co_return make_error_code(Errc::limit);
  const asio::mutable_buffer room(buffer_.get() + end_, capacity_ - end_);
  Code code;
  size_t count = 0;
  if (tls_) {
    std::tie(code, count) = co_await tls_->read_some(room);
    // Without close_notify the end of a body that has no length of its own cannot be trusted.
    if (code == asio::ssl::error::stream_truncated) code = asio::error::connection_reset;
  } else {
    std::tie(code, count) = co_await socket_.async_read_some(room, nothrow);
  }
  end_ += count;
  last_read_was_full_ = count == room.size();
  co_return note(code);
}

asio::awaitable<Connection::Code> Connection::wait_input() {
  if (co_await is_cancelled()) co_return make_error_code(Errc::canceled);
  // What a TLS layer holds cannot be seen from the socket.
  if (begin_ != end_ || tls_) co_return Code();
  buffer_.reset();
  capacity_ = 0;
  last_read_was_full_ = false;
  const auto [code] = co_await socket_.async_wait(Socket::wait_read, nothrow);
  co_return explain(code);
}

asio::awaitable<Connection::Code> Connection::write(std::string_view bytes,
                                                    std::chrono::milliseconds stall) {
  const asio::const_buffer piece(bytes.data(), bytes.size());
  co_return co_await write(std::span(&piece, 1), stall);
}

asio::awaitable<Connection::Code> Connection::write(std::span<const asio::const_buffer> pieces,
                                                    std::chrono::milliseconds stall) {
  if (co_await is_cancelled()) co_return make_error_code(Errc::canceled);
  writing_since_ = std::chrono::steady_clock::now().time_since_epoch();
  Code code;
  if (tls_) {
    code = co_await write_tls(pieces, stall);
  } else {
    code = co_await write_plain(pieces, stall);
  }
  writing_since_ = std::chrono::steady_clock::duration(0);
  co_return code;
}

std::chrono::nanoseconds Connection::writing_for() const {
  const auto since = writing_since_.load();
  if (since.count() == 0) return std::chrono::nanoseconds(0);
  return std::chrono::steady_clock::now().time_since_epoch() - since;
}

asio::awaitable<Connection::Code> Connection::write_plain(
    std::span<const asio::const_buffer> pieces, std::chrono::milliseconds stall) {
  const auto executor = co_await asio::this_coro::executor;
  Code code;
  socket_.non_blocking(true, code);
  if (code) co_return explain(code);
  // write_some takes at most 64 buffers at a time.
  constexpr size_t batch_size = 64;
  std::vector<asio::const_buffer> batch;
  size_t next = 0;
  size_t offset = 0;
  while (true) {
    while (next < pieces.size() && offset == pieces[next].size()) {
      ++next;
      offset = 0;
    }
    if (next == pieces.size()) break;
    batch.clear();
    batch.push_back(pieces[next] + offset);
    for (size_t i = next + 1; i < pieces.size() && batch.size() < batch_size; ++i)
      batch.push_back(pieces[i]);
    size_t count = socket_.write_some(batch, code);
    if (code == asio::error::would_block || code == asio::error::try_again) {
      arm(executor, stall);
      std::tie(code) = co_await socket_.async_wait(Socket::wait_write, nothrow);
      disarm();
      written_in_a_row_ = 0;
      if (code) co_return explain(code);
      continue;
    }
    if (code) co_return explain(code);
    written_in_a_row_ += count;
    written_ += count;
    while (count > 0) {
      const size_t step = std::min(count, pieces[next].size() - offset);
      offset += step;
      count -= step;
      if (offset == pieces[next].size()) {
        ++next;
        offset = 0;
      }
    }
    if (written_in_a_row_ > yield_after_bytes) {
      written_in_a_row_ = 0;
      co_await asio::post(executor, nothrow);
      if (co_await is_cancelled()) co_return make_error_code(Errc::canceled);
      if (!socket_.is_open()) co_return explain(asio::error::bad_descriptor);
    }
  }
  co_return Code();
}

// Records are filled: small pieces are put together first.
asio::awaitable<Connection::Code> Connection::write_tls(std::span<const asio::const_buffer> pieces,
                                                        std::chrono::milliseconds stall) {
  const auto executor = co_await asio::this_coro::executor;
  std::string together;
  asio::const_buffer record;
  size_t next = 0;
  size_t offset = 0;
  while (true) {
    if (record.size() == 0) {
      while (next < pieces.size() && offset == pieces[next].size()) {
        ++next;
        offset = 0;
      }
      if (next == pieces.size()) co_return Code();
      record = asio::buffer(pieces[next] + offset, record_bytes);
      if (record.size() == record_bytes || next + 1 == pieces.size()) {
        offset += record.size();
      } else {
        together.clear();
        while (next < pieces.size() && together.size() < record_bytes) {
          const auto part = asio::buffer(pieces[next] + offset, record_bytes - together.size());
          together.append(static_cast<const char*>(part.data()), part.size());
          offset += part.size();
          if (offset < pieces[next].size()) break;
          ++next;
          offset = 0;
        }
        record = asio::buffer(together);
      }
    }
    arm(executor, stall);
    const auto [code, count] = co_await tls_->write_some(record);
    disarm();
    if (code) co_return note(code);
    if (co_await is_cancelled()) co_return make_error_code(Errc::canceled);
    written_ += count;
    record += count;
  }
}

asio::awaitable<Connection::Code> Connection::peer_gone() {
  constexpr size_t most_kept = 64U << 10;
  while (true) {
    if (co_await is_cancelled()) co_return make_error_code(Errc::canceled);
    const bool is_full = input().size() >= most_kept;
    if (tls_ && !is_full) {
      make_room();
      const auto [code, count] =
          co_await tls_->read_some(asio::buffer(buffer_.get() + end_, capacity_ - end_));
      end_ += count;
      if (!code) continue;
      co_return code == asio::error::operation_aborted || !socket_.is_open() ? explain(code)
                                                                             : Code();
    }
    if (is_full) {
      // Too much is kept already: only an error tells.
      const auto [code] = co_await socket_.async_wait(Socket::wait_error, nothrow);
      co_return explain(code);
    }
    const auto [code] = co_await socket_.async_wait(Socket::wait_read, nothrow);
    if (code) co_return explain(code);
    make_room();
    const ssize_t count =
        ::recv(socket_.native_handle(), buffer_.get() + end_, capacity_ - end_, MSG_DONTWAIT);
    if (count == 0) co_return Code();
    if (count > 0) {
      end_ += static_cast<size_t>(count);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      co_return Code();
    }
  }
}

void Connection::arm(const asio::any_io_executor& executor, std::chrono::milliseconds timeout) {
  if (!watchdog_ || watchdog_->get_executor() != executor) watchdog_.emplace(executor);
  watchdog_->expires_after(timeout);
  const uint64_t watch = ++watch_;
  watchdog_->async_wait([weak = weak_from_this(), watch](Code code) {
    if (code) return;
    const auto self = weak.lock();
    if (!self || self->watch_ != watch) return;
    self->timed_out_ = true;
    self->close();
  });
}

void Connection::disarm() {
  ++watch_;
  if (watchdog_) watchdog_->cancel();
}

bool Connection::is_quiet() {
  if (!socket_.is_open() || begin_ != end_ || (tls_ && tls_->holds_input())) return false;
  char byte = 0;
  const ssize_t count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::interrupt() {
  Code ignored;
  socket_.cancel(ignored);
}

void Connection::close() {
  Code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void Connection::reset() {
  Code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void Connection::shutdown_send() {
  Code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

asio::awaitable<void> Connection::say_goodbye(std::chrono::milliseconds patience) {
  if (!tls_ || !socket_.is_open()) co_return;
  arm(co_await asio::this_coro::executor, patience);
  static_cast<void>(co_await tls_->shut_down());
  disarm();
}

asio::awaitable<void> Connection::drop_input() {
  // More than a client can have on its way before it hears the answer.
  constexpr uint64_t most_dropped = 8ULL << 20;
  uint64_t dropped = 0;
  while (socket_.is_open() && dropped < most_dropped) {
    if (co_await is_cancelled()) co_return;
    make_room();
    end_ = begin_ = 0;
    const auto [code, count] =
        co_await socket_.async_read_some(asio::buffer(buffer_.get(), capacity_), nothrow);
    if (code) co_return;
    dropped += count;
  }
}

void Connection::park() {
  disarm();
  watchdog_.reset();
  buffer_.reset();
  capacity_ = begin_ = end_ = 0;
  last_read_was_full_ = false;
}

}  // namespace mread::net
