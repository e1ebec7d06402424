#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/cancellation_signal.hpp>

#include "net/connection.h"
#include "net/exchange.h"
#include "net/handler.h"
#include "net/message_parser.h"

namespace mread::net {

/// What every connection of one server shares.
struct SessionSettings {
  ServerOptions options;
  Handler handler;
  std::atomic<bool> draining{false};
};

/// One connection of a server: reads requests one after another, and hands each to the handler.
/// Internal to net. Runs on the connection's strand; so do all members but the constructor.
class Session {
 public:
  Session(asio::any_io_executor strand, std::shared_ptr<Connection> connection, std::string peer,
          std::shared_ptr<const SessionSettings> settings);

  /// Completes when the connection is over. The session outlives it.
  asio::awaitable<void> run();
  /// In place of run(), where no more connections are served: answers with 503 before anything was
  /// asked, lingers, and completes when the connection is over. Over TLS it only closes.
  asio::awaitable<void> run_refusal();
  /// Closes the connection if no request is under way.
  void close_if_idle();
  /// Closes the connection and cancels the handler.
  void abort();
  /// Closes the connection if its client is waited for, has not taken an answer for long, or sends
  /// a body slowly; false where not so.
  bool evict();
  /// Whether nothing of this connection is under way but waiting for its client, who has had the
  /// time to ask. From any thread.
  bool is_waiting() const {
    return waiting_ && std::chrono::steady_clock::now() - begun_ >= time_to_ask;
  }
  /// Whether its client has not had the time to ask yet.
  bool is_new() const { return waiting_ && !has_asked_ && !is_waiting(); }
  /// is_waiting() of a client that has never asked for anything.
  bool is_unused() const { return is_waiting() && !has_asked_; }
  /// Whether its client has been taking one piece of an answer for longer than others need. From
  /// any thread.
  bool is_stalled() const;
  /// How long the body that is being read lags behind ServerOptions::body_bytes_per_second;
  /// negative: it is ahead. None where no body is being read. From any thread.
  std::optional<std::chrono::nanoseconds> body_lag() const;
  /// Whether evict() may soon find its client slow: it is waited for, or sends a body, or takes an
  /// answer. From any thread.
  bool may_yield() const;
  /// Whether its client sends a body more slowly than that, and has for a while. From any thread.
  bool is_slow() const;
  const std::string& peer() const { return peer_; }

  const asio::any_io_executor& strand() const { return strand_; }
  asio::cancellation_slot slot() { return cancel_.slot(); }

 private:
  static constexpr std::chrono::milliseconds time_to_ask{100};

  asio::awaitable<bool> shake_hands();
  asio::awaitable<bool> serve_one();
  asio::awaitable<bool> handle(ServerRequest request, bool keep_alive, int version);
  asio::awaitable<Connection::Code> read_head(RequestParser& parser);
  asio::awaitable<Connection::Code> read_body(RequestParser& parser, std::string& body,
                                              const BodyPermit& permit);
  asio::awaitable<Connection::Code> receive_body(RequestParser& parser, std::string& body,
                                                 const BodyPermit& permit);
  asio::awaitable<std::optional<Refusal>> screened(const RequestHead& head);
  asio::awaitable<std::optional<BodyPermit>> admitted(RequestParser& parser);
  asio::awaitable<void> refuse_body(Connection::Code code, uint64_t limit_bytes);
  void tell_cut(std::string_view reason);
  asio::awaitable<bool> turn_away(RequestParser& parser, Refusal refusal);
  asio::awaitable<void> refuse(int status, std::string line);
  asio::awaitable<void> refuse(Refusal refusal);
  asio::awaitable<void> leave();

  asio::any_io_executor strand_;
  std::shared_ptr<Connection> connection_;
  std::string peer_;
  std::shared_ptr<const SessionSettings> settings_;
  asio::cancellation_signal cancel_;
  bool idle_ = true;
  std::atomic<bool> waiting_{true};
  std::atomic<bool> has_asked_{false};
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::atomic<bool> evicted_{false};
  // When what has come of the body was due at the least rate; 0: no body is being read.
  std::atomic<std::chrono::steady_clock::duration> body_due_{};
  std::optional<Refusal> gave_way_;  // Of the body that is being read.
};

}  // namespace mread::net
