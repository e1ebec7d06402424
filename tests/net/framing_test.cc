// What both ends do with bytes that are not quite HTTP: whole connections, to show that nothing
// behind a message that cannot be trusted is taken for another one. The parser's own test has the
// same table in more detail.

#include <atomic>
#include <deque>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include "net/client_server_fixture.h"
#include "net/connection.h"
#include "net/message_parser.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using tcp = asio::ip::tcp;

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

struct RequestCase {
  const char* name;
  std::string text;
  std::string status;
  std::string line;
};

std::string post(const std::string& fields, const std::string& body = "") {
  return "POST /first HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}
std::string in_chunks(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

class BrokenRequestTest : public ClientServerTest,
                          public testing::WithParamInterface<RequestCase> {};

TEST_P(BrokenRequestTest, IsAnsweredOnceAndNothingBehindItIsRead) {
  std::atomic<int> second = 0;
  ServerOptions options;
  options.header_limit_bytes = 4000;
  serve(
      [&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
        if (request.head.target == "/smuggled") ++second;
        co_await echo(std::move(request), writer);
      },
      options);
  const std::string answer = talk(GetParam().text + smuggled);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + GetParam().status + " "));
  EXPECT_EQ(count_of(answer, "HTTP/1.1 "), 1U) << answer;
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), GetParam().line + "\n");
  EXPECT_EQ(second, 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenRequestTest,
    testing::Values(
        RequestCase{"UnknownEncoding", post("Transfer-Encoding: xchunked\r\n"), "400",
                    "bad request: Transfer-Encoding is other than chunked"},
        RequestCase{"Identity", post("Transfer-Encoding: identity\r\n"), "400",
                    "bad request: Transfer-Encoding is other than chunked"},
        RequestCase{"GzipChunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), "400",
                    "bad request: Transfer-Encoding is other than chunked"},
        RequestCase{"ChunkedTwiceInOne",
                    post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), "400",
                    "bad request: Transfer-Encoding is other than chunked"},
        RequestCase{"TwoEncodings",
                    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), "400",
                    "bad request: more than one Transfer-Encoding"},
        RequestCase{"EncodingAndLength",
                    post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400",
                    "bad request: both Transfer-Encoding and Content-Length"},
        RequestCase{"EncodingInHttp10",
                    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400",
                    "bad request: Transfer-Encoding in HTTP/1.0"},
        RequestCase{"SpaceBeforeColon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), "400",
                    "bad request: a line is no header field (name, colon, value)"},
        RequestCase{"LengthsDiffer", post("Content-Length: 0\r\nContent-Length: 35\r\n"), "400",
                    "bad request: several Content-Lengths that differ"},
        RequestCase{"LengthIsAList", post("Content-Length: 0, 0\r\n"), "400",
                    "bad request: Content-Length is not a number"},
        RequestCase{"LengthHasASign", post("Content-Length: +0\r\n"), "400",
                    "bad request: Content-Length is not a number"},
        RequestCase{"LengthOverflows", post("Content-Length: 18446744073709551616\r\n"), "400",
                    "bad request: Content-Length is not a number"},
        RequestCase{"Folded", post("A: b\r\n Transfer-Encoding: chunked\r\n"), "400",
                    "bad request: a header field goes on in the next line"},
        RequestCase{"BareCr", post("A: b\rTransfer-Encoding: chunked\r\n"), "400",
                    "bad request: a control character"},
        RequestCase{"Nul", post(std::string("A: b\0\r\n", 7)), "400",
                    "bad request: a control character"},
        RequestCase{"BareLf", post("A: b\nTransfer-Encoding: chunked\r\n"), "400",
                    "bad request: a line does not end in CR LF"},
        RequestCase{"NoHost", "GET /first HTTP/1.1\r\n\r\n", "400", "bad request: no Host"},
        RequestCase{"TwoHosts", post("Host: x\r\n"), "400", "bad request: more than one Host"},
        RequestCase{
            "AnothersUrl", "GET http://y/first HTTP/1.1\r\nHost: x\r\n\r\n", "400",
            "bad request: want a path, or an http URL of the host that the Host field names"},
        RequestCase{
            "Connect", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", "400",
            "bad request: want a path, or an http URL of the host that the Host field names"},
        RequestCase{
            "SizeIsPrefixed", in_chunks("0x0\r\n\r\n"), "400",
            "bad request body: a chunk's size is not a hexadecimal number of up to 16 digits"},
        RequestCase{
            "SizeHasASign", in_chunks("+0\r\n\r\n"), "400",
            "bad request body: a chunk's size is not a hexadecimal number of up to 16 digits"},
        RequestCase{
            "SizeOverflows", in_chunks("10000000000000000\r\n\r\n"), "400",
            "bad request body: a chunk's size is not a hexadecimal number of up to 16 digits"},
        RequestCase{"LfInExtension", in_chunks("0;\n\r\n\r\n"), "400",
                    "bad request body: a line does not end in CR LF"},
        RequestCase{"ChunkIsLonger", in_chunks("1\r\nab\r\n0\r\n\r\n"), "400",
                    "bad request body: a chunk is longer than its size"},
        RequestCase{"LongHead", post("A: " + std::string(5000, 'x') + "\r\n"), "431",
                    "request header over 4000 bytes"},
        RequestCase{"LongExtension", in_chunks("0;" + std::string(5000, 'x') + "\r\n\r\n"), "431",
                    "bad request body: a chunk's line is over the limit of the head"},
        RequestCase{"LongTrailers", in_chunks("0\r\nA: " + std::string(5000, 'x') + "\r\n\r\n"),
                    "431", "bad request body: the trailers are over the limit of the head"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

class FramingTest : public ClientServerTest {};

TEST_F(FramingTest, ARequestMayNameTheWholeUrl) {
  serve(echo);
  EXPECT_THAT(talk("GET http://x:80/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("/a|"));
}

TEST_F(FramingTest, FieldsOfARequestAreCounted) {
  serve(echo);
  std::string fields;
  for (size_t i = 0; i < most_fields; ++i) fields += "A:\r\n";
  EXPECT_THAT(talk(post(fields)), StartsWith("HTTP/1.1 431 "));
}

// Answers each request with the same bytes, and keeps its connections open.
class ParrotTest : public ClientServerTest {
 protected:
  ParrotTest() : acceptor_(loop_.executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}
  ~ParrotTest() override {
    // The clients' connections close, and with them the server's coroutines end.
    client_.reset();
    for (auto& one : served_) one.wait();
  }

  // Asks twice, one after the other.
  std::pair<std::string, std::string> ask_twice(const std::string& answer, size_t connections) {
    served_.push_back(loop_.start(parrot(answer, connections)));
    client_ = std::make_unique<Client>();
    const std::string first = ask();
    const std::string second = ask();
    return {first, second};
  }

  std::string ask() {
    ClientRequest request;
    request.url =
        *Url::parse("http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/");
    request.header_limit_bytes = 4000;
    const std::string place = request.url.authority() + ": ";
    const auto got = loop_.run(get(*client_, std::move(request)));
    if (got) return std::to_string(got->head.status) + " " + got->body;
    std::string error = got.error().to_string();
    EXPECT_THAT(error, StartsWith(place)) << "it says who is at fault";
    return error.substr(std::min(place.size(), error.size()));
  }

  asio::awaitable<bool> parrot(std::string answer, size_t connections) {
    for (size_t i = 0; i < connections; ++i) {
      tcp::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
      while (true) {
        std::string request;
        const auto [code, size] = co_await asio::async_read_until(
            socket, asio::dynamic_buffer(request), "\r\n\r\n", nothrow);
        if (code) break;
        co_await asio::async_write(socket, asio::buffer(answer), nothrow);
      }
    }
    co_return true;
  }

  tcp::acceptor acceptor_;
  std::unique_ptr<Client> client_;
  std::vector<std::future<bool>> served_;
};

struct ResponseCase {
  const char* name;
  std::string answer;
  std::string wanted;
};

std::string not_http(const std::string& why) { return "not an HTTP response (" + why + ")"; }
std::string good(const std::string& fields, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}
// Behind each of the answers: a second one that nobody has asked for.
const std::string unasked = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled";

class BrokenResponseTest : public ParrotTest, public testing::WithParamInterface<ResponseCase> {};

// The test server takes exactly two connections, one after the other: a connection that was used
// again would give the second request the bytes behind the first answer.
TEST_P(BrokenResponseTest, IsNamedAndItsConnectionNotUsedAgain) {
  const auto [first, second] = ask_twice(GetParam().answer + unasked, 2);
  EXPECT_EQ(first, GetParam().wanted);
  EXPECT_EQ(second, GetParam().wanted);
  EXPECT_EQ(client_->idle_connections(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenResponseTest,
    testing::Values(
        ResponseCase{"EncodingAndLength",
                     good("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
                     not_http("both Transfer-Encoding and Content-Length")},
        ResponseCase{
            "TwoEncodings",
            good("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            not_http("more than one Transfer-Encoding")},
        ResponseCase{"GzipChunked", good("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
                     not_http("Transfer-Encoding is other than chunked")},
        ResponseCase{"Identity", good("Transfer-Encoding: identity\r\n", "x"),
                     not_http("Transfer-Encoding is other than chunked")},
        ResponseCase{"LengthsDiffer", good("Content-Length: 1\r\nContent-Length: 2\r\n", "xx"),
                     not_http("several Content-Lengths that differ")},
        ResponseCase{"LengthIsAList", good("Content-Length: 1, 1\r\n", "x"),
                     not_http("Content-Length is not a number")},
        ResponseCase{"Nul", good(std::string("A: \0\r\n", 6), ""), not_http("a control character")},
        ResponseCase{"SizeOverflows",
                     good("Transfer-Encoding: chunked\r\n", "10000000000000001\r\nx\r\n"),
                     not_http("a chunk's size is not a hexadecimal number of up to 16 digits")},
        ResponseCase{"ChunkIsLonger", good("Transfer-Encoding: chunked\r\n", "1\r\nxx\r\n"),
                     not_http("a chunk is longer than its size")},
        ResponseCase{"LongHead", good("A: " + std::string(5000, 'x') + "\r\n", ""),
                     "the response's head is over 4000 bytes"},
        ResponseCase{"LongExtension",
                     good("Transfer-Encoding: chunked\r\n", "1;" + std::string(5000, 'x')),
                     "a chunk's line is over the limit of the head"},
        ResponseCase{"LongTrailers",
                     good("Transfer-Encoding: chunked\r\n", "0\r\nA: " + std::string(5000, 'x')),
                     "the trailers are over the limit of the head"},
        ResponseCase{"ManyInterim",
                     "HTTP/1.1 102 A\r\n\r\nHTTP/1.1 102 B\r\n\r\nHTTP/1.1 102 C\r\n\r\nHTTP/1.1 "
                     "102 D\r\n\r\n"
                     "HTTP/1.1 102 E\r\n\r\nHTTP/1.1 102 F\r\n\r\n",
                     "more than 5 interim answers (1xx)"},
        // Whole answers, and yet something comes behind them.
        ResponseCase{"MoreThanItsLength", good("Content-Length: 1\r\n", "x"), "200 x"},
        ResponseCase{"MoreThanItsChunks",
                     good("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"), "200 x"},
        ResponseCase{"SwitchesProtocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "101 "},
        ResponseCase{"BodyOfAnAnswerWithout",
                     "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\nx", "204 "}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

class TakenResponseTest : public ParrotTest, public testing::WithParamInterface<ResponseCase> {};

TEST_P(TakenResponseTest, IsTakenAndItsConnectionUsedAgain) {
  const auto [first, second] = ask_twice(GetParam().answer, 1);
  EXPECT_EQ(first, GetParam().wanted);
  EXPECT_EQ(second, GetParam().wanted);
  EXPECT_EQ(client_->idle_connections(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, TakenResponseTest,
    testing::Values(
        ResponseCase{"NoReason", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", "200 x"},
        ResponseCase{"LinesEndInLf", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", "200 x"},
        ResponseCase{"PaddedSize", good("Transfer-Encoding: chunked\r\n", "1  \r\nx\r\n0\r\n\r\n"),
                     "200 x"},
        ResponseCase{"SameLengthTwice", good("Content-Length: 1\r\nContent-Length: 1\r\n", "x"),
                     "200 x"},
        ResponseCase{"FiveInterim",
                     "HTTP/1.1 102 A\r\n\r\nHTTP/1.1 102 B\r\n\r\nHTTP/1.1 102 C\r\n\r\n"
                     "HTTP/1.1 102 D\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 "
                     "OK\r\nContent-Length: 1\r\n\r\nx",
                     "200 x"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// The attack itself: a server that never ends the line. It stops when the client closes.
TEST_F(ParrotTest, AnEndlessExtensionEndsAtTheLimit) {
  std::atomic<uint64_t> sent = 0;
  const auto endless = [&]() -> asio::awaitable<bool> {
    tcp::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
    std::string request;
    co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n", nothrow);
    std::string piece = good("Transfer-Encoding: chunked\r\n", "1;");
    while (true) {
      const auto [code, size] = co_await asio::async_write(socket, asio::buffer(piece), nothrow);
      sent += size;
      if (code) co_return true;
      piece.assign(64U << 10, 'x');
    }
  };
  auto served = loop_.start(endless());
  client_ = std::make_unique<Client>();
  EXPECT_EQ(ask(), "a chunk's line is over the limit of the head");
  EXPECT_TRUE(served.get()) << "the client has closed the connection, after " << sent << " bytes";
}

asio::awaitable<std::pair<boost::system::error_code, size_t>> fill_up(
    std::shared_ptr<Connection> connection) {
  boost::system::error_code code;
  while (!code) code = co_await connection->fill();
  co_return std::pair(code, connection->input().size());
}

asio::awaitable<bool> send_bytes(std::shared_ptr<Connection> connection, size_t count) {
  const std::string bytes(count, 'x');
  co_return !co_await connection->write(bytes, 1h);
}

// Whatever a reader does, it is not this buffer that grows.
TEST(ConnectionTest, UnreadInputIsBounded) {
  Loop loop;
  using Local = asio::local::stream_protocol;
  Local::socket one(loop.executor());
  Local::socket other(loop.executor());
  asio::local::connect_pair(one, other);
  auto reader = std::make_shared<Connection>(Connection::Socket(std::move(one)));
  auto writer = std::make_shared<Connection>(Connection::Socket(std::move(other)));
  auto written = loop.start(send_bytes(writer, 4U << 20));
  const auto [code, held] = loop.run(fill_up(reader));
  EXPECT_EQ(code, make_error_code(Errc::limit));
  EXPECT_EQ(held, 256U << 10);
  reader->close();
  EXPECT_FALSE(written.get());
}

}  // namespace
}  // namespace mread::net
