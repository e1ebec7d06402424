#include "net/server.h"

#include <atomic>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include "net/client_server_fixture.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using tcp = asio::ip::tcp;

class ServerTest : public ClientServerTest {};

asio::awaitable<void> forever() {
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  co_await timer.async_wait(nothrow);
}

TEST_F(ServerTest, RefusesAndComesBackOnTheSamePort) {
  serve(echo);
  ASSERT_TRUE(fetch_from("/"));
  const uint16_t port = server_->port();
  ASSERT_TRUE(server_->set_accepting(false));
  Client fresh;
  const auto refused = loop_.run(get(fresh, to("/")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().to_string(),
            "127.0.0.1:" + std::to_string(port) + ": Connection refused");
  EXPECT_TRUE(fetch_from("/")) << "what is open stays open";
  ASSERT_TRUE(server_->set_accepting(true));
  EXPECT_EQ(server_->port(), port);
  EXPECT_TRUE(loop_.run(get(fresh, to("/"))));
}

TEST_F(ServerTest, APortInUseIsNamed) {
  serve(echo);
  ServerOptions options;
  options.port = server_->port();
  const auto second = Server::listen(loop_.executor(), options, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().to_string(),
            "127.0.0.1:" + std::to_string(options.port) + ": Address already in use");
}

TEST_F(ServerTest, LimitsAreAnsweredInOneLine) {
  ServerOptions options;
  options.body_limit_bytes = 1000;
  options.header_limit_bytes = 2000;
  serve(echo, options);
  auto request = to("/", "POST");
  request.body = std::string(1001, 'x');
  const auto large = loop_.run(get(client_, request));
  ASSERT_TRUE(large) << large.error().to_string();
  EXPECT_EQ(large->head.status, 413);
  EXPECT_EQ(large->body, "request body over 1000 bytes\n");
  EXPECT_THAT(talk("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n" +
                   std::string(0x500, 'x')),
              HasSubstr(" 413 "));
  EXPECT_THAT(talk("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(3000, 'x') + "\r\n\r\n"),
              HasSubstr(" 431 "));
  EXPECT_THAT(talk("nonsense\r\n\r\n"), HasSubstr(" 400 "));
  EXPECT_THAT(talk("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
              HasSubstr(" 400 "));
  request.body.resize(1000);
  EXPECT_EQ(loop_.run(get(client_, request))->head.status, 200);
}

// talk() reads until the server closes, so each of these ends only if it does.
TEST_F(ServerTest, AClientThatSaysNothingMoreIsLetGo) {
  ServerOptions options;
  options.idle_timeout = 30ms;
  options.header_timeout = 30ms;
  serve(echo, options);
  EXPECT_EQ(talk(""), "");
  EXPECT_EQ(talk("GET / HTT"), "");
  EXPECT_EQ(talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"), "");
  EXPECT_THAT(talk("GET /kept HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("/kept|"));
  wait_for([&] { return server_->connections() == 0; });
}

TEST_F(ServerTest, AVeryLargeRefusedBodyStillGetsItsAnswer) {
  ServerOptions options;
  options.body_limit_bytes = 1000;
  serve(echo, options);
  auto request = to("/", "POST");
  request.body = std::string(32U << 20, 'x');
  const auto answer = loop_.run(get(client_, request));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->head.status, 413);
}

asio::awaitable<std::string> ask_to_continue(uint16_t port) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), port),
                                asio::use_awaitable);
  const std::string head =
      "POST /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: "
      "close\r\n\r\n";
  co_await asio::async_write(socket, asio::buffer(head), asio::use_awaitable);
  std::string answer;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(answer), "\r\n\r\n",
                                  asio::use_awaitable);
  const std::string body = "body";
  co_await asio::async_write(socket, asio::buffer(body), asio::use_awaitable);
  co_await asio::async_read_until(socket, asio::dynamic_buffer(answer), "/c|body",
                                  asio::use_awaitable);
  co_return answer;
}

