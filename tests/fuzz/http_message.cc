// HTTP/1 messages, as a server and as a client read them: the same head, body and trailers in any pieces, and a head
// that is written and read again.
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
  bool has_head = false;
  bool complete = false;
  bool keep_alive = false;
  Code error;  // Where the bytes are no message.
};

// Reads one message, its body at most `room` bytes at a time; then the peer closes. What is used is what a connection
// would drop from its buffer.
template <bool is_request>
Message<is_request> read(const std::string& bytes, uint32_t seed, size_t room) {
  Message<is_request> out;
  net::MessageParser<is_request> parser(head_limit);
  std::string buffer;
  const auto feed = [&] {
    while (!buffer.empty() && !parser.is_complete()) {
      Code code;
      const bool in_body = parser.has_head();
      const size_t before = out.body.size();
      const size_t used = parser.feed(buffer, in_body ? &out.body : nullptr, in_body ? room : 0, code);
      FUZZ_CHECK(used <= buffer.size());
      FUZZ_CHECK(out.body.size() - before <= room);
      const bool head_done = !in_body && parser.has_head();
      buffer.erase(0, used);
      if (code == http::error::need_buffer || head_done) continue;
      if (code == http::error::need_more) return true;
      if (code) {
        out.error = code;
        return false;
      }
      if (used == 0) return true;
    }
    return true;
  };
  bool good = true;
  for (const auto& piece : fuzz::cut(bytes, seed)) {
    buffer += *piece;
    good = feed();
    if (!good || parser.is_complete()) break;
  }
  if (good && !parser.is_complete()) parser.feed_end(out.error);
  out.has_head = parser.has_head();
  out.complete = parser.is_complete();
  if (out.has_head) out.keep_alive = parser.keep_alive();
  out.head = parser.head();
  out.trailers = parser.trailers();
  return out;
}

std::string line_of(const net::RequestHead& head) { return head.method + " " + head.target; }
std::string line_of(const net::ResponseHead& head) { return std::to_string(head.status) + " " + head.reason; }

template <bool is_request>
void check_same(const Message<is_request>& a, const Message<is_request>& b) {
  FUZZ_CHECK(a.complete == b.complete);
  FUZZ_CHECK(a.has_head == b.has_head);
  FUZZ_CHECK_SHOW(a.error.failed() == b.error.failed(), a.error.message() + " / " + b.error.message());
  if (!a.has_head) return;
  FUZZ_CHECK(line_of(a.head) == line_of(b.head) && a.keep_alive == b.keep_alive);
  FUZZ_CHECK(a.head.headers.fields() == b.head.headers.fields());
  if (!a.complete) return;
  FUZZ_CHECK(a.body == b.body);
  FUZZ_CHECK(a.trailers.fields() == b.trailers.fields());
}

// Beast takes a status below 100, which nobody writes; and no reason, in place of which a usual one is written.
bool is_usual(const net::RequestHead&) { return true; }
bool is_usual(const net::ResponseHead& head) { return head.status >= 100 && !head.reason.empty(); }

template <bool is_request>
void check_written_again(const Message<is_request>& message) {
  for (const auto& [name, value] : message.head.headers.fields()) {
    FUZZ_CHECK(name.find_first_of(std::string_view("\r\n", 2)) == std::string::npos);
    FUZZ_CHECK(value.find_first_of(std::string_view("\r\n", 2)) == std::string::npos);
  }
  const std::string text = net::to_wire(message.head);
  FUZZ_CHECK(text.ends_with("\r\n\r\n"));
  if (text.size() > head_limit || !is_usual(message.head)) return;
  const auto again = read<is_request>(text, 0, 1);
  FUZZ_CHECK_SHOW(again.has_head, text);
  FUZZ_CHECK_SHOW(line_of(again.head) == line_of(message.head), text);
  FUZZ_CHECK_SHOW(again.head.headers.fields() == message.head.headers.fields(), text);
}

template <bool is_request>
void check(const std::string& bytes, uint32_t seed) {
  const auto whole = read<is_request>(bytes, 0, 1U << 20);
  check_same(whole, read<is_request>(bytes, seed, 1 + seed % 50));
  check_same(whole, read<is_request>(bytes, seed, 1U << 20));
  check_same(whole, read<is_request>(bytes, 0, 1));
  FUZZ_CHECK(whole.body.size() <= bytes.size());
  if (whole.has_head) check_written_again(whole);
}

}  // namespace

MREAD_FUZZ(http_message) {
  const uint32_t seed = input.number();
  const std::string bytes = input.rest();
  check<true>(bytes, seed);
  check<false>(bytes, seed);
}
