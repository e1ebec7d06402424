#include <atomic>
#include <filesystem>
#include <functional>
#include <latch>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/client.h"
#include "net/loop.h"
#include "net/server.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using testing::HasSubstr;
using tcp = asio::ip::tcp;
constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

int open_descriptors() {
  int count = 0;
  DIR* dir = opendir("/proc/self/fd");
  while (readdir(dir) != nullptr) ++count;
  closedir(dir);
  return count;
}

ResponseHead ok(std::string length = {}) {
  ResponseHead head;
  if (!length.empty()) head.headers.add("Content-Length", std::move(length));
  return head;
}

asio::awaitable<void> forever() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(nothrow);
}

asio::awaitable<Result<Response>> get(Client& client, ClientRequest request) {
  auto stream = co_await client.open(std::move(request));
  if (!stream) co_return fail(stream.error());
  auto body = co_await read_all(**stream, 1ULL << 30);
  if (!body) co_return fail(body.error());
  co_return Response{(*stream)->head(), std::move(*body)};
}

class ClientServerTest : public testing::Test {
 protected:
  void serve(Handler handler, ServerOptions options = {}) {
    auto server = Server::listen(loop_.executor(), options, std::move(handler));
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
  }
  ~ClientServerTest() override {
    if (server_) loop_.run(server_->drain(0ms));
  }
  ClientRequest to(std::string target, std::string method = "GET") {
    ClientRequest request;
    request.url = *Url::parse(server_->url() + target);
    request.method = std::move(method);
    return request;
  }
  Result<Response> fetch_from(std::string target) { return loop_.run(get(client_, to(std::move(target)))); }

  // Sends bytes as they are and returns what comes until the server closes.
  std::string talk(std::string bytes) { return loop_.run(talk_on_socket(std::move(bytes))); }
  asio::awaitable<std::string> talk_on_socket(std::string bytes) {
    tcp::socket socket(co_await asio::this_coro::executor);
    co_await socket.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), server_->port()),
                                  asio::use_awaitable);
    co_await asio::async_write(socket, asio::buffer(bytes), nothrow);
    std::string answer;
    while (true) {
      std::array<char, 4096> piece{};
      const auto [code, count] = co_await socket.async_read_some(asio::buffer(piece), nothrow);
      answer.append(piece.data(), count);
      if (code) break;
    }
    co_return answer;
  }

  static void wait_for(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::yield();
  }

  Loop loop_;
  Client client_;
  std::unique_ptr<Server> server_;
};

asio::awaitable<void> echo(ServerRequest request, ResponseWriter& writer) {
  ResponseHead head;
  head.headers.add("X-Method", request.head.method);
  head.headers.add("X-Peer", request.peer);
  co_await writer.reply(std::move(head), request.head.target + "|" + request.body);
}

TEST_F(ClientServerTest, KeepsTheConnection) {
  serve(echo);
  const auto first = fetch_from("/a?b=c");
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_EQ(first->head.status, 200);
  EXPECT_EQ(first->body, "/a?b=c|");
  EXPECT_EQ(client_.idle_connections(), 1u);
  const auto second = fetch_from("/b");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->head.headers.get("x-peer"), first->head.headers.get("x-peer"));
  EXPECT_EQ(server_->connections(), 1u);
}

TEST_F(ClientServerTest, PostsABody) {
  serve(echo);
  auto request = to("/p", "POST");
  request.body = std::string(3 << 20, 'x');
  const auto answer = loop_.run(get(client_, request));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->head.headers.get("X-Method"), "POST");
  EXPECT_EQ(answer->body.size(), 3 + (3 << 20));
}

TEST_F(ClientServerTest, HeadHasNoBody) {
  serve(echo);
  const auto answer = loop_.run(get(client_, to("/12345", "HEAD")));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->head.headers.get("Content-Length"), "7");
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(client_.idle_connections(), 1u);
}

asio::awaitable<void> stream_pieces(ServerRequest request, ResponseWriter& writer) {
  const bool sized = request.head.target == "/sized";
  auto head = ok(sized ? std::to_string(100 * 1000) : "");
  co_await writer.start(std::move(head));
  std::string piece(500, 'a');
  for (int i = 0; i < 100; ++i) {
    std::vector<std::string_view> pieces{piece, piece};
    co_await writer.write_pieces(std::move(pieces));
  }
  Headers trailers;
  trailers.add("X-End", "yes");
  co_await writer.finish(std::move(trailers));
}

