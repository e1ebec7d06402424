#include "net/message_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::net {
namespace {

namespace http = boost::beast::http;
using Code = boost::system::error_code;

constexpr uint32_t limit_bytes = 1000;

template <class Parser>
struct Outcome {
  Parser parser{limit_bytes};
  Code code;
  std::string body;
  size_t used = 0;
};

// Feeds the text in pieces of `piece` bytes, up to the end of the message.
template <class Parser>
Outcome<Parser> feed(std::string_view text, size_t piece, bool ends = false) {
  Outcome<Parser> out;
  while (out.used < text.size() && !out.parser.is_complete()) {
    const std::string_view next = text.substr(out.used, piece);
    out.used += out.parser.feed(next, &out.body, 1U << 20, out.code);
    if (out.code && out.code != http::error::need_more) return out;
  }
  if (ends && !out.parser.is_complete()) out.parser.feed_end(out.code);
  return out;
}

// However the bytes are cut, the outcome is the same.
template <class Parser>
Outcome<Parser> parse(std::string_view text, bool ends = false) {
  auto whole = feed<Parser>(text, text.size(), ends);
  for (const size_t piece : {1, 2, 3, 7}) {
    const auto cut = feed<Parser>(text, piece, ends);
    EXPECT_EQ(cut.code, whole.code) << text << " in pieces of " << piece;
    EXPECT_EQ(cut.body, whole.body) << text << " in pieces of " << piece;
    EXPECT_EQ(cut.parser.is_complete(), whole.parser.is_complete())
        << text << " in pieces of " << piece;
    if (!whole.code) {
      EXPECT_EQ(cut.used, whole.used) << text << " in pieces of " << piece;
    }
  }
  return whole;
}

Outcome<RequestParser> request(std::string_view text) { return parse<RequestParser>(text); }
Outcome<ResponseParser> response(std::string_view text, bool ends = false) {
  return parse<ResponseParser>(text, ends);
}

TEST(MessageParserTest, ReadsARequest) {
  auto out =
      request("POST /a?b HTTP/1.1\r\nHost: x\r\nA:  b c \r\nContent-Length: 3\r\n\r\nxyzGET");
  EXPECT_FALSE(out.code) << out.code.message();
  EXPECT_EQ(out.parser.head().method, "POST");
  EXPECT_EQ(out.parser.head().target, "/a?b");
  EXPECT_EQ(out.parser.head().headers.get("a"), "b c");
  EXPECT_EQ(out.body, "xyz");
  EXPECT_EQ(
      out.used,
      std::string_view("POST /a?b HTTP/1.1\r\nHost: x\r\nA:  b c \r\nContent-Length: 3\r\n\r\nxyz")
          .size());
  EXPECT_TRUE(out.parser.keep_alive());
}

TEST(MessageParserTest, ReadsChunksAndTrailers) {
  auto out = request(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "3;a=\"b;c\"\r\nabc\r\n0a ; x\r\n0123456789\r\n000\r\nX-End: yes\r\nHost: y\r\n\r\nGET");
  EXPECT_FALSE(out.code) << out.code.message();
  EXPECT_EQ(out.body, "abc0123456789");
  EXPECT_EQ(out.parser.trailers().get("x-end"), "yes");
  EXPECT_EQ(out.parser.head().headers.get("Host"), "x") << "a trailer is no header";
}

TEST(MessageParserTest, WithoutABodyTheHeadIsAll) {
  std::string body;
  RequestParser parser(limit_bytes);
  Code code;
  const std::string text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(parser.feed(text + "next", nullptr, 0, code), text.size());
  EXPECT_FALSE(code);
  EXPECT_TRUE(parser.is_complete());
}

TEST(MessageParserTest, TheBodyWaitsForRoom) {
  RequestParser parser(limit_bytes);
  Code code;
  std::string body;
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parser.feed(head + "4\r\nabcd\r\n0\r\n\r\n", nullptr, 0, code), head.size());
  EXPECT_EQ(parser.feed("4\r\nabcd\r\n0\r\n\r\n", &body, 2, code), 5U);
  EXPECT_EQ(code, http::error::need_buffer);
  EXPECT_EQ(parser.feed("cd\r\n0\r\n\r\n", &body, 2, code), 9U);
  EXPECT_FALSE(code);
  EXPECT_TRUE(parser.is_complete());
  EXPECT_EQ(body, "abcd");
}

