#include "net/resolver.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <gmock/gmock.h>

#include "net/client_server_fixture.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using testing::ElementsAre;

// A name service that says what it is told to; names that begin with "slow" hang until they are let
// go. Shared with the resolver's threads, which may outlive the test.
class Names : public std::enable_shared_from_this<Names> {
 public:
  Resolver::Lookup lookup() {
    return [self = shared_from_this()](const std::string& host) { return self->find(host); };
  }
  void set(const std::string& host, Result<Resolver::Addresses> answer) {
    const std::lock_guard lock(mutex_);
    answers_.insert_or_assign(host, std::move(answer));
  }
  void hang(const std::string& host) {
    const std::lock_guard lock(mutex_);
    hung_.insert_or_assign(host, true);
  }
  void let_go(const std::string& host) {
    const std::lock_guard lock(mutex_);
    hung_[host] = false;
    changed_.notify_all();
  }
  void wait_until_asked(const std::string& host, int times) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_[host] >= times; });
  }
  int asked(const std::string& host) {
    const std::lock_guard lock(mutex_);
    return asked_[host];
  }
  std::vector<std::string> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }

 private:
  Result<Resolver::Addresses> find(const std::string& host) {
    std::unique_lock lock(mutex_);
    ++asked_[host];
    order_.push_back(host);
    changed_.notify_all();
    changed_.wait(lock, [&] { return !hung_[host]; });
    const auto found = answers_.find(host);
    if (found == answers_.end()) return fail(asio::error::host_not_found, "");
    return found->second;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Result<Resolver::Addresses>> answers_;
  std::map<std::string, bool> hung_;
  std::map<std::string, int> asked_;
  std::vector<std::string> order_;
};

Resolver::Addresses address(const std::string& text) { return {asio::ip::make_address(text)}; }

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() {
    options_.lookup = names_->lookup();
    options_.now = [now = now_] { return now->load(); };
    options_.patience = 0ms;
    names_->set("a", address("10.0.0.1"));
    names_->set("b", address("10.0.0.2"));
  }
  ~ResolverTest() override {
    for (const char* host : {"a", "b", "c", "slow", "slow2"}) names_->let_go(host);
  }
  void start() { resolver_ = std::make_unique<Resolver>(options_); }
  void pass(std::chrono::milliseconds time) { now_->store(now_->load() + time); }

  Result<Resolver::Answer> ask(const std::string& host, std::chrono::milliseconds timeout = 1h) {
    return loop_.run(resolver_->resolve(host, timeout));
  }
  std::string text(const std::string& host, std::chrono::milliseconds timeout = 1h) {
    const auto answer = ask(host, timeout);
    if (!answer) return answer.error().to_string();
    return (answer->is_kept ? "kept " : "") + answer->addresses.front().to_string();
  }

  using Time = std::atomic<Resolver::Clock::time_point>;
  const std::shared_ptr<Time> now_ = std::make_shared<Time>(Resolver::Clock::time_point(1h));
  const std::shared_ptr<Names> names_ = std::make_shared<Names>();
  Resolver::Options options_;
  Loop loop_;
  std::unique_ptr<Resolver> resolver_;
};

TEST_F(ResolverTest, ANameThatHangsHoldsUpNoOther) {
  start();
  names_->hang("slow");
  auto hung = loop_.start(resolver_->resolve("slow", 1h));
  names_->wait_until_asked("slow", 1);
  EXPECT_EQ(text("a"), "10.0.0.1");
  EXPECT_EQ(text("b"), "10.0.0.2");
  names_->set("slow", address("10.0.0.9"));
  names_->let_go("slow");
  EXPECT_EQ(hung.get()->addresses, address("10.0.0.9"));
}

TEST_F(ResolverTest, AllWhoAskForANameShareOneLookup) {
  start();
  names_->hang("a");
  std::vector<std::future<Result<Resolver::Answer>>> all;
  for (int i = 0; i < 10; ++i) all.push_back(loop_.start(resolver_->resolve("a", 1h)));
  names_->wait_until_asked("a", 1);
  names_->let_go("a");
  for (auto& one : all) EXPECT_EQ(one.get()->addresses, address("10.0.0.1"));
  EXPECT_EQ(names_->asked("a"), 1);
}

