// Client and server of net over TLS.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include "net/tls_fixture.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using testing::HasSubstr;
using tcp = asio::ip::tcp;

TEST_F(TlsTest, AnswersAndKeepsTheConnection) {
  serve(server_settings());
  EXPECT_THAT(server_->url(), HasSubstr("https://127.0.0.1:"));
  const ClientRequest request = to("/a", trusting());
  const auto first = loop_.run(get(client_, request));
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_EQ(first->body, "/a|");
  EXPECT_EQ(client_.idle_connections(), 1u);
  const auto second = loop_.run(get(client_, request));
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(second->head.headers.get("X-Peer"), first->head.headers.get("X-Peer"));
}

TEST_F(TlsTest, AnotherTransportGetsAConnectionOfItsOwn) {
  serve(server_settings());
  ASSERT_TRUE(fetch_with(trusting()));
  ASSERT_EQ(client_.idle_connections(), 1u);
  // Not even a server that is connected already is trusted by who does not know its CA.
  TlsClientSettings other;
  other.ca_file = stranger->ca_file();
  EXPECT_EQ(failure_with(other), "TLS: certificate verify failed (unknown CA)");
}

TEST_F(TlsTest, OlderProtocolIsRefused) {
  auto settings = server_settings();
  settings.min_version = TlsVersion::tls13;
  serve(settings);
  auto old = trusting();
  old.max_version = TlsVersion::tls12;
  EXPECT_EQ(failure_with(old), "TLS: no common protocol version (the peer refuses ours)");
  EXPECT_TRUE(fetch_with(trusting()));
}

TEST_F(TlsTest, OldProtocolsWorkWhereTheyAreAskedFor) {
  auto settings = server_settings();
  settings.min_version = TlsVersion::tls10;
  settings.max_version = TlsVersion::tls11;
  serve(settings);
  EXPECT_NE(failure_with(trusting()), "answered");
  auto old = trusting();
  old.min_version = TlsVersion::tls10;
  const auto answered = fetch_with(old);
  EXPECT_TRUE(answered) << answered.error().to_string();
}

TEST_F(TlsTest, SuitesAndCurvesAreKept) {
  auto settings = server_settings();
  settings.max_version = TlsVersion::tls12;
  settings.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"};
  settings.curve_preferences = {"CurveP384"};
  serve(settings);
  EXPECT_TRUE(fetch_with(trusting()));
}

TEST_F(TlsTest, PlainHttpAtATlsPort) {
  serve(server_settings());
  ClientRequest request;
  request.url = *Url::parse("http://127.0.0.1:" + std::to_string(server_->port()) + "/");
  const auto response = loop_.run(get(client_, request));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->head.status, 400);
  EXPECT_EQ(response->body, "this is an HTTPS port: write https in the URL\n");
}

TEST_F(TlsTest, TlsAtAPlainPort) {
  auto server = Server::listen(loop_.executor(), {}, echo);
  ASSERT_TRUE(server);
  server_ = std::move(*server);
  ClientRequest request = to("/", trusting());
  request.url.scheme = Url::Scheme::https;
  const auto response = loop_.run(get(client_, request));
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().to_string(),
              HasSubstr(": TLS: the peer does not speak TLS (plain HTTP?)"));
}

// A server that answers everything with a TLS alert, as OpenSSL's do.
TEST_F(TlsTest, TlsServerAtAnHttpUrl) {
  tcp::acceptor acceptor(loop_.executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::jthread server([&] {
    tcp::socket socket = acceptor.accept();
    std::array<char, 1024> request{};
    socket.read_some(asio::buffer(request));
    const std::array<unsigned char, 7> alert{0x15, 3, 3, 0, 2, 2, 70};
    asio::write(socket, asio::buffer(alert));
  });
  ClientRequest request;
  request.url =
      *Url::parse("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/");
  const auto response = loop_.run(get(client_, request));
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().to_string(), HasSubstr(": the server speaks TLS: write https"));
}