TEST_F(ClientServerTest, StreamsChunkedAndSized) {
  serve(stream_pieces);
  for (const std::string target : {"/sized", "/chunked"}) {
    const auto answer = fetch_from(target);
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->body.size(), 100'000u);
    EXPECT_EQ(client_.idle_connections(), 1u);
  }
}

asio::awaitable<std::string> trailer_of(Client& client, ClientRequest request) {
  auto stream = co_await client.open(std::move(request));
  auto body = co_await read_all(**stream, 1 << 30);
  co_return std::string((*stream)->trailers().get("X-End"));
}

TEST_F(ClientServerTest, TrailersArrive) {
  serve(stream_pieces);
  EXPECT_EQ(loop_.run(trailer_of(client_, to("/chunked"))), "yes");
}

asio::awaitable<std::vector<size_t>> piece_sizes(Client& client, ClientRequest request, size_t max_bytes) {
  auto stream = co_await client.open(std::move(request));
  std::vector<size_t> sizes;
  while (true) {
    auto piece = co_await (*stream)->read_some(max_bytes);
    if (!piece || piece->empty()) co_return sizes;
    sizes.push_back(piece->size());
  }
}

TEST_F(ClientServerTest, PiecesAreNeverLargerThanAskedFor) {
  serve(stream_pieces);
  for (const std::string target : {"/sized", "/chunked"}) {
    size_t total = 0;
    for (const size_t size : loop_.run(piece_sizes(client_, to(target), 7))) {
      EXPECT_LE(size, 7u);
      total += size;
    }
    EXPECT_EQ(total, 100'000u);
  }
}

asio::awaitable<void> end_early(ServerRequest request, ResponseWriter& writer) {
  const std::string& target = request.head.target;
  if (target == "/none") {
    writer.abort(false);
  } else if (target == "/reset-before") {
    writer.abort(true);
  } else if (target == "/half-head") {
    co_await writer.write_raw("HTTP/1.1 200 OK\r\nContent-");
  } else if (target == "/bad") {
    co_await writer.write_raw("SSH-2.0\r\n\r\n");
  } else if (target == "/forgotten") {
    co_await writer.start(ok());
    co_await writer.write("some");
  } else {
    auto head = ok(target == "/sized" ? "10" : "");
    co_await writer.start(std::move(head));
    co_await writer.write("some");
    writer.abort(target == "/reset");
  }
}

TEST_F(ClientServerTest, EarlyEndsAreErrors) {
  serve(end_early);
  const auto code_of = [&](const std::string& target) { return fetch_from(target).error(); };
  for (const std::string target : {"/none", "/half-head", "/sized", "/chunked", "/forgotten"}) {
    const auto answer = fetch_from(target);
    ASSERT_FALSE(answer) << target;
    EXPECT_TRUE(answer.error().is(Errc::truncated)) << target << ": " << answer.error().to_string();
    EXPECT_THAT(answer.error().to_string(), HasSubstr("127.0.0.1:" + std::to_string(server_->port())));
  }
  for (const std::string target : {"/reset", "/reset-before"}) {
    EXPECT_EQ(code_of(target).code, asio::error::connection_reset) << target;
  }
  EXPECT_TRUE(code_of("/bad").is(Errc::malformed));
  EXPECT_EQ(client_.idle_connections(), 0u);
}

TEST_F(ClientServerTest, AStaleConnectionIsReplacedOnce) {
  std::atomic<int> requests = 0;
  serve([&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
    // The second request of a connection is broken off before any byte, as by a server that closes idle connections.
    if (++requests == 2) {
      writer.abort(false);
      co_return;
    }
    co_await echo(std::move(request), writer);
  });
  ASSERT_TRUE(fetch_from("/1"));
  const auto answer = fetch_from("/2");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->body, "/2|");
  EXPECT_EQ(requests, 3);
}

TEST_F(ClientServerTest, AFreshConnectionIsNotTriedAgain) {
  std::atomic<int> requests = 0;
  serve([&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
    ++requests;
    writer.abort(false);
    co_return;
  });
  EXPECT_TRUE(fetch_from("/").error().is(Errc::truncated));
  EXPECT_EQ(requests, 1);
}