TEST_F(ResolverTest, AnswersAreKeptWhileTheyAreFresh) {
  start();
  EXPECT_EQ(text("a"), "10.0.0.1");
  names_->set("a", address("10.0.0.7"));
  pass(options_.fresh - 1ms);
  EXPECT_EQ(text("a"), "kept 10.0.0.1");
  // The old one would be used if the new one took longer than the patience.
  options_.patience = 1h;
  start();
  EXPECT_EQ(text("a"), "10.0.0.7");
  pass(options_.fresh);
  names_->set("a", address("10.0.0.8"));
  EXPECT_EQ(text("a"), "10.0.0.8");
}

TEST_F(ResolverTest, AnOldAnswerIsUsedWhileALookupHangs) {
  start();
  EXPECT_EQ(text("a"), "10.0.0.1");
  names_->hang("a");
  pass(options_.fresh);
  EXPECT_EQ(text("a"), "kept 10.0.0.1");
  EXPECT_EQ(text("a"), "kept 10.0.0.1");
  names_->wait_until_asked("a", 2);
  pass(options_.stale);
  EXPECT_EQ(text("a", 1ms), "name lookup took too long");
  EXPECT_EQ(names_->asked("a"), 2) << "one is under way";
}

TEST_F(ResolverTest, AnOldAnswerIsUsedWhereALookupFailsForAWhile) {
  options_.patience = 1h;
  start();
  EXPECT_EQ(text("a"), "10.0.0.1");
  pass(options_.fresh);
  names_->set("a", fail(asio::error::host_not_found_try_again, ""));
  EXPECT_EQ(text("a"), "kept 10.0.0.1");
  pass(options_.failed);
  names_->set("a", fail(asio::error::host_not_found, ""));
  EXPECT_THAT(text("a"), testing::HasSubstr("not found")) << "the name is no more";
}

TEST_F(ResolverTest, FailuresAreKeptForAShorterTime) {
  start();
  EXPECT_FALSE(ask("c"));
  EXPECT_FALSE(ask("c"));
  EXPECT_EQ(names_->asked("c"), 1);
  names_->set("c", address("10.0.0.3"));
  pass(options_.failed);
  EXPECT_EQ(text("c"), "10.0.0.3");
}

TEST_F(ResolverTest, ADoubtedAnswerIsAskedForAgain) {
  options_.patience = 1h;
  start();
  EXPECT_EQ(text("a"), "10.0.0.1");
  names_->set("a", address("10.0.0.7"));
  resolver_->doubt("a");
  EXPECT_EQ(text("a"), "10.0.0.7");
  EXPECT_EQ(text("a"), "kept 10.0.0.7");
}

TEST_F(ResolverTest, MoreNamesThanThreadsTakeTheirTurn) {
  options_.threads = 1;
  start();
  names_->hang("slow");
  auto hung = loop_.start(resolver_->resolve("slow", 1h));
  names_->wait_until_asked("slow", 1);
  auto first = loop_.start(resolver_->resolve("b", 1h));
  while (resolver_->size() < 2) std::this_thread::yield();
  EXPECT_EQ(text("c", 1ms), "name lookup took too long") << "and nobody waits for it any more";
  auto second = loop_.start(resolver_->resolve("a", 1h));
  while (resolver_->size() < 3) std::this_thread::yield();
  names_->let_go("slow");
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
  EXPECT_FALSE(hung.get());
  EXPECT_THAT(names_->order(), ElementsAre("slow", "b", "a"));
}

TEST_F(ResolverTest, TheNamesAreBounded) {
  options_.names = 2;
  start();
  names_->set("c", address("10.0.0.3"));
  EXPECT_EQ(text("a"), "10.0.0.1");
  pass(1ms);
  EXPECT_EQ(text("b"), "10.0.0.2");
  pass(1ms);
  EXPECT_EQ(text("a"), "kept 10.0.0.1");
  EXPECT_EQ(text("c"), "10.0.0.3");
  EXPECT_EQ(resolver_->size(), 2U);
  EXPECT_EQ(text("a"), "kept 10.0.0.1") << "the one used last stays";
  names_->hang("slow");
  names_->hang("slow2");
  auto one = loop_.start(resolver_->resolve("slow", 1h));
  names_->wait_until_asked("slow", 1);
  auto two = loop_.start(resolver_->resolve("slow2", 1h));
  names_->wait_until_asked("slow2", 1);
  EXPECT_EQ(text("b"), "too many names are being looked up");
  names_->let_go("slow");
  EXPECT_FALSE(one.get());
  EXPECT_EQ(text("b"), "10.0.0.2");
}