TEST_F(TlsTest, LargeBodiesPassBothWays) {
  constexpr size_t size = 6U << 20;
  Handler handler = [](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
    co_await writer.start(ok());
    // Small pieces and large ones, in one chunk.
    const std::string_view body = request.body;
    std::vector<std::string_view> pieces;
    for (size_t begin = 0, step = 1; begin < body.size(); begin += step) {
      step = step > 100'000 ? 1 : step * 3;
      pieces.push_back(body.substr(begin, step));
      if (pieces.size() < 40) continue;
      co_await writer.write_pieces(std::move(pieces));
      pieces.clear();
    }
    co_await writer.write_pieces(std::move(pieces));
    co_await writer.finish();
  };
  serve(server_settings(), handler);
  ClientRequest request = to("/", trusting());
  request.method = "POST";
  request.body.resize(size);
  uint32_t state = 1;
  for (char& c : request.body) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  const auto response = loop_.run(get(client_, request));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_TRUE(response->body == request.body);
}

TEST_F(TlsTest, AWriterWaitsForItsReader) {
  constexpr size_t piece_size = 64U << 10;
  constexpr size_t pieces = 1'000;
  std::atomic<size_t> written{0};
  Handler handler = [&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
    co_await writer.start(ok());
    const std::string piece(piece_size, 'x');
    for (size_t i = 0; i < pieces; ++i) {
      const auto sent = co_await writer.write(piece);
      if (!sent) co_return;
      ++written;
    }
    co_await writer.finish();
  };
  serve(server_settings(), handler);
  const auto read_slowly = [](Client& client, ClientRequest request,
                              std::atomic<size_t>& count) -> asio::awaitable<size_t> {
    auto stream = co_await client.open(std::move(request));
    if (!stream) co_return 0;
    auto first = co_await (*stream)->read_some(1);
    // 64 MB do not fit into what lies between.
    EXPECT_LT(count.load(), size_t{pieces});
    auto rest = co_await read_all(**stream, 1ULL << 30);
    co_return first&& rest ? first->size() + rest->size() : 0;
  };
  EXPECT_EQ(loop_.run(read_slowly(client_, to("/", trusting()), written)), piece_size * pieces);
}

TEST_F(TlsTest, AnAbortIsNoEnd) {
  for (const bool reset : {false, true}) {
    for (const char* version : {"chunked", "until close"}) {
      Handler handler = [&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
        if (std::string_view(version) == "chunked") {
          co_await writer.start(ok());
          co_await writer.write("half of");
        } else {
          co_await writer.write_raw("HTTP/1.0 200 OK\r\n\r\nhalf of");
        }
        writer.abort(reset);
      };
      serve(server_settings(), handler);
      const auto response = loop_.run(get(client_, to("/", trusting())));
      EXPECT_FALSE(response) << version << " " << reset;
      loop_.run(server_->drain(0ms));
    }
  }
}

// The body of a response to HTTP/1.0 ends with the connection: only close_notify tells its end from
// a broken one.
TEST_F(TlsTest, OnlyACompleteAnswerEndsCleanly) {
  for (const bool complete : {true, false}) {
    Handler handler = [&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
      co_await writer.start(ok());
      co_await writer.write("all of it");
      if (complete) {
        co_await writer.finish();
      } else {
        writer.abort(false);
      }
    };
    serve(server_settings(), handler);
    asio::io_context context;
    asio::ssl::context tls(asio::ssl::context::tls_client);
    asio::ssl::stream<tcp::socket> stream(context, tls);
    stream.next_layer().connect(tcp::endpoint(asio::ip::address_v4::loopback(), server_->port()));
    stream.handshake(asio::ssl::stream_base::client);
    asio::write(stream, asio::buffer(std::string_view("GET / HTTP/1.0\r\n\r\n")));
    std::string answer;
    boost::system::error_code code;
    while (!code) {
      std::array<char, 1024> piece{};
      answer.append(piece.data(), stream.read_some(asio::buffer(piece), code));
    }
    EXPECT_EQ(code == asio::error::eof, complete) << code.message();
    if (complete) {
      EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nall of it"));
    }
    stream.next_layer().close();
    loop_.run(server_->drain(0ms));
  }
}

