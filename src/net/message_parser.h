#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <boost/beast/http/error.hpp>
#include <boost/system/error_code.hpp>

#include "net/http.h"

namespace mread::net {

/// What is wrong with the bytes of a message; the code's message says it to a person.
enum class MessageFault {
  start_line = 1,        ///< the first line is no request line, or no status line
  version,               ///< neither HTTP/1.0 nor HTTP/1.1
  field,                 ///< a line of the head or of the trailers without a name and a colon
  folded,                ///< a field that goes on in the next line
  character,             ///< a control character, NUL among them
  line_end,              ///< a line that does not end in CR LF
  field_limit,           ///< more fields than most_fields
  no_host,               ///< HTTP/1.1 without Host
  several_hosts,         ///< more than one Host
  host,                  ///< a Host that can be none
  target,                ///< to_origin_form() alone: not a target of a server
  length,                ///< a Content-Length that is no number
  several_lengths,       ///< Content-Lengths that differ
  encoding,              ///< a Transfer-Encoding other than "chunked"
  several_encodings,     ///< more than one Transfer-Encoding
  encoding_and_length,   ///< Transfer-Encoding and Content-Length
  encoding_in_http10,    ///< Transfer-Encoding in HTTP/1.0
  chunk_size,            ///< a chunk's line that begins with no size
  chunk_end,             ///< no line end behind a chunk
  chunk_line_limit,      ///< a chunk's line over the limit of the head
  chunk_overhead_limit,  ///< lines of chunks that make up far more than what the chunks hold
  trailer_limit,         ///< trailers over the limit of the head
};
boost::system::error_code make_error_code(MessageFault fault);
/// Whether the code is a MessageFault.
bool is_message_fault(const boost::system::error_code& code);
/// Whether it is one of the faults with "limit" in their name.
bool is_message_limit(const boost::system::error_code& code);

/// Most fields of a head, and most of a trailer section.
constexpr size_t most_fields = 1000;

/// HTTP/1 messages: bytes in, head, body and trailers out. Internal to net.
///
/// Memory: at most `header_limit_bytes` for each of the head, one line of a chunk, and the
/// trailers, besides what the caller has asked for of the body. Input is never left over for want
/// of more: what is not used belongs to the caller.
///
/// A message whose length two readers could take for different ones is a fault, so that nobody can
/// hide a second message in a first: see MessageFault. Requests are read to the letter of RFC 9112.
/// Of responses, what Go's net/http takes is taken: heads with lines that end in LF alone, status
/// lines without a reason, folded fields, chunk sizes with spaces behind them. Both take several
/// Content-Lengths with the same text for one.
template <bool is_request>
class MessageParser final {
  using Ec = boost::system::error_code;

 public:
  using Head = std::conditional_t<is_request, RequestHead, ResponseHead>;

  explicit MessageParser(uint32_t header_limit_bytes) : limit_(header_limit_bytes) {}

  /// For responses to HEAD: no body follows, whatever the fields say. Before the first byte only.
  void expect_no_body() { no_body_ = true; }

  /// Feeds bytes; returns how many were used. Body bytes are appended to *body, at most `body_room`
  /// of them. Sets ec to nothing when the message is complete (or, with `body` null, its head), to
  /// http::error::need_more when all bytes were used before that, to need_buffer when the body's
  /// room is used up; to header_limit where the head is larger than the limit, else to a
  /// MessageFault: after either of these the parser is not used any more.
  size_t feed(std::string_view bytes, std::string* body, size_t body_room, Ec& ec);
  /// The peer has closed. Sets ec when the message is not complete.
  void feed_end(Ec& ec);

  bool has_begun() const { return begun_; }
  bool has_head() const { return phase_ > Phase::fields; }
  bool is_complete() const { return phase_ == Phase::complete; }
  bool is_chunked() const { return chunked_; }
  /// The connection can take another message behind this one.
  bool keep_alive() const { return keep_alive_; }
  int version() const { return version_; }
  /// What is declared, or nothing.
  std::optional<uint64_t> content_length() const { return length_; }

  Head& head() { return head_; }
  Headers& trailers() { return trailers_; }

 private:
  enum class Phase {
    start_line,
    fields,
    sized,
    to_eof,
    chunk_line,
    chunk_data,
    chunk_end,
    trailers,
    complete
  };
  struct Line {
    std::string_view text;  // Without its end.
    bool ends_in_crlf = true;
  };

  std::optional<Line> take_line(std::string_view& bytes, uint64_t& count, Ec too_large, Ec& ec);
  void step(std::string_view& bytes, std::string* body, size_t& room, Ec& ec);
  Ec take_head_line(std::string_view& bytes);
  Ec take_chunk_line(std::string_view& bytes);
  Ec take_chunk_end(std::string_view& bytes);
  Ec take_trailer(std::string_view& bytes);
  Ec take_body(std::string_view& bytes, std::string* body, size_t& room);
  Ec read_start_line(std::string_view line);
  Ec read_field(std::string_view line, Headers& fields);
  Ec finish_head();
  Ec read_framing();
  Ec check_host() const;
  void begin_body();

  const uint64_t limit_;
  Phase phase_ = Phase::start_line;
  bool no_body_ = false;
  bool begun_ = false;
  Head head_;
  Headers trailers_;
  std::string line_;  // The begin of a line whose end is not there yet.
  uint64_t head_bytes_ = 0;
  uint64_t chunk_line_bytes_ = 0;
  uint64_t chunk_overhead_ = 0;  // Bytes of chunks' lines, less what is usual.
  uint64_t trailer_bytes_ = 0;
  uint64_t left_ = 0;    // Of a body with a length, or of a chunk.
  size_t end_seen_ = 0;  // Of the two bytes behind a chunk.
  int version_ = 11;
  bool keep_alive_ = false;
  bool chunked_ = false;
  std::optional<uint64_t> length_;
};

using RequestParser = MessageParser<true>;
using ResponseParser = MessageParser<false>;

/// Puts a request's target into the form that servers work with: "http://HOST/path" becomes
/// "/path". Errors (MessageFault): CONNECT, a user name, a host other than the Host field's, and
/// what is no target.
boost::system::error_code to_origin_form(RequestHead& head);

}  // namespace mread::net

template <>
struct boost::system::is_error_code_enum<mread::net::MessageFault> : std::true_type {};
