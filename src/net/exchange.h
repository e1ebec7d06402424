#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/connection.h"
#include "net/handler.h"

namespace mread::net {

/// One response on a server's connection: HTTP framing over Connection. Internal to net.
class Exchange final : public ResponseWriter {
 public:
  /// `keep_alive` is what the client wishes; `is_head` leaves bodies out; HTTP/1.0 (`version` 10)
  /// has no chunks.
  Exchange(std::shared_ptr<Connection> connection, std::chrono::milliseconds write_timeout,
           bool keep_alive, bool is_head, int version);
  ~Exchange() override;

  asio::awaitable<Result<void>> reply(ResponseHead head, std::string body) override;
  asio::awaitable<Result<void>> start(ResponseHead head) override;
  asio::awaitable<Result<void>> write(std::string_view piece) override;
  asio::awaitable<Result<void>> write_pieces(std::vector<std::string_view> pieces) override;
  asio::awaitable<Result<void>> finish(Headers trailers) override;
  void abort(bool reset) override;
  asio::awaitable<Result<void>> client_gone() override;
  asio::awaitable<Result<void>> write_raw(std::string_view bytes) override;
  uint64_t taken() const override { return connection_->written(); }

  bool untouched() const { return state_ == State::untouched; }
  bool complete() const { return state_ == State::done; }
  /// The response is complete and the connection can take another request.
  bool reusable() const { return state_ == State::done && keep_alive_; }
  /// Fields of the response where it does not have them.
  void set_usual_headers(std::vector<std::pair<std::string, std::string>> headers) {
    usual_ = std::move(headers);
  }
  /// Ends the connection after this response ("Connection: close").
  void no_keep_alive() { keep_alive_ = false; }

 private:
  enum class State { untouched, chunked, sized, until_close, done, broken };

  asio::awaitable<Result<void>> send(std::vector<asio::const_buffer> pieces);
  void complete_head(ResponseHead& head) const;
  Result<void> broken() const;

  std::shared_ptr<Connection> connection_;
  std::chrono::milliseconds write_timeout_;
  bool keep_alive_;
  bool is_head_;
  int version_;
  std::vector<std::pair<std::string, std::string>> usual_;
  State state_ = State::untouched;
  uint64_t body_left_ = 0;
};

}  // namespace mread::net