TEST_F(TlsTest, TellsWhenTheClientHasGone) {
  std::promise<bool> gone;
  Handler handler = [&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
    co_await writer.start(ok());
    co_await writer.write("begin");
    const auto ended = co_await writer.client_gone();
    gone.set_value(ended.has_value());
    writer.abort(false);
  };
  serve(server_settings(), handler);
  const auto leave = [](Client& client, ClientRequest request) -> asio::awaitable<bool> {
    auto stream = co_await client.open(std::move(request));
    if (!stream) co_return false;
    co_return (co_await (*stream)->read_some(100)).has_value();
  };
  EXPECT_TRUE(loop_.run(leave(client_, to("/", trusting()))));
  EXPECT_TRUE(gone.get_future().get());
}

TEST_F(TlsTest, AWaitForTheClientsEndTakesNothingAway) {
  // Every request is answered next to a wait that is cancelled, as reads do it; the connection goes
  // on.
  Handler handler = [](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 2ms);
    const auto first = co_await (timer.async_wait(nothrow) || writer.client_gone());
    EXPECT_EQ(first.index(), 0u);
    ResponseHead head;
    head.headers.add("X-Peer", request.peer);
    co_await writer.reply(std::move(head), request.body);
  };
  serve(server_settings(), handler);
  ClientRequest request = to("/", trusting());
  request.method = "POST";
  std::string peer;
  for (int i = 0; i < 10; ++i) {
    request.body = std::string(static_cast<size_t>(i) * 10'000, static_cast<char>('a' + i));
    const auto response = loop_.run(get(client_, request));
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->body, request.body);
    if (i > 0) {
      EXPECT_EQ(response->head.headers.get("X-Peer"), peer);
    }
    peer = response->head.headers.get("X-Peer");
  }
}

TEST_F(TlsTest, AClientThatTakesNothingIsLeft) {
  std::promise<Error> left;
  Handler handler = [&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
    co_await writer.start(ok());
    const std::string piece(1U << 20, 'x');
    while (true) {
      const auto sent = co_await writer.write(piece);
      if (sent) continue;
      left.set_value(sent.error());
      co_return;
    }
  };
  ServerOptions options;
  options.write_timeout = 50ms;
  serve(server_settings(), handler, options);
  const auto open = [](Client& client,
                       ClientRequest request) -> asio::awaitable<std::unique_ptr<ResponseStream>> {
    auto stream = co_await client.open(std::move(request));
    co_return stream ? std::move(*stream) : nullptr;
  };
  const auto stream = loop_.run(open(client_, to("/", trusting())));
  ASSERT_NE(stream, nullptr);
  EXPECT_TRUE(left.get_future().get().is(Errc::deadline));
}

TEST_F(TlsTest, AClientThatDoesNotShakeHandsIsLeft) {
  ServerOptions options;
  options.handshake_timeout = 20ms;
  serve(server_settings(), echo, options);
  asio::io_context context;
  tcp::socket socket(context);
  socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), server_->port()));
  std::array<char, 16> answer{};
  boost::system::error_code code;
  socket.read_some(asio::buffer(answer), code);
  EXPECT_TRUE(code);
}

TEST_F(TlsTest, AStaleConnectionIsReplacedOnce) {
  const auto settings = server_settings();
  serve(settings);
  const uint16_t port = server_->port();
  ClientRequest request = to("/x", trusting());
  ASSERT_TRUE(loop_.run(get(client_, request)));
  EXPECT_EQ(client_.idle_connections(), 1u);
  loop_.run(server_->drain(0ms));
  ServerOptions options;
  options.port = port;
  serve(settings, echo, options);
  const auto again = loop_.run(get(client_, request));
  ASSERT_TRUE(again) << again.error().to_string();
}

TEST_F(TlsTest, DrainLetsARequestEnd) {
  std::promise<void> begun;
  Handler handler = [&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
    begun.set_value();
    asio::steady_timer timer(co_await asio::this_coro::executor, 20ms);
    co_await timer.async_wait(nothrow);
    co_await writer.reply(ok(), "done");
  };
  serve(server_settings(), handler);
  auto response = loop_.start(get(client_, to("/", trusting())));
  begun.get_future().wait();
  loop_.run(server_->drain(10s));
  const auto answered = response.get();
  ASSERT_TRUE(answered) << answered.error().to_string();
  EXPECT_EQ(answered->body, "done");
}

}  // namespace
}  // namespace mread::net
