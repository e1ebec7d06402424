// HTTP/1 messages, as a server and as a client read them: the same head, body and trailers in any
// pieces; what is read ends where another reader, Beast's, sees its end; a head is written and read
// as the same.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "fuzz/harness.h"
#include "net/head_text.h"
#include "net/message_parser.h"

namespace {

using namespace mread;  // NOLINT: a program of its own
namespace http = boost::beast::http;
using Code = boost::system::error_code;

constexpr uint32_t head_limit = 2048;

template <bool is_request>
struct Message {
  typename net::MessageParser<is_request>::Head head;
  std::string body;
  net::Headers trailers;
  size_t used = 0;
  bool has_head = false;
  bool complete = false;
  bool keep_alive = false;
  bool is_chunked = false;
  Code error;  // Where the bytes are no message.
};

// Reads one message, its body at most `room` bytes at a time; then the peer closes.
template <bool is_request>
Message<is_request> read(const std::string& bytes, uint32_t seed, size_t room) {
  Message<is_request> out;
  net::MessageParser<is_request> parser(head_limit);
  for (const auto& piece : fuzz::cut(bytes, seed)) {
    std::string_view rest = *piece;
    while (!rest.empty() && !parser.is_complete() && !out.error) {
      Code code;
      const bool in_body = parser.has_head();
      const size_t before = out.body.size();
      const size_t used =
          parser.feed(rest, in_body ? &out.body : nullptr, in_body ? room : 0, code);
      FUZZ_CHECK(used <= rest.size());
      FUZZ_CHECK(out.body.size() - before <= room);
      rest.remove_prefix(used);
      out.used += used;
      if (code == http::error::need_more) {
        FUZZ_CHECK(rest.empty() && !parser.is_complete());
      } else if (code == http::error::need_buffer) {
        FUZZ_CHECK(out.body.size() - before == room);
      } else if (code) {
        out.error = code;
      } else {
        FUZZ_CHECK(parser.is_complete() || (!in_body && parser.has_head()));
      }
    }
    if (out.error || parser.is_complete()) break;
  }
  if (!out.error && !parser.is_complete()) parser.feed_end(out.error);
  out.has_head = parser.has_head();
  out.complete = parser.is_complete() && !out.error;
  if (out.has_head) {
    out.keep_alive = parser.keep_alive();
    out.is_chunked = parser.is_chunked();
  }
  out.head = parser.head();
  out.trailers = parser.trailers();
  return out;
}

std::string line_of(const net::RequestHead& head) { return head.method + " " + head.target; }
std::string line_of(const net::ResponseHead& head) {
  return std::to_string(head.status) + " " + head.reason;
}

template <bool is_request>
void check_same(const Message<is_request>& a, const Message<is_request>& b) {
  FUZZ_CHECK(a.complete == b.complete);
  FUZZ_CHECK(a.has_head == b.has_head);
  FUZZ_CHECK_SHOW(a.error == b.error, a.error.message() + " / " + b.error.message());
  if (!a.has_head) return;
  FUZZ_CHECK(line_of(a.head) == line_of(b.head) && a.keep_alive == b.keep_alive &&
             a.is_chunked == b.is_chunked);
  FUZZ_CHECK(a.head.headers.fields() == b.head.headers.fields());
  if (!a.complete) return;
  FUZZ_CHECK(a.body == b.body && a.used == b.used);
  FUZZ_CHECK(a.trailers.fields() == b.trailers.fields());
}

// What another reader takes for a whole message has the same end and the same body: nothing can be
// hidden behind it.
template <bool is_request>
void check_end(const std::string& bytes, const Message<is_request>& message) {
  if (!message.complete) return;
  http::parser<is_request, http::string_body> other;
  other.eager(true);
  other.body_limit(boost::none);
  Code code;
  size_t used = 0;
  while (used < bytes.size() && !other.is_done() && !code) {
    const size_t more =
        other.put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), code);
    used += more;
    if (more == 0) break;
  }
  if (code && code != http::error::need_more) return;
  if (!other.is_done()) {
    // Only the end of the connection may end it, and that may be what ended ours.
    if (used < bytes.size()) return;
    other.put_eof(code);
    if (code) return;
  }
  FUZZ_CHECK_SHOW(other.get().body() == message.body, other.get().body() + " / " + message.body);
  FUZZ_CHECK_SHOW(used == message.used,
                  std::to_string(used) + " / " + std::to_string(message.used));
}

template <bool is_request>
void check_fields(const net::Headers& headers) {
  FUZZ_CHECK(headers.fields().size() <= net::most_fields);
  for (const auto& [name, value] : headers.fields()) {
    FUZZ_CHECK(!name.empty());
    for (const std::string* text : {&name, &value}) {
      FUZZ_CHECK(text->find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    }
  }
}

// A status line may have no reason; a usual one is written in its place. And 020 is read as 20.
bool is_usual(const net::RequestHead&) { return true; }
bool is_usual(const net::ResponseHead& head) { return !head.reason.empty() && head.status >= 100; }

template <bool is_request>
void check_written_again(const Message<is_request>& message) {
  const std::string text = net::to_wire(message.head);
  FUZZ_CHECK(text.ends_with("\r\n\r\n"));
  if (text.size() > head_limit || !is_usual(message.head)) return;
  const auto again = read<is_request>(text, 0, 1);
  if (!again.has_head && is_request) return;  // HTTP/1.0 needs no Host.
  FUZZ_CHECK_SHOW(again.has_head, text + again.error.message());
  FUZZ_CHECK_SHOW(line_of(again.head) == line_of(message.head), text);
  FUZZ_CHECK_SHOW(again.head.headers.fields() == message.head.headers.fields(), text);
}

void check_target(net::RequestHead head) {
  if (net::to_origin_form(head)) return;
  FUZZ_CHECK_SHOW(head.target.starts_with("/") || (head.method == "OPTIONS" && head.target == "*"),
                  line_of(head));
  const std::string once = head.target;
  FUZZ_CHECK(!net::to_origin_form(head) && head.target == once);
}

template <bool is_request>
void check(const std::string& bytes, uint32_t seed) {
  const auto whole = read<is_request>(bytes, 0, 1U << 20);
  check_same(whole, read<is_request>(bytes, seed, 1 + seed % 50));
  check_same(whole, read<is_request>(bytes, seed, 1U << 20));
  check_same(whole, read<is_request>(bytes, 0, 1));
  FUZZ_CHECK(whole.body.size() <= bytes.size());
  check_end(bytes, whole);
  check_fields<is_request>(whole.head.headers);
  check_fields<is_request>(whole.trailers);
  if (!whole.has_head) return;
  check_written_again(whole);
  if constexpr (is_request) check_target(whole.head);
}

}  // namespace

MREAD_FUZZ(http_message) {
  const uint32_t seed = input.number();
  const std::string bytes = input.rest();
  check<true>(bytes, seed);
  check<false>(bytes, seed);
}
