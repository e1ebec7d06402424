#include "net/client.h"

#include <array>
#include <atomic>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/client_server_fixture.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ClientTest : public ClientServerTest {};

TEST_F(ClientTest, AStaleConnectionIsReplacedOnce) {
  std::atomic<int> requests = 0;
  serve([&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
    // The second request of a connection is broken off before any byte, as by a server that closes
    // idle connections.
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

TEST_F(ClientTest, AFreshConnectionIsNotTriedAgain) {
  std::atomic<int> requests = 0;
  serve([&](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
    ++requests;
    writer.abort(false);
    co_return;
  });
  EXPECT_TRUE(fetch_from("/").error().is(Errc::truncated));
  EXPECT_EQ(requests, 1);
}

asio::awaitable<bool> cancelled_when(Client& client, ClientRequest request,
                                     std::shared_ptr<std::latch> reached) {
  const auto outcome = co_await (get(client, std::move(request)) || cancel_after(reached));
  co_return outcome.index() == 1;
}

TEST_F(ClientTest, CancellingClosesTheConnection) {
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

asio::awaitable<size_t> three_at_once(Client& client, ClientRequest request) {
  const auto all = co_await (get(client, request) && get(client, request) && get(client, request));
  co_return std::get<0>(all).has_value() + std::get<1>(all).has_value() +
      std::get<2>(all).has_value();
}

TEST_F(ClientTest, IdleConnectionsGoWithoutAnotherRequest) {
  serve(echo);
  ClientOptions options;
  options.idle_timeout = 50ms;
  Client client(options);
  // A second time: the timer goes on.
  for (int time = 0; time < 2; ++time) {
    ASSERT_EQ(loop_.run(three_at_once(client, to("/"))), 3u);
    wait_for([&] { return client.idle_connections() == 0 && server_->connections() == 0; });
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

TEST_F(ClientTest, CancelsAConnectUnderWay) {
  const FullListener listener;
  ClientRequest request;
  request.url = *Url::parse("http://127.0.0.1:" + std::to_string(listener.port()));
  auto now = std::make_shared<std::latch>(0);
  EXPECT_TRUE(loop_.run(cancelled_when(client_, request, now)));
}

TEST_F(ClientTest, AConnectHasATimeout) {
  const FullListener listener;
  ClientRequest request;
  request.url = *Url::parse("http://127.0.0.1:" + std::to_string(listener.port()));
  Client hasty(ClientOptions{.connect_timeout = 20ms});
  const auto answer = loop_.run(get(hasty, request));
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().is(Errc::deadline));
  EXPECT_EQ(answer.error().to_string(), request.url.authority() + ": no connection within 20ms");
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

TEST_F(ClientTest, FollowsRedirects) {
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

// Two servers, the first of which sends everybody on to what it is asked for.
class RedirectTest : public ClientTest {
 protected:
  void start() {
    serve(redirect_or_tell);
    auto other = Server::listen(loop_.executor(), {}, redirect_or_tell);
    ASSERT_TRUE(other);
    other_ = std::move(*other);
  }
  ~RedirectTest() override {
    if (other_) loop_.run(other_->drain(0ms));
  }

  // "/to/URL" leads there; all else is answered with the request's fields, a line each.
  static asio::awaitable<void> redirect_or_tell(ServerRequest request, ResponseWriter& writer) {
    ResponseHead head;
    std::string body;
    if (request.head.target.starts_with("/to/")) {
      head.status = 307;
      head.headers.add("Location", request.head.target.substr(4));
    } else {
      for (const auto& [name, value] : request.head.headers.fields())
        body += name + ": " + value + "\n";
    }
    co_await writer.reply(std::move(head), std::move(body));
  }

  // What the last of the servers has seen.
  std::string seen(const std::string& location) {
    auto request = to("/to/" + location);
    request.headers.add("Accept-Encoding", "snappy");
    request.headers.add("Authorization", "Basic hunter2");
    request.headers.add("Cookie", "hunter2");
    request.headers.add("User-Agent", "protocol");
    request.origin_headers.add("X-Api-Key", "hunter2");
    request.origin_headers.add("baggage", "user=hunter2");
    request.origin_headers.add("User-Agent", "hunter2");
    const auto answer = loop_.run(get(client_, std::move(request)));
    return answer ? answer->body : answer.error().to_string();
  }

  std::unique_ptr<Server> other_;
};

TEST_F(RedirectTest, ThisServersOwnHeadersGoToNoOther) {
  start();
  const std::string elsewhere = seen(other_->url() + "/");
  EXPECT_THAT(elsewhere, HasSubstr("Accept-Encoding: snappy\n"));
  EXPECT_THAT(elsewhere, HasSubstr("User-Agent: protocol\n"));
  EXPECT_THAT(elsewhere, Not(HasSubstr("hunter2")));
  const std::string here = seen("/there");
  EXPECT_THAT(here, HasSubstr("X-Api-Key: hunter2\n"));
  EXPECT_THAT(here, HasSubstr("baggage: user=hunter2\n"));
  EXPECT_THAT(here, HasSubstr("User-Agent: hunter2\n"));
  EXPECT_THAT(here, HasSubstr("Authorization: Basic hunter2\n"));
}

TEST_F(RedirectTest, TheyAreNotSentOnTheWayBackEither) {
  start();
  EXPECT_THAT(seen(other_->url() + "/to/" + server_->url() + "/"), Not(HasSubstr("hunter2")));
}

TEST_F(RedirectTest, AUserInTheLocationIsNeitherUsedNorShown) {
  start();
  const std::string port = std::to_string(other_->port());
  EXPECT_THAT(seen("http://me:hunter2@127.0.0.1:" + port + "/"),
              AllOf(HasSubstr("snappy"), Not(HasSubstr("hunter2"))));
  loop_.run(other_->drain(0ms));
  EXPECT_EQ(seen("http://me:hunter2@127.0.0.1:" + port + "/"),
            "127.0.0.1:" + port + ": Connection refused");
}

TEST_F(RedirectTest, TargetsThatCannotBeUsedAreToldWithoutTheirSecrets) {
  start();
  const std::string place = server_->url().substr(7) + ": redirect to what is ";
  for (const std::string location :
       {"ftp://me:hunter2@a/", "file:///etc/passwd", "unix:///run/docker.sock:/hunter2"}) {
    EXPECT_EQ(seen(location), place + "neither http nor https") << location;
  }
  for (const std::string& location :
       {std::string("http://me:hunter2@a:99999/"), std::string("http://me:hunter2@/"),
        "http://" + std::string(256, 'a') + "/"}) {
    EXPECT_EQ(seen(location), place + "no URL") << location;
  }
}

TEST_F(ClientTest, TooManyRedirectsAreToldInALineThatAPersonReads) {
  serve([](ServerRequest, ResponseWriter& writer) -> asio::awaitable<void> {
    ResponseHead head;
    head.status = 302;
    head.headers.add("Location", "/" + std::string(10'000, 'x') + "?token=hunter2");
    co_await writer.reply(std::move(head), "");
  });
  const auto answer = fetch_from("/");
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().is(Errc::limit));
  EXPECT_THAT(answer.error().to_string(),
              AllOf(HasSubstr(": more than 10 redirects, the last to "), Not(HasSubstr("hunter2")),
                    testing::SizeIs(testing::Lt(300U))));
}

TEST_F(ClientTest, IdleConnectionsAreBoundedInAll) {
  serve(echo);
  auto other = Server::listen(loop_.executor(), {}, echo);
  ASSERT_TRUE(other);
  ClientOptions options;
  options.idle_connections = 2;
  Client client(options);
  ASSERT_EQ(loop_.run(three_at_once(client, to("/"))), 3U);
  EXPECT_EQ(client.idle_connections(), 2U);
  ClientRequest request;
  request.url = *Url::parse((*other)->url());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(loop_.run(get(client, request)));
    EXPECT_EQ(client.idle_connections(), 2U);
  }
  wait_for([&] { return server_->connections() == 1; });
  EXPECT_EQ((*other)->connections(), 1U);
  loop_.run((*other)->drain(0ms));
}

}  // namespace
}  // namespace mread::net
