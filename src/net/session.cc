#include "net/session.h"

#include <algorithm>
#include <cctype>
#include <exception>
#include <new>
#include <stdexcept>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/tls_source.h"

namespace mread::net {
namespace {

namespace http = boost::beast::http;
using Code = Connection::Code;

// A refused client may still be sending: what it sends is read and dropped for this long, because
// closing with unread input would reset the connection and take the refusal away from the client.
constexpr std::chrono::milliseconds linger_time{2'000};
// A client that reads takes a piece of an answer in less.
constexpr std::chrono::seconds stalled_after{1};
// A client that sends a body is at most so far behind the least rate.
constexpr std::chrono::seconds slow_after{1};
// So much of a body is read and dropped for the connection to be kept where its request is turned
// away.
constexpr uint64_t small_body_bytes = 64U << 10;

bool wants_continue(const Headers& headers) {
  std::string value(headers.get("Expect"));
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return value == "100-continue";
}

// Marks the end of a body, however it comes.
class BodyClock {
 public:
  explicit BodyClock(std::atomic<std::chrono::steady_clock::duration>& due) : due_(due) {}
  ~BodyClock() { due_ = std::chrono::steady_clock::duration(0); }
  BodyClock(const BodyClock&) = delete;
  BodyClock& operator=(const BodyClock&) = delete;

 private:
  std::atomic<std::chrono::steady_clock::duration>& due_;
};

// What a handler, a screen or an admission threw.
Refusal internal_error(const std::exception& error) {
  const bool is_memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  Refusal refusal;
  refusal.head.status = is_memory ? 503 : 500;
  refusal.head.headers.add("Content-Type", "text/plain; charset=utf-8");
  if (is_memory) refusal.head.headers.add("Retry-After", "1");
  refusal.body =
      is_memory ? "out of memory\n" : std::string("internal error: ") + error.what() + "\n";
  return refusal;
}

}  // namespace

Session::Session(asio::any_io_executor strand, std::shared_ptr<Connection> connection,
                 std::string peer, std::shared_ptr<const SessionSettings> settings)
    : strand_(std::move(strand)),
      connection_(std::move(connection)),
      peer_(std::move(peer)),
      settings_(std::move(settings)) {}

asio::awaitable<void> Session::run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  bool more = co_await shake_hands();
  while (more) more = co_await serve_one();
  connection_->disarm();
  connection_->close();
}

asio::awaitable<void> Session::run_refusal() {
  co_await asio::this_coro::throw_if_cancelled(false);
  tell_cut("busy");
  if (!settings_->options.tls || !settings_->options.tls()) {
    Refusal refusal;
    refusal.head.status = 503;
    refusal.head.headers.add("Content-Type", "text/plain; charset=utf-8");
    refusal.head.headers.add("Retry-After", "1");
    refusal.body = "all connections are busy, try again later\n";
    co_await refuse(std::move(refusal));
  }
  connection_->disarm();
  connection_->close();
}

void Session::close_if_idle() {
  if (idle_) connection_->close();
}

void Session::abort() {
  connection_->close();
  cancel_.emit(asio::cancellation_type::terminal);
}

bool Session::evict() {
  if (!waiting_ && !is_stalled() && !is_slow()) return false;
  waiting_ = false;
  evicted_ = true;
  tell_cut("evicted");
  connection_->close();
  return true;
}

bool Session::is_stalled() const { return !evicted_ && connection_->writing_for() > stalled_after; }

std::optional<std::chrono::nanoseconds> Session::body_lag() const {
  const auto due = body_due_.load();
  if (due.count() == 0) return std::nullopt;
  return std::chrono::steady_clock::now().time_since_epoch() - due;
}

bool Session::may_yield() const {
  return waiting_ || body_lag().has_value() || connection_->writing_for().count() > 0;
}

bool Session::is_slow() const { return !evicted_ && body_lag().value_or(slow_after) > slow_after; }

void Session::tell_cut(std::string_view reason) {
  if (settings_->options.cut) settings_->options.cut(reason, peer_);
}

// False where there is nothing more to be done on this connection.
asio::awaitable<bool> Session::shake_hands() {
  const auto& options = settings_->options;
  const auto tls = options.tls ? options.tls() : nullptr;
  if (!tls) co_return true;
  if (settings_->draining.load()) co_return false;
  connection_->arm(strand_, options.handshake_timeout);
  const auto first = co_await connection_->peek();
  if (!first) co_return false;
  // A request line begins with a letter, and no TLS record does.
  if (std::isalpha(static_cast<unsigned char>(*first)) != 0) {
    co_await refuse(400, "this is an HTTPS port: write https in the URL\n");
    co_return false;
  }
  const auto code = co_await connection_->accept_tls(tls->get().context);
  connection_->disarm();
  if (!code) co_return true;
  if (options.handshake_failed && !connection_->failure().empty()) {
    options.handshake_failed(peer_ + ": TLS: " + connection_->failure());
  }
  // The alert says why: a reset behind it would take it away from the client.
  connection_->shutdown_send();
  connection_->arm(strand_, linger_time);
  co_await connection_->drop_input();
  co_return false;
}

// Serves one request; false when the connection is over.
asio::awaitable<bool> Session::serve_one() {
  const auto& options = settings_->options;
  RequestParser parser(options.header_limit_bytes);
  auto code = co_await read_head(parser);
  if (!code) code = to_origin_form(parser.head());
  if (code) {
    if (code == MessageFault::field_limit) {
      co_await refuse(431, "bad request: " + code.message() + "\n");
    } else if (code == http::error::header_limit) {
      co_await refuse(
          431, "request header over " + std::to_string(options.header_limit_bytes) + " bytes\n");
    } else if (code == make_error_code(Errc::deadline) ||
               code.category() == asio::error::get_system_category() ||
               code.category() == asio::error::get_misc_category() ||
               code == make_error_code(Errc::canceled)) {
      // The client has gone, or said nothing for too long: there is nobody to tell.
    } else {
      co_await refuse(400, "bad request: " + code.message() + "\n");
    }
    co_return false;
  }
  if (options.screen) {
    auto refusal = co_await screened(parser.head());
    if (refusal) co_return co_await turn_away(parser, std::move(*refusal));
  }
  BodyPermit permit;
  permit.limit_bytes = options.body_limit_bytes;
  if (!parser.is_complete() && options.admit) {
    auto given = co_await admitted(parser);
    if (!given) co_return false;
    permit = std::move(*given);
    if (permit.refusal) co_return co_await turn_away(parser, std::move(*permit.refusal));
  }
  ServerRequest request;
  if (code = co_await receive_body(parser, request.body, permit); code) {
    permit.hold.reset();
    co_await refuse_body(code, permit.limit_bytes);
    co_return false;
  }
  request.hold = std::move(permit.hold);
  const bool keep_alive = parser.keep_alive() && !settings_->draining.load();
  const int version = parser.version();
  request.head = std::move(parser.head());
  request.peer = peer_;
  co_return co_await handle(std::move(request), keep_alive, version);
}

asio::awaitable<Code> Session::read_head(RequestParser& parser) {
  const auto& options = settings_->options;
  waiting_ = true;
  idle_ = connection_->input().empty();
  // Who keeps a connection open and says nothing costs no buffer.
  if (idle_) connection_->park();
  // A request that began to arrive is answered even while draining; nothing new is waited for.
  if (idle_ && settings_->draining.load()) co_return make_error_code(Errc::canceled);
  connection_->arm(strand_, idle_ ? options.idle_timeout : options.header_timeout);
  while (!parser.has_head()) {
    Code code = http::error::need_more;
    if (!connection_->input().empty()) {
      connection_->consume(parser.feed(connection_->input(), nullptr, 0, code));
    }
    if (parser.has_head()) break;
    if (code && code != http::error::need_more) co_return code;
    if (idle_) code = co_await connection_->wait_input();
    if (idle_ && code) co_return code;
    if (code = co_await connection_->fill(); code) {
      if (!idle_ && connection_->timed_out()) tell_cut("slow_head");
      co_return code;
    }
    if (idle_) {
      idle_ = false;
      connection_->arm(strand_, options.header_timeout);
    }
  }
  connection_->disarm();
  waiting_ = false;
  co_return Code();
}

// Reads a body that may be read, after telling the client so where it asks.
asio::awaitable<Code> Session::receive_body(RequestParser& parser, std::string& body,
                                            const BodyPermit& permit) {
  if (parser.is_complete()) co_return Code();
  if (parser.content_length().value_or(0) > permit.limit_bytes)
    co_return make_error_code(Errc::limit);
  if (wants_continue(parser.head().headers) && connection_->input().empty()) {
    const auto code = co_await connection_->write("HTTP/1.1 100 Continue\r\n\r\n",
                                                  settings_->options.write_timeout);
    if (code) co_return code;
  }
  gave_way_.reset();
  if (permit.hold) {
    // Its memory goes at once: until the client says something, or its time is up, may be long.
    permit.hold->on_give_up([this, &body](Refusal refusal) {
      gave_way_ = std::move(refusal);
      body = std::string();
      connection_->interrupt();
    });
  }
  const auto code = co_await read_body(parser, body, permit);
  if (permit.hold) {
    permit.hold->on_give_up(nullptr);
    permit.hold->complete();
  }
  if (gave_way_) co_return make_error_code(Errc::canceled);
  co_return code;
}

asio::awaitable<Code> Session::read_body(RequestParser& parser, std::string& body,
                                         const BodyPermit& permit) {
  const auto& options = settings_->options;
  const auto begun = std::chrono::steady_clock::now();
  const BodyClock clock(body_due_);
  // Memory is taken as the body arrives: what a client declares costs nothing.
  while (!parser.is_complete()) {
    Code code = http::error::need_more;
    if (!connection_->input().empty()) {
      const uint64_t room = permit.limit_bytes - body.size();
      connection_->consume(parser.feed(connection_->input(), &body, room, code));
      if (permit.hold) permit.hold->set(body.capacity());
      if (code == http::error::need_buffer) co_return make_error_code(Errc::limit);
      if (code && code != http::error::need_more) co_return code;
      if (parser.is_complete()) break;
      if (!connection_->input().empty() && code != http::error::need_more) continue;
    }
    const auto earned =
        std::chrono::milliseconds(body.size() * 1000 / options.body_bytes_per_second);
    const auto used = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begun);
    body_due_ = (begun + earned).time_since_epoch();
    connection_->arm(strand_, options.header_timeout + earned - used);
    code = co_await connection_->fill();
    connection_->disarm();
    if (code && connection_->timed_out()) tell_cut("slow_body");
    if (code || gave_way_) co_return code;
  }
  co_return Code();
}

