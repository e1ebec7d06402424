#include "net/exchange.h"

#include <charconv>

#include <boost/asio/this_coro.hpp>

#include "net/dial.h"
#include "net/head_text.h"

namespace mread::net {
namespace {

asio::const_buffer as_buffer(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

bool has_no_body(int status) { return status == 204 || status == 304 || status / 100 == 1; }

std::string hex(uint64_t number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return {digits.data(), end};
}

}  // namespace

Exchange::Exchange(std::shared_ptr<Connection> connection, std::chrono::milliseconds write_timeout,
                   bool keep_alive, bool is_head, int version)
    : connection_(std::move(connection)),
      write_timeout_(write_timeout),
      keep_alive_(keep_alive),
      is_head_(is_head),
      version_(version) {}

Exchange::~Exchange() {
  if (state_ == State::chunked || state_ == State::sized || state_ == State::until_close)
    abort(false);
}

Result<void> Exchange::broken() const {
  if (connection_->timed_out())
    return fail(Errc::deadline, "client: nothing was taken for too long");
  return fail(Errc::canceled, "client: the response has ended before");
}

asio::awaitable<Result<void>> Exchange::send(std::vector<asio::const_buffer> pieces) {
  const auto code = co_await connection_->write(pieces, write_timeout_);
  if (!code) co_return Result<void>();
  state_ = State::broken;
  connection_->close();
  co_return fail(connection_error(code, "client", "sending the response"));
}

void Exchange::complete_head(ResponseHead& head) const {
  if (!keep_alive_) head.headers.set("Connection", "close");
  for (const auto& [name, value] : usual_) {
    if (!head.headers.contains(name)) head.headers.add(name, value);
  }
}

asio::awaitable<Result<void>> Exchange::reply(ResponseHead head, std::string body) {
  if (state_ != State::untouched) co_return broken();
  if (!has_no_body(head.status) && !(is_head_ && head.headers.contains("Content-Length"))) {
    head.headers.set("Content-Length", std::to_string(body.size()));
  }
  complete_head(head);
  state_ = State::broken;  // Until all of it is out.
  const std::string text = to_wire(head);
  std::vector<asio::const_buffer> pieces{as_buffer(text)};
  if (!is_head_ && !has_no_body(head.status)) pieces.push_back(as_buffer(body));
  auto sent = co_await send(std::move(pieces));
  if (sent) state_ = State::done;
  co_return sent;
}

asio::awaitable<Result<void>> Exchange::start(ResponseHead head) {
  if (state_ != State::untouched) co_return broken();
  const std::string_view length = head.headers.get("Content-Length");
  if (!length.empty()) {
    const auto [end, error] =
        std::from_chars(length.data(), length.data() + length.size(), body_left_);
    if (error != std::errc() || end != length.data() + length.size()) {
      co_return fail(Errc::malformed, "Content-Length: " + std::string(length));
    }
    state_ = State::sized;
    if (is_head_) body_left_ = 0;
  } else if (has_no_body(head.status)) {
    state_ = State::sized;
  } else if (version_ == 10) {
    state_ = State::until_close;
    keep_alive_ = false;
  } else {
    state_ = State::chunked;
    head.headers.set("Transfer-Encoding", "chunked");
  }
  complete_head(head);
  const std::string text = to_wire(head);
  std::vector<asio::const_buffer> pieces{as_buffer(text)};
  co_return co_await send(std::move(pieces));
}

asio::awaitable<Result<void>> Exchange::write(std::string_view piece) {
  std::vector<std::string_view> pieces{piece};
  co_return co_await write_pieces(std::move(pieces));
}

asio::awaitable<Result<void>> Exchange::write_pieces(std::vector<std::string_view> pieces) {
  if (state_ != State::chunked && state_ != State::sized && state_ != State::until_close)
    co_return broken();
  uint64_t size = 0;
  for (const auto piece : pieces) size += piece.size();
  if (size == 0 || is_head_) co_return Result<void>();
  if (state_ == State::sized) {
    if (size > body_left_) {
      abort(false);
      co_return fail(Errc::limit, "the body is longer than its Content-Length");
    }
    body_left_ -= size;
  }
  const bool chunked = state_ == State::chunked;
  const std::string chunk_head = hex(size) + "\r\n";
  std::vector<asio::const_buffer> out;
  out.reserve(pieces.size() + 2);
  if (chunked) out.push_back(as_buffer(chunk_head));
  for (const auto piece : pieces) {
    if (!piece.empty()) out.push_back(as_buffer(piece));
  }
  if (chunked) out.push_back(as_buffer("\r\n"));
  co_return co_await send(std::move(out));
}

asio::awaitable<Result<void>> Exchange::finish(Headers trailers) {
  if (state_ != State::chunked && state_ != State::sized && state_ != State::until_close)
    co_return broken();
  if (state_ == State::sized && body_left_ > 0) {
    abort(false);
    co_return fail(Errc::truncated, "the body is shorter than its Content-Length");
  }
  if (state_ == State::chunked && !is_head_) {
    const std::string end = "0\r\n" + trailers_to_wire(trailers) + "\r\n";
    std::vector<asio::const_buffer> pieces{as_buffer(end)};
    if (auto sent = co_await send(std::move(pieces)); !sent) co_return sent;
  }
  state_ = State::done;
  co_return Result<void>();
}

void Exchange::abort(bool reset) {
  // Without chunks or a length, a clean close would pass for the end of the body.
  if (reset || state_ == State::until_close) {
    connection_->reset();
  } else {
    connection_->close();
  }
  state_ = State::broken;
}

asio::awaitable<Result<void>> Exchange::client_gone() {
  const auto code = co_await connection_->peer_gone();
  if (code) co_return fail(connection_error(code, "client", "waiting for its end"));
  co_return Result<void>();
}

asio::awaitable<Result<void>> Exchange::write_raw(std::string_view bytes) {
  if (!connection_->is_open()) co_return broken();
  // Nobody can tell any more where the next response would begin.
  state_ = State::broken;
  keep_alive_ = false;
  std::vector<asio::const_buffer> pieces{as_buffer(bytes)};
  co_return co_await send(std::move(pieces));
}

}  // namespace mread::net
