#include "serve/read/broadcast.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace mread::serve {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{};
constexpr Broadcast::Limits limits{100, 300, 10s};

AnswerBytes bytes(std::string text) {
  AnswerBytes out;
  out.own = std::make_shared<const std::string>(std::move(text));
  out.pieces = {*out.own};
  return out;
}

AnswerBytes bytes(size_t size) { return bytes(std::string(size, 'x')); }

// Sends all there is; the number of items.
size_t take_all(Broadcast& broadcast, Broadcast::Reader reader, TimePoint now = start) {
  size_t count = 0;
  for (; broadcast.next(reader) != nullptr; ++count) broadcast.sent(reader, now);
  return count;
}

TEST(Broadcast, WhoJoinsEarlyGetsAll) {
  Broadcast broadcast(limits);
  const auto first = broadcast.join();
  broadcast.put(AnswerHead{{200, "", "", "b: gone"}, "b: gone"}, start);
  broadcast.put(bytes(50), start);
  EXPECT_EQ(take_all(broadcast, *first), 2u);
  const auto second = broadcast.join();
  ASSERT_TRUE(second);
  const auto* head = std::get_if<AnswerHead>(broadcast.next(*second));
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->head.partial, "b: gone");
  EXPECT_EQ(take_all(broadcast, *second), 2u);
  EXPECT_FALSE(broadcast.may_borrow());
  broadcast.put(bytes(50), start);
  EXPECT_FALSE(broadcast.join()) << "all that may be kept for those who come later is there";
  EXPECT_EQ(take_all(broadcast, *first), 1u);
  EXPECT_EQ(take_all(broadcast, *second), 1u);
}

TEST(Broadcast, NobodyJoinsAnAnswerThatHasEnded) {
  for (const bool aborted : {false, true}) {
    Broadcast broadcast(limits);
    broadcast.join();
    EXPECT_TRUE(broadcast.may_join());
    broadcast.put(aborted ? AnswerItem(merger::Abort{Error(Errc::deadline, "")})
                          : AnswerItem(merger::Finish{}),
                  start);
    EXPECT_FALSE(broadcast.may_join());
    EXPECT_FALSE(broadcast.join());
  }
}

TEST(Broadcast, AReaderAloneTakesWithoutACopyOneAtATime) {
  Broadcast broadcast(limits);
  const auto reader = *broadcast.join();
  EXPECT_FALSE(broadcast.may_borrow());
  broadcast.put(bytes(100), start);
  ASSERT_TRUE(broadcast.may_borrow());
  take_all(broadcast, reader);
  const std::string borrowed = "lent";
  broadcast.put(AnswerBytes{{borrowed}, nullptr}, start);
  EXPECT_FALSE(broadcast.has_room());
  broadcast.sent(reader, start);
  EXPECT_TRUE(broadcast.has_room());
}

TEST(Broadcast, ReadersMayBeApartByTheLag) {
  Broadcast broadcast(limits);
  const auto quick = *broadcast.join();
  const auto slow = *broadcast.join();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(broadcast.has_room());
    broadcast.put(bytes(100), start);
    take_all(broadcast, quick);
  }
  EXPECT_FALSE(broadcast.has_room());
  EXPECT_EQ(broadcast.cut_at(), start + 10s);
  broadcast.sent(slow, start + 4s);
  EXPECT_TRUE(broadcast.has_room());
  EXPECT_FALSE(broadcast.cut_at());
}