struct FaultCase {
  const char* name;
  std::string text;
  MessageFault fault;
};

std::string with(const std::string& fields, const std::string& behind = "") {
  return "POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + behind;
}
std::string chunks(const std::string& text) { return with("Transfer-Encoding: chunked\r\n", text); }

class RequestFaultTest : public testing::TestWithParam<FaultCase> {};

TEST_P(RequestFaultTest, IsRefused) {
  const auto out = request(GetParam().text);
  EXPECT_EQ(out.code, GetParam().fault) << out.code.message();
  EXPECT_FALSE(out.parser.is_complete());
}

using F = MessageFault;
INSTANTIATE_TEST_SUITE_P(
    All, RequestFaultTest,
    testing::Values(
        FaultCase{"NoVersion", "GET /\r\n", F::start_line},
        FaultCase{"TwoSpaces", "GET  / HTTP/1.1\r\n", F::start_line},
        FaultCase{"SpaceInTarget", "GET /a b HTTP/1.1\r\n", F::start_line},
        FaultCase{"EmptyLineInFront", "\r\nGET / HTTP/1.1\r\n", F::start_line},
        FaultCase{"MethodIsNoToken", "G(T / HTTP/1.1\r\n", F::start_line},
        FaultCase{"Http2", "PRI * HTTP/2.0\r\n", F::version},
        FaultCase{"Http12", "GET / HTTP/1.2\r\n", F::version},
        FaultCase{"LowerCaseVersion", "GET / http/1.1\r\n", F::version},
        FaultCase{"SpaceBeforeColon", with("A : b\r\n"), F::field},
        FaultCase{"NoColon", with("A\r\n"), F::field},
        FaultCase{"NoName", with(": b\r\n"), F::field},
        FaultCase{"Folded", with("A: b\r\n c\r\n"), F::folded},
        FaultCase{"FoldedFirst", "GET / HTTP/1.1\r\n Host: x\r\n", F::folded},
        FaultCase{"BareCr", with("A: b\rContent-Length: 3\r\n"), F::character},
        FaultCase{"Nul", with(std::string("A: b\0c\r\n", 8)), F::character},
        FaultCase{"BareLf", "GET / HTTP/1.1\nHost: x\n\n", F::line_end},
        FaultCase{"BareLfInField", with("A: b\nContent-Length: 3\r\n"), F::line_end},
        FaultCase{"NoHost", "GET / HTTP/1.1\r\n\r\n", F::no_host},
        FaultCase{"TwoHosts", with("Host: x\r\n"), F::several_hosts},
        FaultCase{"HostWithUser", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", F::host},
        FaultCase{"HostList", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", F::host},
        FaultCase{"LengthIsEmpty", with("Content-Length:\r\n"), F::length},
        FaultCase{"LengthHasASign", with("Content-Length: +3\r\n"), F::length},
        FaultCase{"LengthIsNegative", with("Content-Length: -3\r\n"), F::length},
        FaultCase{"LengthIsAList", with("Content-Length: 3, 3\r\n"), F::length},
        FaultCase{"LengthHasASpace", with("Content-Length: 1 0\r\n"), F::length},
        FaultCase{"LengthIsHex", with("Content-Length: 0x3\r\n"), F::length},
        FaultCase{"LengthOverflows", with("Content-Length: 18446744073709551619\r\n"), F::length},
        FaultCase{"LengthIsOver63Bits", with("Content-Length: 9223372036854775808\r\n"), F::length},
        FaultCase{"LengthsDiffer", with("Content-Length: 3\r\nContent-Length: 4\r\n"),
                  F::several_lengths},
        FaultCase{"LengthsLookDifferent", with("Content-Length: 3\r\nContent-Length: 03\r\n"),
                  F::several_lengths},
        FaultCase{"EncodingAndLength", with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
                  F::encoding_and_length},
        FaultCase{"LengthAndEncoding", with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
                  F::encoding_and_length},
        FaultCase{"Identity", with("Transfer-Encoding: identity\r\n"), F::encoding},
        FaultCase{"UnknownEncoding", with("Transfer-Encoding: xchunked\r\n"), F::encoding},
        FaultCase{"EmptyEncoding", with("Transfer-Encoding:\r\n"), F::encoding},
        FaultCase{"GzipChunked", with("Transfer-Encoding: gzip, chunked\r\n"), F::encoding},
        FaultCase{"ChunkedTwice", with("Transfer-Encoding: chunked, chunked\r\n"), F::encoding},
        FaultCase{"ChunkedGzip", with("Transfer-Encoding: chunked, gzip\r\n"), F::encoding},
        FaultCase{"QuotedEncoding", with("Transfer-Encoding: \"chunked\"\r\n"), F::encoding},
        FaultCase{"VerticalTab", with("Transfer-Encoding: \vchunked\r\n"), F::character},
        FaultCase{"TwoEncodings",
                  with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                  F::several_encodings},
        FaultCase{"EncodingInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                  F::encoding_in_http10},
        FaultCase{"SizeIsPrefixed", chunks("0x3\r\nabc\r\n"), F::chunk_size},
        FaultCase{"SizeHasASign", chunks("+3\r\nabc\r\n"), F::chunk_size},
        FaultCase{"SizeIsNegative", chunks("-3\r\nabc\r\n"), F::chunk_size},
        FaultCase{"SizeIsEmpty", chunks("\r\nabc\r\n"), F::chunk_size},
        FaultCase{"SizeHas17Digits", chunks("00000000000000003\r\nabc\r\n"), F::chunk_size},
        FaultCase{"SizeOverflows", chunks("10000000000000003\r\nabc\r\n"), F::chunk_size},
        FaultCase{"SizeIsIndented", chunks(" 3\r\nabc\r\n"), F::chunk_size},
        FaultCase{"SizeIsPadded", chunks("3 \r\nabc\r\n"), F::chunk_size},
        FaultCase{"SizeWithAWordBehind", chunks("3 x\r\nabc\r\n"), F::chunk_size},
        FaultCase{"LfBehindSize", chunks("3\nabc\r\n"), F::line_end},
        FaultCase{"LfInExtension", chunks("3;a=\"\nb\"\r\nabc\r\n"), F::line_end},
        FaultCase{"CrInExtension", chunks("3;a\rb\r\nabc\r\n"), F::character},
        FaultCase{"ChunkIsLonger", chunks("3\r\nabcd\r\n"), F::chunk_end},
        FaultCase{"LfBehindChunk", chunks("3\r\nabc\n0\r\n\r\n"), F::chunk_end},
        FaultCase{"LfInTrailers", chunks("0\r\nA: b\n\r\n"), F::line_end},
        FaultCase{"TrailerIsNoField", chunks("0\r\nGET / HTTP/1.1\r\n\r\n"), F::field},
        FaultCase{"FoldedTrailer", chunks("0\r\nA: b\r\n c\r\n\r\n"), F::folded},
        FaultCase{"LongExtension", chunks("3;" + std::string(1000, 'x') + "\r\nabc\r\n"),
                  F::chunk_line_limit},
        FaultCase{"LongTrailer", chunks("0\r\nA: " + std::string(1000, 'x') + "\r\n\r\n"),
                  F::trailer_limit}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(MessageParserTest, ResponsesAreTakenAsGoTakesThem) {
  EXPECT_EQ(response("HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx").body, "x");
  EXPECT_EQ(response("HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx").body, "x");
  EXPECT_EQ(response("HTTP/1.1 200 OK\nContent-Length: 1\n\nx").body, "x");
  EXPECT_EQ(response("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx").body,
            "x");
  auto out = response(
      "HTTP/1.1 200 All is well\r\nA: b\r\n  c\r\n \r\nTransfer-Encoding: chunked\r\n\r\n3  "
      "\r\nabc\r\n0\r\n\r\n");
  EXPECT_FALSE(out.code) << out.code.message();
  EXPECT_EQ(out.parser.head().reason, "All is well");
  EXPECT_EQ(out.parser.head().headers.get("A"), "b c");
  EXPECT_EQ(out.body, "abc");
  EXPECT_TRUE(out.parser.keep_alive());
}

TEST(MessageParserTest, ResponsesEndWithTheConnectionWhereNothingElseTells) {
  auto out = response("HTTP/1.1 200 OK\r\n\r\nall", true);
  EXPECT_FALSE(out.code);
  EXPECT_EQ(out.body, "all");
  EXPECT_TRUE(out.parser.is_complete());
  EXPECT_FALSE(out.parser.keep_alive());
  EXPECT_EQ(response("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nall", true).code,
            http::error::partial_message);
  EXPECT_EQ(
      response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n", true).code,
      http::error::partial_message);
  EXPECT_EQ(response("HTTP/1.1 200 OK\r\nA", true).code, http::error::partial_message);
  EXPECT_EQ(response("", true).code, http::error::end_of_stream);
}

TEST(MessageParserTest, AFoldedValueMayBeginInTheNextLine) {
  auto out = response(
      "HTTP/1.1 200 OK\r\nA:\r\n b\r\n\t c \r\nTransfer-Encoding: \r\n chunked\r\n\r\n0\r\n\r\n");
  EXPECT_FALSE(out.code) << out.code.message();
  EXPECT_EQ(out.parser.head().headers.get("A"), "b c");
  EXPECT_TRUE(out.parser.is_chunked());
}

TEST(MessageParserTest, ResponsesThatCannotBeTrustedAreRefused) {
  const std::vector<std::pair<std::string, MessageFault>> cases = {
      {"HTTP/1.1 20 OK\r\n", F::start_line},
      {"HTTP/1.1 2000\r\n", F::start_line},
      {"HTTP/1.1 +20 OK\r\n", F::start_line},
      {"HTTP/1.1  200 OK\r\n", F::start_line},
      {"HTTP/1.1\r\n", F::start_line},
      {"ICY 200 OK\r\n", F::start_line},
      {"HTTP/3 200 OK\r\n", F::version},
      {"HTTP/1.1 200 O\x01K\r\n", F::character},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
       F::encoding_and_length},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       F::several_encodings},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", F::encoding},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", F::encoding},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", F::encoding_in_http10},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", F::several_lengths},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n", F::length},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", F::length},
      {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", F::field},
      {"HTTP/1.1 200 OK\r\n A: b\r\n\r\n", F::folded},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n", F::line_end},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n", F::chunk_size},
  };
  for (const auto& [text, fault] : cases) {
    const auto out = response(text);
    EXPECT_EQ(out.code, fault) << text << out.code.message();
  }
}