// Why a body was not read to its end. Nothing where there is nobody to tell.
asio::awaitable<void> Session::refuse_body(Code code, uint64_t limit_bytes) {
  if (gave_way_) {
    co_await refuse(std::move(*gave_way_));
  } else if (code == make_error_code(Errc::limit)) {
    co_await refuse(413, "request body over " + std::to_string(limit_bytes) + " bytes\n");
  } else if (is_message_fault(code)) {
    co_await refuse(is_message_limit(code) ? 431 : 400,
                    "bad request body: " + code.message() + "\n");
  }
}

// None where the client has gone meanwhile.
asio::awaitable<std::optional<BodyPermit>> Session::admitted(RequestParser& parser) {
  using namespace asio::experimental::awaitable_operators;
  const auto length = parser.content_length();
  const bool is_there = length && *length <= connection_->input().size();
  // A small one is not worth a place: where slow clients hold all of them, no other's usual read is
  // to wait.
  const bool needs_no_place = is_there || (length && *length <= small_body_bytes);
  BodyPermit permit;
  try {
    auto asked = settings_->options.admit(parser.head(), peer_, needs_no_place);
    if (is_there) {
      permit = co_await std::move(asked);
    } else {
      auto first = co_await (std::move(asked) || connection_->peer_gone());
      auto* const given = std::get_if<0>(&first);
      if (given == nullptr) co_return std::nullopt;
      permit = std::move(*given);
    }
  } catch (const std::exception& error) {
    permit.refusal = internal_error(error);
  }
  co_return permit;
}