TEST(Broadcast, WhoLagsForTooLongInAllIsCut) {
  Broadcast broadcast(limits);
  const auto quick = *broadcast.join();
  const auto slow = *broadcast.join();
  for (int i = 0; i < 3; ++i) broadcast.put(bytes(100), start);
  take_all(broadcast, quick);
  EXPECT_TRUE(broadcast.cut(start + 6s).empty());
  broadcast.sent(slow, start + 6s);
  broadcast.put(bytes(100), start + 60s);
  EXPECT_FALSE(broadcast.cut_at()) << "the quick one has something to send, so it waits for nobody";
  take_all(broadcast, quick, start + 61s);
  EXPECT_EQ(broadcast.cut_at(), start + 65s);
  EXPECT_EQ(broadcast.cut(start + 65s), std::vector<Broadcast::Reader>{slow});
  EXPECT_TRUE(std::holds_alternative<merger::Abort>(*broadcast.next(slow)));
  EXPECT_TRUE(broadcast.has_room());
  EXPECT_TRUE(broadcast.may_borrow() || broadcast.readers() == 2);
  broadcast.put(merger::Finish{}, start + 66s);
  EXPECT_TRUE(std::holds_alternative<merger::Finish>(*broadcast.next(quick)));
  EXPECT_TRUE(std::holds_alternative<merger::Abort>(*broadcast.next(slow)));
  broadcast.leave(slow, start + 67s);
  EXPECT_EQ(broadcast.readers(), 1u);
}

TEST(Broadcast, ASlowReaderAloneIsNeverCut) {
  Broadcast broadcast(limits);
  const auto slow = *broadcast.join();
  for (int i = 0; i < 3; ++i) broadcast.put(bytes(100), start);
  EXPECT_FALSE(broadcast.has_room());
  EXPECT_FALSE(broadcast.cut_at());
  EXPECT_TRUE(broadcast.cut(start + 1h).empty());
  EXPECT_EQ(take_all(broadcast, slow), 3u);
}

TEST(Broadcast, WhoLeavesHoldsNobodyBack) {
  Broadcast broadcast(limits);
  const auto quick = *broadcast.join();
  const auto slow = *broadcast.join();
  for (int i = 0; i < 3; ++i) broadcast.put(bytes(100), start);
  take_all(broadcast, quick);
  broadcast.leave(slow, start);
  EXPECT_TRUE(broadcast.has_room());
  EXPECT_FALSE(broadcast.cut_at());
  EXPECT_TRUE(broadcast.may_borrow());
}

// Whatever the order of joining, sending and leaving: whoever has the end has the whole answer, and
// what is kept stays within the bound.
TEST(BroadcastProperty, EveryReaderGetsTheWholeAnswerOrAnAbort) {
  EXPECT_TRUE(rc::check([] {
    Broadcast broadcast(limits);
    std::map<Broadcast::Reader, std::string> got;
    got[*broadcast.join()] = "";
    std::string whole;
    TimePoint now = start;
    bool ended = false;
    for (int step = 0; step < 400; ++step) {
      now += std::chrono::milliseconds(*rc::gen::inRange(0, 400));
      switch (*rc::gen::inRange(0, 8)) {
        case 0:
          if (const auto joined = broadcast.join()) got[*joined] = "";
          break;
        case 1:
        case 2:
          if (ended || !broadcast.has_room() || broadcast.readers() == 0) break;
          if (*rc::gen::inRange(0, 20) == 0) {
            broadcast.put(merger::Finish{}, now);
            ended = true;
          } else {
            std::string text =
                std::to_string(step) + std::string(*rc::gen::inRange<size_t>(0, 90), ',');
            whole += text;
            broadcast.put(bytes(std::move(text)), now);
          }
          break;
        case 3:
          broadcast.cut(now);
          break;
        default: {
          if (got.empty()) break;
          const auto at =
              std::next(got.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(got)));
          const AnswerItem* item = broadcast.next(at->first);
          if (item == nullptr) break;
          if (const auto* piece = std::get_if<AnswerBytes>(item)) {
            at->second += piece->pieces.at(0);
            broadcast.sent(at->first, now);
          } else {
            if (std::holds_alternative<merger::Finish>(*item)) RC_ASSERT(at->second == whole);
            broadcast.leave(at->first, now);
            got.erase(at);
          }
        }
      }
      for (const auto& [reader, text] : got) RC_ASSERT(whole.starts_with(text));
    }
  }));
}

}  // namespace
}  // namespace mread::serve