TEST_F(ClientServerTest, RefusesAndComesBackOnTheSamePort) {
  serve(echo);
  ASSERT_TRUE(fetch_from("/"));
  const uint16_t port = server_->port();
  ASSERT_TRUE(server_->set_accepting(false));
  Client fresh;
  const auto refused = loop_.run(get(fresh, to("/")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().to_string(), "127.0.0.1:" + std::to_string(port) + ": Connection refused");
  EXPECT_TRUE(fetch_from("/")) << "what is open stays open";
  ASSERT_TRUE(server_->set_accepting(true));
  EXPECT_EQ(server_->port(), port);
  EXPECT_TRUE(loop_.run(get(fresh, to("/"))));
}

TEST_F(ClientServerTest, APortInUseIsNamed) {
  serve(echo);
  ServerOptions options;
  options.port = server_->port();
  const auto second = Server::listen(loop_.executor(), options, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().to_string(), "127.0.0.1:" + std::to_string(options.port) + ": Address already in use");
}

asio::awaitable<void> cancel_after(std::shared_ptr<std::latch> reached) {
  // Polls without a clock: gives way to others until the other side says that it is there.
  while (!reached->try_wait()) {
    asio::steady_timer turn(co_await asio::this_coro::executor, 1ms);
    co_await turn.async_wait(nothrow);
  }
}

asio::awaitable<bool> cancelled_when(Client& client, ClientRequest request, std::shared_ptr<std::latch> reached) {
  const auto outcome = co_await (get(client, std::move(request)) || cancel_after(reached));
  co_return outcome.index() == 1;
}

TEST_F(ClientServerTest, CancellingClosesTheConnection) {
  auto reached = std::make_shared<std::latch>(1);
  std::promise<bool> gone;
  serve([&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
    if (request.head.target == "/body") {
      co_await writer.start(ok());
      co_await writer.write("some");
    }
    reached->count_down();
    const auto left = co_await writer.client_gone();
    gone.set_value(left.has_value());
    if (request.head.target == "/body") writer.abort(false);
  });
  for (const std::string target : {"/head", "/body"}) {
    reached = std::make_shared<std::latch>(1);
    gone = {};
    EXPECT_TRUE(loop_.run(cancelled_when(client_, to(target), reached))) << target;
    EXPECT_TRUE(gone.get_future().get()) << target;
    EXPECT_EQ(client_.idle_connections(), 0u);
  }
}

// A listening socket whose queue is full: a connection to it stays half open.
class FullListener {
 public:
  FullListener() {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(descriptor_, 0);
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    for (int& filler : fillers_) {
      filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(filler, reinterpret_cast<sockaddr*>(&address), size);
    }
  }
  ~FullListener() {
    for (const int filler : fillers_) ::close(filler);
    ::close(descriptor_);
  }
  uint16_t port() const { return port_; }

 private:
  int descriptor_;
  std::array<int, 4> fillers_{};
  uint16_t port_ = 0;
};

TEST_F(ClientServerTest, CancelsAConnectUnderWay) {
  const FullListener listener;
  ClientRequest request;
  request.url = *Url::parse("http://127.0.0.1:" + std::to_string(listener.port()));
  auto now = std::make_shared<std::latch>(0);
  EXPECT_TRUE(loop_.run(cancelled_when(client_, request, now)));
}

TEST_F(ClientServerTest, AConnectHasATimeout) {
  const FullListener listener;
  ClientRequest request;
  request.url = *Url::parse("http://127.0.0.1:" + std::to_string(listener.port()));
  Client hasty(ClientOptions{.connect_timeout = 20ms});
  const auto answer = loop_.run(get(hasty, request));
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().is(Errc::deadline));
  EXPECT_EQ(answer.error().to_string(), request.url.authority() + ": no connection within 20ms");
}

TEST_F(ClientServerTest, ASlowReaderHoldsTheWriterBack) {
  std::atomic<uint64_t> written = 0;
  constexpr uint64_t total = 64U << 20;
  auto blocked = std::make_shared<std::latch>(1);
  ServerOptions options;
  options.write_timeout = 500ms;
  std::promise<Result<void>> ended;
  serve(
      [&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
        co_await writer.start(ok());
        const std::string piece(1U << 20, 'x');
        for (uint64_t sent = 0; sent < total; sent += piece.size()) {
          if (auto took = co_await writer.write(piece); !took) {
            ended.set_value(took);
            co_return;
          }
          written += piece.size();
        }
        ended.set_value({});
      },
      options);
  auto stream = loop_.run(client_.open(to("/")));
  ASSERT_TRUE(stream);
  const auto outcome = ended.get_future().get();
  ASSERT_FALSE(outcome) << "the writer was never held back";
  EXPECT_TRUE(outcome.error().is(Errc::deadline)) << outcome.error().to_string();
  EXPECT_LT(written, total / 2);
}

