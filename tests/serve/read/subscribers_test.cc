#include "serve/read/subscribers.h"

#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace mread::serve {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{};

AnswerItem bytes(size_t size) { return copy_of({std::string(size, 'x')}); }

class SubscribersTest : public testing::Test {
 protected:
  Subscribers::Joined join() {
    auto joined = subscribers_.join(context_.get_executor(), start);
    EXPECT_TRUE(joined);
    if (joined) {
      joined->client->cut = [this, reader = joined->reader](const Error& why) {
        cuts_.push_back(std::to_string(reader) + ": " + why.to_string());
      };
    }
    return *joined;
  }
  void run() {
    context_.restart();
    context_.run();
  }

  asio::io_context context_;
  Subscribers subscribers_{{100, 300, 10s}};
  std::vector<std::string> cuts_;
};

TEST_F(SubscribersTest, TheFirstIsKnownAndTheLastEndsIt) {
  EXPECT_TRUE(subscribers_.empty());
  const auto first = join();
  const auto second = join();
  EXPECT_TRUE(first.first);
  EXPECT_FALSE(second.first);
  subscribers_.leave(first.reader, start);
  subscribers_.leave(first.reader, start);  // Once more does nothing.
  EXPECT_FALSE(subscribers_.empty());
  EXPECT_FALSE(join().first) << "the one who began has left, but the read goes on";
  subscribers_.leave(1, start);
  subscribers_.leave(2, start);
  EXPECT_TRUE(subscribers_.empty());
  EXPECT_FALSE(subscribers_.join(context_.get_executor(), start))
      << "a read that all have left is being given up";
}

TEST_F(SubscribersTest, EachIsWokenByAnItemAndGetsItAtItsOwnPace) {
  const auto first = join();
  const auto second = join();
  std::vector<std::string> woken;
  const auto wait = [&](Subscribers::Joined joined, std::string name) -> asio::awaitable<void> {
    co_await joined.client->changed.wait();
    if (subscribers_.next(joined.reader)) woken.push_back(name);
  };
  asio::co_spawn(context_, wait(first, "first"), asio::detached);
  asio::co_spawn(context_, wait(second, "second"), asio::detached);
  context_.poll();
  EXPECT_TRUE(woken.empty());
  subscribers_.put(bytes(50), start);
  run();
  EXPECT_EQ(woken, (std::vector<std::string>{"first", "second"}));
  subscribers_.sent(first.reader, start);
  EXPECT_FALSE(subscribers_.next(first.reader));
  EXPECT_TRUE(subscribers_.next(second.reader)) << "it is kept for the other";
  EXPECT_EQ(subscribers_.kept(), 50u);
  subscribers_.sent(second.reader, start);
  EXPECT_EQ(subscribers_.kept(), 50u) << "it is kept for one who might join";
}

TEST_F(SubscribersTest, OnlyTheOneThatLagsIsCut) {
  const auto fast = join();
  join();
  subscribers_.put(bytes(400), start);
  EXPECT_FALSE(subscribers_.has_room());
  EXPECT_FALSE(subscribers_.cut_at()) << "nobody waits for the other yet";
  subscribers_.sent(fast.reader, start);
  ASSERT_EQ(subscribers_.cut_at(), start + 10s);
  subscribers_.cut_slow(start + 9s);
  run();
  EXPECT_TRUE(cuts_.empty());
  subscribers_.cut_slow(start + 10s);
  run();
  EXPECT_EQ(cuts_, std::vector<std::string>{"1: " + Broadcast::too_slow().to_string()});
  EXPECT_TRUE(subscribers_.has_room());
}

TEST_F(SubscribersTest, AllThatAreThereAreCutWithTheReason) {
  join();
  const auto gone = join();
  join();
  subscribers_.leave(gone.reader, start);
  subscribers_.cut_all(Error(Errc::limit, "out of memory"));
  EXPECT_TRUE(cuts_.empty()) << "each is told on its own strand, not by the caller";
  run();
  EXPECT_EQ(cuts_, (std::vector<std::string>{"0: out of memory", "2: out of memory"}));
}

TEST_F(SubscribersTest, BytesAreBorrowedForOneThatNobodyCanJoin) {
  const auto only = join();
  EXPECT_FALSE(subscribers_.may_borrow()) << "another may join, and needs the beginning";
  subscribers_.put(bytes(150), start);
  subscribers_.sent(only.reader, start);
  EXPECT_TRUE(subscribers_.may_borrow());
}

}  // namespace
}  // namespace mread::serve
