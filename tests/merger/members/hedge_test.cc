#include "merger/members/hedge.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace mread::merger {
namespace {

using namespace std::chrono_literals;
using State = HedgePlan::State;

constexpr TimePoint start{};
const auto always = [] { return true; };
const auto never = [] { return false; };

std::vector<size_t> asked(HedgePlan& plan, TimePoint now,
                          const std::function<bool()>& may_hedge = always) {
  std::vector<size_t> members;
  while (const auto next = plan.next(now, may_hedge)) members.push_back(*next);
  return members;
}

using Members = std::vector<size_t>;

TEST(HedgePlan, AsksAsManyAsAreNeeded) {
  HedgePlan one(1, {1s, 1s, 1s});
  EXPECT_EQ(asked(one, start), Members({0}));
  EXPECT_EQ(one.due(), start + 1s);
  HedgePlan two(2, {3s, 2s, 1s});
  EXPECT_EQ(asked(two, start), Members({0, 1}));
  EXPECT_EQ(two.due(), start + 2s);
  HedgePlan more_than_there_are(3, {1s});
  EXPECT_EQ(asked(more_than_there_are, start), Members({0}));
  EXPECT_FALSE(more_than_there_are.due());
}

TEST(HedgePlan, AsksOneMoreAfterTheDelayOfTheOneThatIsLate) {
  HedgePlan plan(1, {1s, 5s, 1s});
  asked(plan, start);
  EXPECT_EQ(asked(plan, start + 999ms), Members());
  EXPECT_EQ(asked(plan, start + 1s), Members({1}));
  EXPECT_TRUE(plan.late(0));
  EXPECT_TRUE(plan.is_hedge(1));
  // The hedge is late in its turn, by its own delay.
  EXPECT_EQ(plan.due(), start + 6s);
  EXPECT_EQ(asked(plan, start + 6s), Members({2}));
  EXPECT_FALSE(plan.due());
  plan.note(1, State::ready);
  plan.note(0, State::dropped);
  plan.note(2, State::dropped);
  EXPECT_EQ(asked(plan, start + 60s), Members());
  EXPECT_EQ(plan.counts(), (HedgeCounts{1, 1, 0}));
  EXPECT_TRUE(plan.won(1));
}

TEST(HedgePlan, AFailureIsMadeGoodAtOnceAndIsNoHedge) {
  HedgePlan plan(1, {1s, 1s});
  asked(plan, start);
  plan.note(0, State::failed);
  EXPECT_EQ(asked(plan, start + 1ms, never), Members({1}));
  EXPECT_FALSE(plan.is_hedge(1));
  plan.note(1, State::ready);
  EXPECT_EQ(plan.counts(), HedgeCounts());
}

TEST(HedgePlan, AHedgeUnderWayIsTheReplacement) {
  HedgePlan plan(1, {1s, 1s, 1s});
  asked(plan, start);
  EXPECT_EQ(asked(plan, start + 1s), Members({1}));
  plan.note(0, State::failed);
  EXPECT_EQ(asked(plan, start + 1500ms), Members());
  plan.note(1, State::failed);
  EXPECT_EQ(asked(plan, start + 1600ms, never), Members({2}));
  EXPECT_EQ(plan.counts(), (HedgeCounts{0, 1, 0}));
}

TEST(HedgePlan, WhatTheBudgetRefusesStaysRefused) {
  HedgePlan plan(2, {1s, 1s, 1s});
  asked(plan, start);
  EXPECT_EQ(asked(plan, start + 1s, never), Members());
  EXPECT_EQ(plan.counts(), (HedgeCounts{0, 0, 2}));
  EXPECT_EQ(asked(plan, start + 2s), Members());
  EXPECT_FALSE(plan.due());
}

TEST(HedgePlan, NobodyIsAskedOnceEnoughAreReady) {
  HedgePlan plan(1, {1s, 1s});
  asked(plan, start);
  plan.note(0, State::ready);
  EXPECT_FALSE(plan.due());
  EXPECT_EQ(asked(plan, start + 1h), Members());
  EXPECT_EQ(plan.counts(), HedgeCounts());
}

TEST(HedgeDelay, IsADurationOrAQuantile) {
  Backend backend;
  backend.timeout = 8s;
  EXPECT_EQ(hedge_delay({250ms, 0}, backend, 3s), 250ms);
  EXPECT_EQ(hedge_delay({0ms, 0.95}, backend, 3s), 3s);
  EXPECT_EQ(hedge_delay({0ms, 0.95}, backend, std::nullopt), 800ms);
}

TEST(HedgeBudget, TheFirstIsFreeAndThenOneForTenReads) {
  HedgeBudget budget;
  EXPECT_TRUE(budget.take());
  EXPECT_FALSE(budget.take());
  for (int i = 0; i < 9; ++i) budget.count_read();
  EXPECT_FALSE(budget.take());
  budget.count_read();
  EXPECT_TRUE(budget.take());
  EXPECT_FALSE(budget.take());
}

TEST(HedgeBudget, SavesTenAtTheMost) {
  HedgeBudget budget;
  for (int i = 0; i < 1'000'000; ++i) budget.count_read();
  int taken = 0;
  while (budget.take()) ++taken;
  EXPECT_EQ(taken, 10);
}

TEST(HedgeBudgetProperty, NeverMoreThanATenthBeyondTheFirst) {
  EXPECT_TRUE(rc::check([](const std::vector<bool>& events) {
    HedgeBudget budget;
    size_t reads = 0;
    size_t hedges = 0;
    for (const bool read : events) {
      if (read) {
        budget.count_read();
        ++reads;
      } else if (budget.take()) {
        ++hedges;
      }
      RC_ASSERT(hedges <= 1 + reads / 10);
    }
  }));
}

}  // namespace
}  // namespace mread::merger