TEST_F(ClientServerTest, LargeBodiesArriveWhole) {
  constexpr size_t total = 64U << 20;
  serve([](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
    co_await writer.start(ok());
    const std::string piece(1U << 20, 'x');
    for (size_t sent = 0; sent < total; sent += piece.size()) co_await writer.write(piece);
    co_await writer.finish();
  });
  const auto answer = fetch_from("/");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->body.size(), total);
}

TEST_F(ClientServerTest, LimitsAreAnsweredInOneLine) {
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
  EXPECT_THAT(talk("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n" + std::string(0x500, 'x')),
              HasSubstr(" 413 "));
  EXPECT_THAT(talk("GET / HTTP/1.1\r\nX: " + std::string(3000, 'x') + "\r\n\r\n"), HasSubstr(" 431 "));
  EXPECT_THAT(talk("nonsense\r\n\r\n"), HasSubstr(" 400 "));
  EXPECT_THAT(talk("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), HasSubstr(" 400 "));
  request.body.resize(1000);
  EXPECT_EQ(loop_.run(get(client_, request))->head.status, 200);
}

// talk() reads until the server closes, so each of these ends only if it does.
TEST_F(ClientServerTest, AClientThatSaysNothingMoreIsLetGo) {
  ServerOptions options;
  options.idle_timeout = 30ms;
  options.header_timeout = 30ms;
  serve(echo, options);
  EXPECT_EQ(talk(""), "");
  EXPECT_EQ(talk("GET / HTT"), "");
  EXPECT_EQ(talk("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"), "");
  EXPECT_THAT(talk("GET /kept HTTP/1.1\r\n\r\n"), HasSubstr("/kept|"));
  wait_for([&] { return server_->connections() == 0; });
}

TEST_F(ClientServerTest, AVeryLargeRefusedBodyStillGetsItsAnswer) {
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
  co_await socket.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), port), asio::use_awaitable);
  const std::string head = "POST /c HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n";
  co_await asio::async_write(socket, asio::buffer(head), asio::use_awaitable);
  std::string answer;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(answer), "\r\n\r\n", asio::use_awaitable);
  const std::string body = "body";
  co_await asio::async_write(socket, asio::buffer(body), asio::use_awaitable);
  co_await asio::async_read_until(socket, asio::dynamic_buffer(answer), "/c|body", asio::use_awaitable);
  co_return answer;
}

