// How a client and a server exchange messages.

#include <filesystem>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <dirent.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "net/client_server_fixture.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

int open_descriptors() {
  int count = 0;
  DIR* dir = opendir("/proc/self/fd");
  while (readdir(dir) != nullptr) ++count;
  closedir(dir);
  return count;
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

asio::awaitable<std::vector<size_t>> piece_sizes(Client& client, ClientRequest request,
                                                 size_t max_bytes) {
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
    EXPECT_THAT(answer.error().to_string(),
                HasSubstr("127.0.0.1:" + std::to_string(server_->port())));
  }
  for (const std::string target : {"/reset", "/reset-before"}) {
    EXPECT_EQ(code_of(target).code, asio::error::connection_reset) << target;
  }
  EXPECT_TRUE(code_of("/bad").is(Errc::malformed));
  EXPECT_EQ(client_.idle_connections(), 0u);
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

asio::awaitable<void> answer_on_unix(asio::local::stream_protocol::acceptor& acceptor) {
  auto socket = co_await acceptor.async_accept(asio::use_awaitable);
  std::string request;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n",
                                  asio::use_awaitable);
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
  EXPECT_TRUE(answer->body.starts_with("GET /v1.41/info HTTP/1.1\r\nHost: localhost\r\n"))
      << answer->body;
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
  for (int i = 0; i < 200; ++i)
    answers.push_back(loop_.start(get(client_, to(i % 2 == 0 ? "/sized" : "/chunked"))));
  for (auto& answer : answers) EXPECT_EQ(answer.get()->body.size(), 100'000u);
}

}  // namespace
}  // namespace mread::net