TEST_F(ServerTest, ExpectIsAnsweredBeforeTheBody) {
  serve(echo);
  const std::string answer = loop_.run(ask_to_continue(server_->port()));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

// Turns away who does not say "please", and throws for who asks it to.
Screen polite_only() {
  return [](const RequestHead& head) -> asio::awaitable<std::optional<Refusal>> {
    if (head.target == "/throw") throw std::runtime_error("broken");
    if (!head.headers.get("X-Please").empty()) co_return std::nullopt;
    Refusal refusal{ok(), "say please\n"};
    refusal.head.status = 401;
    co_return refusal;
  };
}

TEST_F(ServerTest, WhoIsScreenedOutIsAnsweredWithoutTheHandler) {
  std::atomic<int> handled = 0;
  ServerOptions options;
  options.screen = polite_only();
  options.headers = [] {
    return std::vector<std::pair<std::string, std::string>>{{"X-Usual", "yes"}};
  };
  serve(
      [&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
        ++handled;
        co_await echo(std::move(request), writer);
      },
      options);
  const auto refused = fetch_from("/");
  ASSERT_TRUE(refused) << refused.error().to_string();
  EXPECT_EQ(refused->head.status, 401);
  EXPECT_EQ(refused->head.headers.get("X-Usual"), "yes");
  EXPECT_EQ(refused->body, "say please\n");
  EXPECT_EQ(loop_.run(get(client_, to("/", "HEAD")))->head.status, 401);
  EXPECT_EQ(fetch_from("/throw")->body, "internal error: broken\n");
  EXPECT_EQ(handled, 0);
  auto polite = to("/p", "POST");
  polite.headers.add("X-Please", "yes");
  polite.body = std::string(1U << 20, 'x');
  EXPECT_EQ(loop_.run(get(client_, polite))->body.size(), 3U + (1U << 20));
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(server_->connections(), 1U) << "a refusal is no reason to part";
}

TEST_F(ServerTest, ASmallBodyOfWhoIsScreenedOutIsDroppedAndTheConnectionKept) {
  ServerOptions options;
  options.screen = polite_only();
  serve(echo, options);
  auto request = to("/", "POST");
  request.body = std::string(64U << 10, 'x');
  EXPECT_EQ(loop_.run(get(client_, request))->head.status, 401);
  EXPECT_EQ(client_.idle_connections(), 1U);
  EXPECT_THAT(
      talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbodyGET / HTTP/1.1\r\nHost: "
           "x\r\nConnection: close\r\n\r\n"),
      testing::ContainsRegex("say please\nHTTP/1.1 401 "));
}

// talk() sends no byte of the bodies that it declares: only who does not wait for them can answer.
TEST_F(ServerTest, ALargeBodyOfWhoIsScreenedOutIsNotWaitedFor) {
  ServerOptions options;
  options.screen = polite_only();
  options.body_limit_bytes = 1U << 20;
  serve(echo, options);
  for (const std::string fields :
       {"Content-Length: 65537\r\n", "Content-Length: 99999999999\r\n",
        "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\nContent-Length: 4\r\n"}) {
    const std::string answer = talk("POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << fields << answer;
    EXPECT_THAT(answer, HasSubstr("Connection: close")) << fields;
  }
}

TEST_F(ServerTest, AVeryLargeBodyOfWhoIsScreenedOutStillGetsItsAnswer) {
  ServerOptions options;
  options.screen = polite_only();
  serve(echo, options);
  auto request = to("/", "POST");
  request.body = std::string(32U << 20, 'x');
  const auto answer = loop_.run(get(client_, request));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->head.status, 401);
}

TEST_F(ServerTest, DrainLetsRequestsEnd) {
  auto reached = std::make_shared<std::latch>(1);
  auto go_on = std::make_shared<std::latch>(1);
  serve([&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
    if (request.head.target == "/slow") {
      reached->count_down();
      co_await cancel_after(go_on);
    }
    co_await echo(std::move(request), writer);
  });
  Client idle;
  ASSERT_TRUE(loop_.run(get(idle, to("/"))));
  auto slow = loop_.start(get(client_, to("/slow")));
  reached->wait();
  auto drained = loop_.start(server_->drain(1h));
  while (server_->connections() > 1) std::this_thread::yield();
  EXPECT_EQ(drained.wait_for(0s), std::future_status::timeout);
  go_on->count_down();
  EXPECT_EQ(slow.get()->body, "/slow|");
  drained.get();
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ServerTest, DrainAbortsWhatDoesNotEnd) {
  auto reached = std::make_shared<std::latch>(2);
  std::atomic<int> ended = 0;
  serve([&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
    reached->count_down();
    // A handler that does not look at errors is thrown out of its next co_await.
    try {
      while (true) co_await forever();
    } catch (...) {
      ++ended;
      throw;
    }
    co_await writer.finish();
  });
  auto first = loop_.start(get(client_, to("/")));
  auto second = loop_.start(get(client_, to("/")));
  reached->wait();
  loop_.run(server_->drain(0ms));
  EXPECT_EQ(ended, 2);
  EXPECT_FALSE(first.get());
  EXPECT_FALSE(second.get());
}

}  // namespace
}  // namespace mread::net