TEST_F(ClientServerTest, ExpectIsAnsweredBeforeTheBody) {
  serve(echo);
  const std::string answer = loop_.run(ask_to_continue(server_->port()));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(ClientServerTest, OldClientsGetNoChunks) {
  serve(stream_pieces);
  const std::string answer = talk("GET /chunked HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer.substr(0, 200), testing::Not(HasSubstr("chunked")));
  EXPECT_TRUE(answer.ends_with(std::string(1000, 'a')));
}

TEST_F(ClientServerTest, HandlersThatThrowAreAnswered) {
  serve([](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
    if (request.head.target == "/late") co_await writer.start(ok());
    if (request.head.target != "/silent") throw std::runtime_error("broken");
  });
  EXPECT_EQ(fetch_from("/")->body, "internal error: broken\n");
  EXPECT_EQ(fetch_from("/silent")->head.status, 500);
  EXPECT_TRUE(fetch_from("/late").error().is(Errc::truncated));
}

TEST_F(ClientServerTest, DrainLetsRequestsEnd) {
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

TEST_F(ClientServerTest, DrainAbortsWhatDoesNotEnd) {
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

asio::awaitable<void> redirects(ServerRequest request, ResponseWriter& writer) {
  ResponseHead head;
  const std::string& target = request.head.target;
  if (target.starts_with("/loop")) {
    head.status = 302;
    head.headers.add("Location", target + "x");
  } else if (target == "/dir/relative") {
    head.status = 301;
    head.headers.add("Location", "there");
  } else if (target == "/308") {
    head.status = 308;
    head.headers.add("Location", "/there");
  } else if (target == "/see-other") {
    head.status = 303;
    head.headers.add("Location", "/there");
  } else {
    co_return co_await echo(std::move(request), writer);
  }
  co_await writer.reply(std::move(head), "elsewhere");
}

TEST_F(ClientServerTest, FollowsRedirects) {
  serve(redirects);
  EXPECT_EQ(fetch_from("/dir/relative")->body, "/dir/there|");
  EXPECT_EQ(fetch_from("/see-other")->body, "/there|");
  EXPECT_TRUE(fetch_from("/loop").error().is(Errc::limit));
  auto post = to("/308", "POST");
  post.body = "text";
  EXPECT_EQ(loop_.run(get(client_, post))->body, "/there|text");
  post = to("/see-other", "POST");
  EXPECT_EQ(loop_.run(get(client_, post))->head.status, 303);
  auto unfollowed = to("/dir/relative");
  unfollowed.follow_redirects = false;
  EXPECT_EQ(loop_.run(get(client_, unfollowed))->head.status, 301);
  EXPECT_EQ(client_.idle_connections(), 1u);
}

asio::awaitable<void> answer_on_unix(asio::local::stream_protocol::acceptor& acceptor) {
  auto socket = co_await acceptor.async_accept(asio::use_awaitable);
  std::string request;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n", asio::use_awaitable);
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(request.size()) + "\r\n\r\n" + request;
  co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
}

TEST_F(ClientServerTest, SpeaksOverUnixSockets) {
  const std::string path = testing::TempDir() + "mread-" + std::to_string(getpid()) + ".sock";
  std::filesystem::remove(path);
  asio::local::stream_protocol::acceptor acceptor(loop_.executor(), path);
  auto served = loop_.start(answer_on_unix(acceptor));
  ClientRequest request;
  request.url = *Url::parse("unix://" + path + ":/v1.41/info");
  const auto answer = loop_.run(get(client_, request));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_TRUE(answer->body.starts_with("GET /v1.41/info HTTP/1.1\r\nHost: localhost\r\n")) << answer->body;
  served.get();
  std::filesystem::remove(path);
  const auto missing = loop_.run(get(client_, request));
  EXPECT_EQ(missing.error().to_string(), path + ": No such file or directory");
}

TEST_F(ClientServerTest, ManyRequestsLeakNoDescriptor) {
  serve(echo);
  ASSERT_TRUE(fetch_from("/"));
  const int before = open_descriptors();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(fetch_from("/"));
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(server_->connections(), 1u);
  for (int i = 0; i < 100; ++i) {
    Client once;
    ASSERT_TRUE(loop_.run(get(once, to("/"))));
  }
  while (server_->connections() > 1) std::this_thread::yield();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ClientServerTest, ManyAtOnce) {
  serve(stream_pieces);
  std::vector<std::future<Result<Response>>> answers;
  for (int i = 0; i < 200; ++i) answers.push_back(loop_.start(get(client_, to(i % 2 == 0 ? "/sized" : "/chunked"))));
  for (auto& answer : answers) EXPECT_EQ(answer.get()->body.size(), 100'000u);
}

TEST_F(ClientServerTest, FetchBlocks) {
  serve(echo);
  EXPECT_EQ(fetch(to("/f"))->body, "/f|");
  auto named = to("/n");
  named.url.host = "localhost";
  EXPECT_EQ(fetch(named)->body, "/n|");
  named.url.host = "no-such-host.invalid";
  EXPECT_FALSE(fetch(named));
  const auto limited = fetch(to("/long-enough"), FetchLimits{.body_bytes = 3});
  EXPECT_TRUE(limited.error().is(Errc::limit));
  ASSERT_TRUE(server_->set_accepting(false));
  EXPECT_THAT(fetch(to("/f")).error().to_string(), HasSubstr("Connection refused"));
}

TEST_F(ClientServerTest, FetchGivesUp) {
  auto reached = std::make_shared<std::latch>(1);
  serve([&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
    if (request.head.target == "/stop") reached->count_down();
    co_await writer.client_gone();
    writer.abort(false);
  });
  const auto late = fetch(to("/"), FetchLimits{.timeout = 30ms});
  EXPECT_TRUE(late.error().is(Errc::deadline));
  EXPECT_THAT(late.error().to_string(), HasSubstr("no answer within 30ms"));
  std::stop_source source;
  std::thread stopper([&] {
    reached->wait();
    source.request_stop();
  });
  EXPECT_TRUE(fetch(to("/stop"), {}, source.get_token()).error().is(Errc::canceled));
  stopper.join();
  EXPECT_TRUE(fetch(to("/stop"), {}, source.get_token()).error().is(Errc::canceled));
}

}  // namespace
}  // namespace mread::net
