#include "serve/read/workers.h"

#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "net/loop.h"
#include "serve/clients/page_shelf.h"
#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using testing::ElementsAre;
using Weight = Workers::Weight;

class WorkersTest : public testing::Test {
 protected:
  std::future<bool> start(Weight weight, const std::string& client, std::function<void()> job) {
    return loop_.start(take_turn(weight, client, std::move(job)));
  }
  asio::awaitable<bool> take_turn(Weight weight, std::string client, std::function<void()> job) {
    const auto turn = workers_.queue(weight, co_await asio::this_coro::executor, client);
    if (!turn) co_return false;
    const auto entry = co_await turn->wait(std::chrono::milliseconds(0));
    if (entry != Gate::Entry::inside) co_return false;
    co_return co_await workers_.run(std::move(job));
  }

  net::Loop loop_;
  Workers workers_;
};

TEST_F(WorkersTest, ALightJobDoesNotWaitForHeavyOnes) {
  std::latch release(1);
  std::vector<std::future<bool>> heavy;
  for (int i = 0; i < 8; ++i) heavy.push_back(start(Weight::heavy, "a", [&] { release.wait(); }));
  wait_until([&] { return workers_.waiting() == 7; });
  EXPECT_TRUE(start(Weight::light, "a", [] {}).get());
  release.count_down();
  for (auto& each : heavy) EXPECT_TRUE(each.get());
}

TEST_F(WorkersTest, ClientsTakeTurns) {
  std::latch begun(1);
  std::latch release(1);
  std::mutex mutex;
  std::string order;
  auto first = start(Weight::heavy, "a", [&] {
    begun.count_down();
    release.wait();
  });
  // The loop has two threads: else the next one might overtake it.
  begun.wait();
  std::vector<std::future<bool>> jobs;
  for (const char* name : {"a", "a", "a", "b"}) {
    jobs.push_back(start(Weight::heavy, name, [&, name] {
      const std::lock_guard lock(mutex);
      order += name;
    }));
    wait_until([&] { return workers_.waiting() == jobs.size(); });
  }
  release.count_down();
  for (auto& each : jobs) EXPECT_TRUE(each.get());
  EXPECT_TRUE(first.get());
  EXPECT_EQ(order, "baaa");
}

TEST_F(WorkersTest, OnlySoManyWait) {
  workers_.set_queue(1);
  std::latch begun(1);
  std::latch release(1);
  auto first = start(Weight::heavy, "a", [&] {
    begun.count_down();
    release.wait();
  });
  begun.wait();
  auto second = start(Weight::heavy, "a", [&] { release.wait(); });
  wait_until([&] { return workers_.waiting() == 1; });
  EXPECT_FALSE(start(Weight::heavy, "a", [] {}).get());
  EXPECT_TRUE(start(Weight::light, "a", [] {}).get());
  release.count_down();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
}

TEST_F(WorkersTest, WhatAJobThrowsIsItsOwnersMatter) {
  auto job = start(Weight::light, "a", [] { throw std::bad_alloc(); });
  EXPECT_THROW(job.get(), std::bad_alloc);
  EXPECT_TRUE(start(Weight::light, "a", [] {}).get());
}

TEST(PageShelfTest, TheOldestIsCutForOneMore) {
  asio::io_context context;
  PageShelf shelf(2);
  std::vector<std::string> cut;
  const auto put = [&](const char* name) {
    return shelf.put(context.get_executor(), [&cut, name] { cut.emplace_back(name); });
  };
  auto a = put("a");
  auto b = put("b");
  b.reset();
  auto c = put("c");
  auto d = put("d");
  auto e = put("e");
  c.reset();  // It ended before it was told.
  context.run();
  EXPECT_THAT(cut, ElementsAre("a"));
}

}  // namespace
}  // namespace mread::serve
