#include "net/session.h"

#include <algorithm>
#include <cctype>
#include <exception>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/tls_source.h"

namespace mread::net {
namespace {

namespace http = boost::beast::http;
using Code = Connection::Code;

// A refused client may still be sending: what it sends is read and dropped for this long, because closing with unread
// input would reset the connection and take the refusal away from the client.
constexpr std::chrono::milliseconds linger_time{2'000};
// So much of a body is read and dropped for the connection to be kept where its request is turned away.
constexpr uint64_t small_body_bytes = 64U << 10;

bool wants_continue(const Headers& headers) {
  std::string value(headers.get("Expect"));
  std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::tolower(c); });
  return value == "100-continue";
}

}  // namespace

Session::Session(asio::any_io_executor strand, std::shared_ptr<Connection> connection, std::string peer,
                 std::shared_ptr<const SessionSettings> settings)
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

void Session::close_if_idle() {
  if (idle_) connection_->close();
}

void Session::abort() {
  connection_->close();
  cancel_.emit(asio::cancellation_type::terminal);
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
      co_await refuse(431, "request header over " + std::to_string(options.header_limit_bytes) + " bytes\n");
    } else if (code == make_error_code(Errc::deadline) || code.category() == asio::error::get_system_category() ||
               code.category() == asio::error::get_misc_category() || code == make_error_code(Errc::canceled)) {
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
  const std::string too_large = "request body over " + std::to_string(options.body_limit_bytes) + " bytes\n";
  const auto length = parser.is_complete() ? 0 : parser.content_length().value_or(0);
  if (length > options.body_limit_bytes) {
    co_await refuse(413, too_large);
    co_return false;
  }
  if (!parser.is_complete() && wants_continue(parser.head().headers) && connection_->input().empty()) {
    code = co_await connection_->write("HTTP/1.1 100 Continue\r\n\r\n", options.write_timeout);
    if (code) co_return false;
  }
  ServerRequest request;
  if (code = co_await read_body(parser, request.body); code) {
    if (code == make_error_code(Errc::limit)) {
      co_await refuse(413, too_large);
    } else if (is_message_fault(code)) {
      co_await refuse(is_message_limit(code) ? 431 : 400, "bad request body: " + code.message() + "\n");
    }
    co_return false;
  }
  const bool keep_alive = parser.keep_alive() && !settings_->draining.load();
  const int version = parser.version();
  request.head = std::move(parser.head());
  request.peer = peer_;
  co_return co_await handle(std::move(request), keep_alive, version);
}

asio::awaitable<Code> Session::read_head(RequestParser& parser) {
  const auto& options = settings_->options;
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
    if (code = co_await connection_->fill(); code) co_return code;
    if (idle_) {
      idle_ = false;
      connection_->arm(strand_, options.header_timeout);
    }
  }
  connection_->disarm();
  co_return Code();
}

asio::awaitable<Code> Session::read_body(RequestParser& parser, std::string& body) {
  const auto& options = settings_->options;
  if (parser.is_complete()) co_return Code();
  // Memory is taken as the body arrives: what a client declares costs nothing.
  const uint64_t limit = options.body_limit_bytes;
  while (!parser.is_complete()) {
    Code code = http::error::need_more;
    if (!connection_->input().empty()) {
      const uint64_t room = limit - body.size();
      connection_->consume(parser.feed(connection_->input(), &body, room, code));
      if (code == http::error::need_buffer) co_return make_error_code(Errc::limit);
      if (code && code != http::error::need_more) co_return code;
      if (parser.is_complete()) break;
      if (!connection_->input().empty() && code != http::error::need_more) continue;
    }
    connection_->arm(strand_, options.header_timeout);
    code = co_await connection_->fill();
    connection_->disarm();
    if (code) co_return code;
  }
  co_return Code();
}

asio::awaitable<bool> Session::handle(ServerRequest request, bool keep_alive, int version) {
  const bool is_head = request.head.method == "HEAD";
  Exchange exchange(connection_, settings_->options.write_timeout, keep_alive, is_head, version);
  if (settings_->options.headers) exchange.set_usual_headers(settings_->options.headers());
  std::string problem = "the handler gave no answer\n";
  // A handler that goes on after having been cancelled is thrown out of its next co_await.
  co_await asio::this_coro::throw_if_cancelled(true);
  try {
    co_await settings_->handler(std::move(request), exchange);
  } catch (const std::exception& error) {
    problem = std::string("internal error: ") + error.what() + "\n";
  }
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return false;
  if (exchange.untouched() && connection_->is_open()) {
    exchange.no_keep_alive();
    ResponseHead head;
    head.status = 500;
    head.headers.add("Content-Type", "text/plain; charset=utf-8");
    co_await exchange.reply(std::move(head), std::move(problem));
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
    refusal.emplace();
    refusal->head.status = 500;
    refusal->head.headers.add("Content-Type", "text/plain; charset=utf-8");
    refusal->body = std::string("internal error: ") + error.what() + "\n";
  }
  co_return refusal;
}

// False when the connection is over.
asio::awaitable<bool> Session::turn_away(RequestParser& parser, Refusal refusal) {
  const bool is_waiting = wants_continue(parser.head().headers) && connection_->input().empty();
  const auto length = parser.content_length();
  const bool is_small = parser.is_complete() || (!is_waiting && length && *length <= small_body_bytes);
  if (is_small) {
    std::string dropped;
    const auto code = co_await read_body(parser, dropped);
    if (code) co_return false;
  }
  const bool keep_alive = is_small && parser.keep_alive() && !settings_->draining.load();
  Exchange exchange(connection_, settings_->options.write_timeout, keep_alive, parser.head().method == "HEAD",
                    parser.version());
  if (settings_->options.headers) exchange.set_usual_headers(settings_->options.headers());
  const auto sent = co_await exchange.reply(std::move(refusal.head), std::move(refusal.body));
  if (sent && !exchange.reusable()) co_await leave();
  co_return exchange.reusable();
}

asio::awaitable<void> Session::refuse(int status, std::string line) {
  Exchange exchange(connection_, settings_->options.write_timeout, false, false, 11);
  ResponseHead head;
  head.status = status;
  head.headers.add("Content-Type", "text/plain; charset=utf-8");
  const auto sent = co_await exchange.reply(std::move(head), std::move(line));
  if (sent) co_await leave();
}

// After the last answer.
asio::awaitable<void> Session::leave() {
  co_await connection_->say_goodbye(linger_time);
  connection_->shutdown_send();
  connection_->arm(strand_, linger_time);
  co_await connection_->drop_input();
}

}  // namespace mread::net
