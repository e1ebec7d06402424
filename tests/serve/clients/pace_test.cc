#include "serve/clients/pace.h"

#include <gtest/gtest.h>

namespace mread::serve {
namespace {

using namespace std::chrono_literals;

constexpr Pace::Limits limits{1'000, 10s};
const TimePoint start{};

TEST(PaceTest, WhoTakesNothingHasItsPatience) {
  Pace pace(limits, start, 5);
  EXPECT_TRUE(pace.observe(start + 9s, 5, true));
  EXPECT_TRUE(pace.observe(start + 9'999ms, 5, true));
  EXPECT_FALSE(pace.observe(start + 10s, 5, true));
}

TEST(PaceTest, WhereNobodyWaitsTimeIsFree) {
  Pace pace(limits, start, 0);
  EXPECT_TRUE(pace.observe(start + 9s, 0, true));
  EXPECT_TRUE(pace.observe(start + 1h, 0, false));
  EXPECT_TRUE(pace.observe(start + 1h + 900ms, 0, true));
  EXPECT_FALSE(pace.observe(start + 1h + 1s, 0, true));
}

TEST(PaceTest, WhoIsFastEnoughIsNeverTooSlow) {
  Pace pace(limits, start, 0);
  for (int second = 1; second < 10'000; ++second) {
    ASSERT_TRUE(pace.observe(start + std::chrono::seconds(second), 1'000ULL * second, true))
        << second;
  }
}

TEST(PaceTest, WhoTakesHalfHasTwiceThePatience) {
  Pace pace(limits, start, 0);
  int second = 1;
  while (pace.observe(start + std::chrono::seconds(second), 500ULL * second, true)) ++second;
  EXPECT_EQ(second, 20);
}

TEST(PaceTest, NothingIsSavedUp) {
  Pace pace(limits, start, 0);
  EXPECT_TRUE(pace.observe(start + 1s, 1'000'000'000, true));
  EXPECT_TRUE(pace.observe(start + 10s, 1'000'000'000, true));
  EXPECT_FALSE(pace.observe(start + 11s, 1'000'000'000, true));
}

}  // namespace
}  // namespace mread::serve