TEST(MessageParserTest, SomeResponsesHaveNoBodyWhateverTheySay) {
  for (const std::string status : {"100 Continue", "204 No Content", "304 Not Modified"}) {
    const std::string text = "HTTP/1.1 " + status + "\r\nContent-Length: 5\r\n\r\n";
    const auto out = response(text + "HTTP/");
    EXPECT_TRUE(out.parser.is_complete()) << status;
    EXPECT_EQ(out.used, text.size()) << status;
  }
  EXPECT_FALSE(response("HTTP/1.1 101 Switching Protocols\r\n\r\n").parser.keep_alive());
}

TEST(MessageParserTest, KeepAliveFollowsTheVersionAndTheFields) {
  const auto kept = [](const std::string& version, const std::string& fields) {
    return request("GET / HTTP/" + version + "\r\nHost: x\r\n" + fields + "\r\n")
        .parser.keep_alive();
  };
  EXPECT_TRUE(kept("1.1", ""));
  EXPECT_FALSE(kept("1.1", "Connection: upgrade, Close\r\n"));
  EXPECT_FALSE(kept("1.0", ""));
  EXPECT_TRUE(kept("1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(kept("1.0", "Connection: keep-alive\r\nConnection: close\r\n"));
}

// Each line is offered alone, with the first byte of the next, as a peer sends it that waits
// between them: none of them is near the limit, and nothing is ever left over.
TEST(MessageParserTest, TheHeadIsCountedAsAWhole) {
  ResponseParser parser(limit_bytes);
  Code code;
  const std::string line = ": " + std::string(95, 'x') + "\r\nA";
  parser.feed("HTTP/1.1 200 OK\r\nA", nullptr, 0, code);
  size_t lines = 0;
  for (; lines < 100; ++lines) {
    parser.feed(line, nullptr, 0, code);
    if (code != http::error::need_more) break;
  }
  EXPECT_EQ(code, http::error::header_limit);
  EXPECT_EQ(lines, 9U);
}

TEST(MessageParserTest, FieldsAreCounted) {
  RequestParser parser(1U << 20);
  Code code;
  std::string text = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (size_t i = 1; i < most_fields; ++i) text += "A:\r\n";
  EXPECT_EQ(parser.feed(text, nullptr, 0, code), text.size());
  EXPECT_EQ(code, http::error::need_more);
  parser.feed("A:\r\n", nullptr, 0, code);
  EXPECT_EQ(code, MessageFault::field_limit);
  EXPECT_TRUE(is_message_limit(code));
}

// Chunks of one byte with a line of 900: the line's limit alone would let any number of them pass.
TEST(MessageParserTest, LinesOfChunksAreCountedAgainstWhatIsInThem) {
  ResponseParser parser(limit_bytes);
  Code code;
  std::string body;
  parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &body, 1000, code);
  const std::string chunk = "1;" + std::string(500, 'x') + "\r\na\r\n";
  size_t chunks_taken = 0;
  for (; chunks_taken < 100; ++chunks_taken) {
    parser.feed(chunk, &body, 1000, code);
    if (code != http::error::need_more) break;
  }
  EXPECT_EQ(code, MessageFault::chunk_overhead_limit);
  EXPECT_EQ(chunks_taken, 2U);
}

TEST(MessageParserTest, ManySmallChunksAreNoOffence) {
  std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 10'000; ++i) text += "1;a=b;c=d\r\nx\r\n";
  text += "0\r\n\r\n";
  ResponseParser parser(limit_bytes);
  Code code;
  std::string body;
  EXPECT_EQ(parser.feed(text, &body, 1U << 20, code), text.size());
  EXPECT_FALSE(code) << code.message();
  EXPECT_EQ(body, std::string(10'000, 'x'));
}

TEST(OriginFormTest, TargetsBecomePaths) {
  const std::vector<std::tuple<std::string, std::string, std::string, std::string>> cases = {
      {"GET", "/a?b", "x", "/a?b"},
      {"GET", "http://x/a?b", "x", "/a?b"},
      {"GET", "HTTP://X:80/a", "x", "/a"},
      {"GET", "http://x:9090/a#c", "x:9090", "/a"},
      {"GET", "https://x?b", "x:443", "/?b"},
      {"GET", "http://[::1]:9090", "[::1]:9090", "/"},
      {"OPTIONS", "*", "x", "*"},
      {"GET", "//x/a", "x", "//x/a"},
      // Refused.
      {"GET", "http://y/a", "x", ""},
      {"GET", "http://x:81/a", "x", ""},
      {"GET", "http://x@y/a", "y", ""},
      {"GET", "http:///a", "", ""},
      {"GET", "ftp://x/a", "x", ""},
      {"GET", "a", "x", ""},
      {"GET", "*", "x", ""},
      {"CONNECT", "x:80", "x:80", ""},
      {"CONNECT", "/", "x", ""},
  };
  for (const auto& [method, target, host, wanted] : cases) {
    RequestHead head{method, target, {}};
    head.headers.add("Host", host);
    const Code code = to_origin_form(head);
    EXPECT_EQ(!code, !wanted.empty()) << method << " " << target;
    if (!code) {
      EXPECT_EQ(head.target, wanted);
    }
  }
}

}  // namespace
}  // namespace mread::net
