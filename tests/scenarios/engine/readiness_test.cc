#include "scenarios/engine/readiness.h"

#include <atomic>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mread::scenarios {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Answers each connection with the next of a list of raw answers; the last one for ever.
class RawServer {
 public:
  explicit RawServer(std::vector<std::string> answers)
      : answers_(std::move(answers)), fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    url.host = "127.0.0.1";
    url.port = ntohs(address.sin_port);
    url.target = "/-/ready";
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }

  net::Url url;
  std::atomic<size_t> connections = 0;

 private:
  void serve() {
    while (true) {
      const int connection = accept(fd_, nullptr, nullptr);
      if (connection < 0) return;
      const std::string& answer = answers_[std::min<size_t>(connections++, answers_.size() - 1)];
      char request[4096];
      [[maybe_unused]] ssize_t done = read(connection, request, sizeof request);
      done = write(connection, answer.data(), answer.size());
      close(connection);
    }
  }

  std::vector<std::string> answers_;
  int fd_;
  std::thread thread_;
};

std::optional<std::string> runs() { return std::nullopt; }

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const std::string busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

TEST(PollUntilReady, AsksAgainUntil200) {
  RawServer server({busy, busy, ok});
  const auto ready = poll_until_ready(server.url, seconds(60), runs, {});
  EXPECT_TRUE(ready) << ready.error().to_string();
  EXPECT_EQ(server.connections, 3U);
}

TEST(PollUntilReady, ANodeThatAsksForAPasswordIsUp) {
  RawServer server({busy, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"});
  const auto ready = poll_until_ready(server.url, seconds(60), runs, {});
  EXPECT_TRUE(ready) << ready.error().to_string();
  EXPECT_EQ(server.connections, 2U);
}

TEST(PollUntilReady, ARefusalOfAnotherKindIsNotReady) {
  RawServer server({"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"});
  const auto ready = poll_until_ready(server.url, milliseconds(50), runs, {});
  ASSERT_FALSE(ready);
  EXPECT_NE(ready.error().context.find("HTTP 403"), std::string::npos) << ready.error().context;
}

TEST(PollUntilReady, GivesUpWithWhatCameLast) {
  RawServer server({busy});
  const auto ready = poll_until_ready(server.url, milliseconds(50), runs, {});
  ASSERT_FALSE(ready);
  EXPECT_TRUE(ready.error().is(Errc::deadline));
  EXPECT_NE(ready.error().context.find("HTTP 503"), std::string::npos) << ready.error().context;
}

TEST(PollUntilReady, EndsWithTheProgram) {
  RawServer server({busy});
  const auto ready = poll_until_ready(
      server.url, seconds(600),
      [&]() -> std::optional<std::string> {
        return server.connections > 1 ? std::optional<std::string>("exit status 1") : std::nullopt;
      },
      {});
  ASSERT_FALSE(ready);
  EXPECT_TRUE(ready.error().is(Errc::unavailable));
  EXPECT_EQ(ready.error().context, "ended (exit status 1) before it was ready");
}

TEST(PollUntilReady, IsStopped) {
  RawServer server({busy});
  std::stop_source stop;
  const auto ready = poll_until_ready(
      server.url, seconds(600),
      [&]() -> std::optional<std::string> {
        stop.request_stop();
        return std::nullopt;
      },
      stop.get_token());
  ASSERT_FALSE(ready);
  EXPECT_TRUE(ready.error().is(Errc::canceled));
}

TEST(PollUntilReady, WithoutAPathAnyConnectionWillDo) {
  RawServer server({"220 no HTTP here\r\n"});
  server.url.target.clear();
  const auto ready = poll_until_ready(server.url, seconds(60), runs, {});
  EXPECT_TRUE(ready) << ready.error().to_string();
}

TEST(LogTail, LastLines) {
  EXPECT_EQ(log_tail(""), "");
  EXPECT_EQ(log_tail("\n\n"), "");
  EXPECT_EQ(log_tail("one"), "; its log ends:\n    one");
  EXPECT_EQ(log_tail("one\ntwo\nthree\n", 2), "; its log ends:\n    two\n    three");
  EXPECT_EQ(log_tail("one\ntwo", 9), "; its log ends:\n    one\n    two");
}

}  // namespace
}  // namespace mread::scenarios
