// What a client can make a server hold, and for how long.
#include <atomic>
#include <mutex>
#include <set>

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

// What the server tells and holds, for the test's thread.
struct Seen {
  std::mutex mutex;
  std::multiset<std::string> cut;
  std::atomic<uint64_t> held{0};
  std::atomic<int> asked{0};
  std::atomic<int> there{0};
  std::function<void(Refusal)> give_up;  // Guarded by mutex, as `cut`.
  asio::any_io_executor strand;

  size_t count(const std::string& reason) {
    const std::lock_guard lock(mutex);
    return cut.count(reason);
  }
};

class CountedBody final : public BodyHold {
 public:
  explicit CountedBody(std::shared_ptr<Seen> seen) : seen_(std::move(seen)) {}
  ~CountedBody() override { seen_->held = 0; }
  void set(uint64_t bytes) override { seen_->held = bytes; }
  void complete() override {}
  void on_give_up(std::function<void(Refusal)> called) override {
    const std::lock_guard lock(seen_->mutex);
    seen_->give_up = std::move(called);
  }

 private:
  std::shared_ptr<Seen> seen_;
};

class ServerLimitsTest : public ClientServerTest {
 protected:
  ServerOptions options() {
    ServerOptions options;
    options.cut = [seen = seen_](std::string_view reason, const std::string&) {
      const std::lock_guard lock(seen->mutex);
      seen->cut.emplace(reason);
    };
    options.admit = [seen = seen_](const RequestHead&, std::string, bool is_there) {
      return admit(seen, is_there);
    };
    return options;
  }
  static asio::awaitable<BodyPermit> admit(std::shared_ptr<Seen> seen, bool is_there) {
    ++seen->asked;
    if (is_there) ++seen->there;
    {
      const auto strand = co_await asio::this_coro::executor;
      const std::lock_guard lock(seen->mutex);
      seen->strand = strand;
    }
    BodyPermit permit;
    permit.limit_bytes = 1U << 20;
    permit.hold = std::make_shared<CountedBody>(seen);
    co_return permit;
  }
  std::shared_ptr<tcp::socket> connect(const char* from = "127.0.0.1") {
    auto socket = std::make_shared<tcp::socket>(loop_.strand());
    socket->open(tcp::v4());
    socket->bind(tcp::endpoint(asio::ip::make_address(from), 0));
    socket->connect(tcp::endpoint(asio::ip::address_v4::loopback(), server_->port()));
    return socket;
  }
  static void send(tcp::socket& socket, const std::string& bytes) {
    asio::write(socket, asio::buffer(bytes));
  }
  /// What comes until `end`, or until the server closes.
  static std::string receive(tcp::socket& socket, const std::string& end) {
    std::string answer;
    boost::system::error_code code;
    asio::read_until(socket, asio::dynamic_buffer(answer), end, code);
    return answer;
  }

  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

TEST_F(ServerLimitsTest, ABodyIsAskedForBehindTheScreenOnly) {
  auto with = options();
  with.screen = [](const RequestHead& head) -> asio::awaitable<std::optional<Refusal>> {
    if (head.target != "/secret") co_return std::nullopt;
    Refusal refusal;
    refusal.head.status = 401;
    co_return refusal;
  };
  serve(echo, with);
  EXPECT_THAT(talk("POST /secret HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"),
              HasSubstr(" 401 "));
  EXPECT_THAT(talk("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), HasSubstr("/|"));
  EXPECT_EQ(seen_->asked, 0);
  EXPECT_THAT(
      talk("POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody"),
      HasSubstr("/a|body"));
  EXPECT_EQ(seen_->asked, 1);
  EXPECT_EQ(seen_->there, 1);
  EXPECT_THAT(talk("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n"),
              HasSubstr(" 413 "));
  EXPECT_EQ(seen_->there, 1);
  EXPECT_EQ(seen_->held, 0u);
}

TEST_F(ServerLimitsTest, ABodyThatMakesWayIsDroppedThoughItsClientSaysNothingMore) {
  serve(echo, options());
  const auto client = connect();
  send(*client,
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + std::string(100'000, 'x'));
  wait_for([&] { return seen_->held >= 100'000; });
  const auto give_up = [&] {
    const std::lock_guard lock(seen_->mutex);
    return std::exchange(seen_->give_up, nullptr);
  }();
  asio::post(seen_->strand, [give_up] {
    Refusal refusal;
    refusal.head.status = 503;
    refusal.body = "too much\n";
    give_up(std::move(refusal));
  });
  const std::string answer = receive(*client, "too much\n");
  EXPECT_THAT(answer, HasSubstr(" 503 "));
  EXPECT_THAT(answer, HasSubstr("too much\n"));
  wait_for([&] { return seen_->held == 0; });
}

TEST_F(ServerLimitsTest, AClientThatLeavesWhileItsBodyWaitsIsLetGo) {
  auto with = options();
  const auto reached = std::make_shared<std::atomic<int>>(0);
  with.admit = [reached](const RequestHead&, std::string, bool) -> asio::awaitable<BodyPermit> {
    ++*reached;
    asio::steady_timer timer(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await timer.async_wait(nothrow);
    co_return BodyPermit{};
  };
  serve(echo, with);
  auto client = connect();
  send(*client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
  wait_for([&] { return *reached == 1; });
  client.reset();
  wait_for([&] { return server_->connections() == 0; });
}

// A byte now and then is progress, but not enough of it.
asio::awaitable<int> drip(std::shared_ptr<tcp::socket> socket, std::string head) {
  co_await asio::async_write(*socket, asio::buffer(head), nothrow);
  int sent = 0;
  asio::steady_timer turn(socket->get_executor());
  for (boost::system::error_code code; !code; ++sent) {
    turn.expires_after(1ms);
    co_await turn.async_wait(nothrow);
    std::tie(code, std::ignore) =
        co_await asio::async_write(*socket, asio::buffer("x", 1), nothrow);
  }
  co_return sent;
}

TEST_F(ServerLimitsTest, AHeadAndABodyThatDripAreLetGo) {
  auto with = options();
  with.header_timeout = 30ms;
  with.body_bytes_per_second = 1'000'000;
  serve(echo, with);
  EXPECT_GT(loop_.run(drip(connect(), "GET / HTTP/1.1\r\nHost: a\r\nX: ")), 1);
  wait_for([&] { return seen_->count("slow_head") == 1; });
  EXPECT_GT(
      loop_.run(drip(connect(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")),
      1);
  wait_for([&] { return seen_->count("slow_body") == 1; });
  wait_for([&] { return server_->connections() == 0; });
}

TEST_F(ServerLimitsTest, ABodyThatComesFastEnoughHasTheTimeThatItNeeds) {
  auto with = options();
  with.header_timeout = 100ms;
  with.body_bytes_per_second = 1;  // Each byte earns a second.
  serve(echo, with);
  const auto client = connect();
  send(*client,
       "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n" +
           std::string(100'000, 'x'));
  wait_for([&] { return seen_->held >= 100'000; });
  // A multiple of header_timeout.
  const auto end = std::chrono::steady_clock::now() + 300ms;
  while (std::chrono::steady_clock::now() < end) ASSERT_TRUE(fetch_from("/"));
  send(*client, std::string(100'000, 'x'));
  EXPECT_THAT(receive(*client, "/|x"), HasSubstr(" 200 "));
}

TEST_F(ServerLimitsTest, TheIdleMakeRoomForANewOne) {
  auto with = options();
  with.connection_limit = [] { return 4; };
  serve(echo, with);
  // The oldest, but not of the address with the most.
  const auto other = connect("127.0.0.2");
  wait_for([&] { return server_->connections() == 1; });
  std::vector<std::shared_ptr<tcp::socket>> idle;
  for (int i = 0; i < 3; ++i) {
    idle.push_back(connect());
    send(*idle.back(), "GET / HTTP/1.1\r\nHost: a\r\nX-Unfinished: ");
  }
  wait_for([&] { return server_->connections() == 4; });
  EXPECT_EQ(seen_->count("evicted"), 0u) << "nobody waits";
  const auto fresh = connect("127.0.0.3");
  send(*fresh, "GET /new HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive(*fresh, "/new|"), HasSubstr(" 200 "));
  EXPECT_EQ(seen_->count("evicted"), 1u);
  EXPECT_EQ(receive(*idle.front(), "\r\n"), "");
  send(*other, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive(*other, "/other|"), HasSubstr(" 200 "));
  EXPECT_LE(server_->connections(), 4u);
}

TEST_F(ServerLimitsTest, WhereAllAreBusyANewOneIsRefused) {
  auto reached = std::make_shared<std::latch>(1);
  auto go_on = std::make_shared<std::latch>(1);
  auto with = options();
  with.connection_limit = [] { return 1; };
  serve(
      [&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
        if (request.head.target == "/slow") {
          reached->count_down();
          co_await cancel_after(go_on);
        }
        co_await echo(std::move(request), writer);
      },
      with);
  const auto busy = connect();
  send(*busy, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  reached->wait();
  for (int i = 0; i < 3; ++i) {
    const auto refused = connect();
    send(*refused, "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = receive(*refused, "all connections are busy, try again later\n");
    EXPECT_THAT(answer, HasSubstr(" 503 "));
    EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  }
  EXPECT_EQ(server_->connections(), 1u);
  go_on->count_down();
  EXPECT_THAT(receive(*busy, "/slow|"), HasSubstr(" 200 ")) << "it was not interrupted";
  const auto later = connect();
  send(*later, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive(*later, "/later|"), HasSubstr(" 200 "));
  EXPECT_EQ(seen_->count("evicted"), 1u) << "the first was idle by then";
  EXPECT_EQ(seen_->count("busy"), 3u);
}

TEST_F(ServerLimitsTest, ASlowBodyMakesRoom) {
  auto with = options();
  with.connection_limit = [] { return 2; };
  serve(echo, with);
  const std::string begin = "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx";
  const auto first = connect();
  const auto second = connect();
  for (const auto& slow : {first, second}) send(*slow, begin);
  wait_for([&] { return server_->connections() == 2; });
  const auto fresh = connect();
  send(*fresh, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive(*fresh, "/small|"), HasSubstr(" 200 "));
  EXPECT_EQ(seen_->count("evicted"), 1u);
  EXPECT_EQ(seen_->count("busy"), 0u) << "a body may turn out slow, so a new client waits for it";
}

TEST_F(ServerLimitsTest, OfSlowBodiesOneOfTheAddressWithTheMostConnectionsMakesRoom) {
  auto with = options();
  with.connection_limit = [] { return 3; };
  serve(echo, with);
  const std::string begin = "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
  tcp::socket lonely(loop_.strand());
  lonely.open(tcp::v4());
  lonely.bind(tcp::endpoint(asio::ip::make_address_v4("127.0.0.2"), 0));
  lonely.connect(tcp::endpoint(asio::ip::address_v4::loopback(), server_->port()));
  send(lonely, begin);
  wait_for([&] { return server_->connections() == 1; });
  const auto first = connect();
  const auto second = connect();
  for (const auto& slow : {first, second}) send(*slow, begin);
  wait_for([&] { return server_->connections() == 3; });
  const auto fresh = connect();
  send(*fresh, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive(*fresh, "/small|"), HasSubstr(" 200 "));
  EXPECT_EQ(seen_->count("evicted"), 1u);
  send(lonely, std::string(1000, 'x'));
  EXPECT_THAT(receive(lonely, "/slow|"), HasSubstr(" 200 ")) << "the oldest one has stayed";
}

TEST_F(ServerLimitsTest, WhoDoesNotTakeItsAnswerMakesRoom) {
  auto with = options();
  with.connection_limit = [] { return 1; };
  const std::string large(64U << 20, 'x');
  serve(
      [&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
        auto head = ok();
        std::string body = request.head.target == "/large" ? large : "small|";
        co_await writer.reply(std::move(head), std::move(body));
      },
      with);
  const auto stalled = connect();
  send(*stalled, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  receive(*stalled, "\r\n\r\n");  // And no more of it.
  const auto fresh = connect();
  send(*fresh, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive(*fresh, "small|"), HasSubstr(" 200 "));
  EXPECT_EQ(seen_->count("evicted"), 1u);
}

}  // namespace
}  // namespace mread::net