asio::awaitable<bool> canceled_when(Resolver& resolver, std::shared_ptr<std::latch> reached) {
  const auto outcome = co_await (resolver.resolve("slow", 1h) || cancel_after(reached));
  co_return outcome.index() == 1;
}

TEST_F(ResolverTest, AHungLookupCanBeLeftAndHoldsUpNoEnd) {
  start();
  names_->hang("slow");
  EXPECT_TRUE(loop_.run(canceled_when(*resolver_, std::make_shared<std::latch>(0))));
  auto never = loop_.start(resolver_->resolve("slow", 1h));
  names_->wait_until_asked("slow", 1);
  // Ends although a coroutine waits, and the lookup hangs.
  resolver_.reset();
  loop_.stop();
}

TEST_F(ResolverTest, ALookupMayThrow) {
  options_.lookup = [](const std::string&) -> Result<Resolver::Addresses> {
    throw std::runtime_error("broken");
  };
  start();
  EXPECT_EQ(text("a"), "name lookup: broken");
}

TEST(LookUpTest, FindsThisMachine) {
  const auto found = look_up("localhost");
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_TRUE(
      std::all_of(found->begin(), found->end(), [](const auto& one) { return one.is_loopback(); }));
  EXPECT_EQ(look_up("127.0.0.1").value(), address("127.0.0.1"));
}

class NamedServerTest : public ClientServerTest {
 protected:
  Client& client_with(Resolver::Options options) {
    ClientOptions client;
    client.connect_timeout = 1h;
    client.resolver = std::make_shared<Resolver>(std::move(options));
    clients_.push_back(std::make_unique<Client>(client));
    return *clients_.back();
  }
  ClientRequest named(const std::string& host) {
    ClientRequest request;
    request.url = *Url::parse("http://" + host + ":" + std::to_string(server_->port()) + "/");
    return request;
  }
  std::vector<std::unique_ptr<Client>> clients_;
};

TEST_F(NamedServerTest, AServerIsReachedWhateverTheOthersNamesDo) {
  serve(echo);
  const auto names = std::make_shared<Names>();
  names->set("healthy", address("127.0.0.1"));
  names->hang("slow");
  Resolver::Options options;
  options.lookup = names->lookup();
  Client& client = client_with(std::move(options));
  auto slow = loop_.start(get(client, named("slow")));
  names->wait_until_asked("slow", 1);
  const auto answer = loop_.run(get(client, named("healthy")));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->head.status, 200);
  names->let_go("slow");
  EXPECT_THAT(slow.get().error().to_string(),
              testing::StartsWith("slow:" + std::to_string(server_->port()) + ": "));
}

TEST_F(NamedServerTest, ADeadAddressLeavesTimeForTheNext) {
  serve(echo);
  const auto names = std::make_shared<Names>();
  Resolver::Addresses both = address("127.0.0.2");
  both.push_back(asio::ip::make_address("127.0.0.1"));
  names->set("two", both);
  Resolver::Options options;
  options.lookup = names->lookup();
  EXPECT_TRUE(loop_.run(get(client_with(std::move(options)), named("two"))));
}

TEST_F(NamedServerTest, AHostThatHasMovedIsFound) {
  serve(echo);
  const auto names = std::make_shared<Names>();
  names->set("moves", address("127.0.0.2"));
  Resolver::Options options;
  options.lookup = names->lookup();
  options.fresh = 1h;
  options.patience = 1h;
  Client& client = client_with(std::move(options));
  EXPECT_FALSE(loop_.run(get(client, named("moves"))));
  names->set("moves", address("127.0.0.1"));
  EXPECT_TRUE(loop_.run(get(client, named("moves")))) << "who was not reached is looked up again";
  loop_.run(server_->drain(0ms));
  EXPECT_FALSE(loop_.run(get(client, named("moves"))));
  EXPECT_EQ(names->asked("moves"), 3) << "the address was doubted, and is the same still";
}

}  // namespace
}  // namespace mread::net