asio::awaitable<bool> Session::handle(ServerRequest request, bool keep_alive, int version) {
  const bool is_head = request.head.method == "HEAD";
  Exchange exchange(connection_, settings_->options.write_timeout, keep_alive, is_head, version);
  if (settings_->options.headers) exchange.set_usual_headers(settings_->options.headers());
  Refusal problem = internal_error(std::runtime_error("the handler gave no answer"));
  // A handler that goes on after having been cancelled is thrown out of its next co_await.
  co_await asio::this_coro::throw_if_cancelled(true);
  try {
    has_asked_ = true;
    co_await settings_->handler(std::move(request), exchange);
  } catch (const std::exception& error) {
    problem = internal_error(error);
  }
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return false;
  if (exchange.untouched() && connection_->is_open()) {
    exchange.no_keep_alive();
    co_await exchange.reply(std::move(problem.head), std::move(problem.body));
  }
  if (exchange.complete() && !exchange.reusable()) co_await connection_->say_goodbye(linger_time);
  co_return exchange.reusable();
}

// The answer to a request that goes no further.
asio::awaitable<std::optional<Refusal>> Session::screened(const RequestHead& head) {
  std::optional<Refusal> refusal;
  try {
    refusal = co_await settings_->options.screen(head);
  } catch (const std::exception& error) {
    refusal = internal_error(error);
  }
  co_return refusal;
}

