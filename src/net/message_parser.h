#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <boost/beast/http/basic_parser.hpp>

#include "net/http.h"

namespace mread::net {

/// Beast's HTTP/1 parser filling our own types: bytes in, head, body and trailers out. Internal to net, because it
/// brings Beast's headers along.
template <bool is_request>
class MessageParser final : private boost::beast::http::basic_parser<is_request> {
  using Base = boost::beast::http::basic_parser<is_request>;
  using Ec = boost::beast::error_code;
  using View = boost::beast::string_view;
  using Field = boost::beast::http::field;

 public:
  using Head = std::conditional_t<is_request, RequestHead, ResponseHead>;

  explicit MessageParser(uint32_t header_limit_bytes) {
    Base::eager(true);
    Base::body_limit(boost::none);
    Base::header_limit(header_limit_bytes);
  }

  /// For responses to HEAD: no body follows, whatever the fields say. Before the first byte only.
  void expect_no_body() { Base::skip(true); }

  /// Feeds bytes; returns how many were used. Body bytes are appended to *body, at most `body_room` of them. Sets ec to
  /// nothing when all was used or the message is complete, to need_more when the rest has to be offered again with more
  /// behind it, to need_buffer when the body's room is used up. With `body` null, stops at the end of the head.
  size_t feed(std::string_view bytes, std::string* body, size_t body_room, Ec& ec) {
    body_ = body;
    room_ = body_room;
    ec = {};
    if (body == nullptr) Base::eager(false);
    const size_t used = Base::put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
    Base::eager(true);
    body_ = nullptr;
    return used;
  }
  /// The peer has closed. Sets ec when the message is not complete.
  void feed_end(Ec& ec) {
    if (!Base::got_some()) {
      ec = boost::beast::http::error::end_of_stream;
      return;
    }
    if (!Base::is_done()) Base::put_eof(ec);
  }

  bool has_begun() const { return Base::got_some(); }
  bool has_head() const { return Base::is_header_done(); }
  bool is_complete() const { return Base::is_done(); }
  bool is_chunked() const { return Base::chunked(); }
  bool keep_alive() const { return Base::keep_alive(); }
  int version() const { return version_; }
  /// What is declared, or nothing.
  auto content_length() const { return Base::content_length(); }

  Head& head() { return head_; }
  Headers& trailers() { return trailers_; }

 private:
  void on_request_impl(boost::beast::http::verb, View method, View target, int version, Ec&) override {
    if constexpr (is_request) {
      head_.method.assign(method.data(), method.size());
      head_.target.assign(target.data(), target.size());
    }
    version_ = version;
  }
  void on_response_impl(int code, View reason, int version, Ec&) override {
    if constexpr (!is_request) {
      head_.status = code;
      head_.reason.assign(reason.data(), reason.size());
    }
    version_ = version;
  }
  void on_field_impl(Field, View name, View value, Ec&) override {
    Headers& fields = header_over_ ? trailers_ : head_.headers;
    fields.add(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }
  void on_header_impl(Ec&) override { header_over_ = true; }
  void on_body_init_impl(const boost::optional<uint64_t>&, Ec&) override {}
  size_t on_body_impl(View piece, Ec& ec) override { return take(piece, ec); }
  void on_chunk_header_impl(uint64_t, View, Ec&) override {}
  size_t on_chunk_body_impl(uint64_t, View piece, Ec& ec) override { return take(piece, ec); }
  void on_finish_impl(Ec&) override {}

  size_t take(View piece, Ec& ec) {
    const size_t taken = std::min(piece.size(), body_ == nullptr ? 0 : room_);
    if (taken > 0) body_->append(piece.data(), taken);
    room_ -= taken;
    if (taken < piece.size()) ec = boost::beast::http::error::need_buffer;
    return taken;
  }

  Head head_;
  Headers trailers_;
  std::string* body_ = nullptr;
  size_t room_ = 0;
  int version_ = 11;
  bool header_over_ = false;
};

using RequestParser = MessageParser<true>;
using ResponseParser = MessageParser<false>;

}  // namespace mread::net