// False when the connection is over.
asio::awaitable<bool> Session::turn_away(RequestParser& parser, Refusal refusal) {
  const bool is_waiting = wants_continue(parser.head().headers) && connection_->input().empty();
  const auto length = parser.content_length();
  const bool is_small =
      parser.is_complete() || (!is_waiting && length && *length <= small_body_bytes);
  if (is_small) {
    std::string dropped;
    BodyPermit small;
    small.limit_bytes = small_body_bytes;
    const auto code = co_await read_body(parser, dropped, small);
    if (code) co_return false;
  }
  const bool keep_alive = is_small && parser.keep_alive() && !settings_->draining.load();
  Exchange exchange(connection_, settings_->options.write_timeout, keep_alive,
                    parser.head().method == "HEAD", parser.version());
  if (settings_->options.headers) exchange.set_usual_headers(settings_->options.headers());
  const auto sent = co_await exchange.reply(std::move(refusal.head), std::move(refusal.body));
  if (sent && !exchange.reusable()) co_await leave();
  co_return exchange.reusable();
}

asio::awaitable<void> Session::refuse(int status, std::string line) {
  Refusal refusal;
  refusal.head.status = status;
  refusal.head.headers.add("Content-Type", "text/plain; charset=utf-8");
  refusal.body = std::move(line);
  co_await refuse(std::move(refusal));
}

asio::awaitable<void> Session::refuse(Refusal refusal) {
  Exchange exchange(connection_, settings_->options.write_timeout, false, false, 11);
  const auto sent = co_await exchange.reply(std::move(refusal.head), std::move(refusal.body));
  if (sent) co_await leave();
}

// After the last answer.
asio::awaitable<void> Session::leave() {
  waiting_ = true;
  co_await connection_->say_goodbye(linger_time);
  connection_->shutdown_send();
  connection_->arm(strand_, linger_time);
  co_await connection_->drop_input();
}

}  // namespace mread::net
