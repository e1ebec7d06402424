#include "scenarios/running/load_schedule.h"

#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using namespace std::chrono_literals;
using Executor = Load::Executor;

Load load_of(Executor executor, std::vector<LoadStage> stages = {}) {
  Load load;
  load.executor = executor;
  load.stages = std::move(stages);
  return load;
}

TEST(LoadSchedule, AConstantRate) {
  Load load = load_of(Executor::constant_arrival_rate);
  load.rate = 10;
  load.warmup = 1s;
  load.duration = 2s;
  const LoadSchedule schedule(load);
  EXPECT_TRUE(schedule.is_open());
  EXPECT_EQ(schedule.length(), 3s);
  ASSERT_EQ(schedule.arrivals().size(), 30u);
  for (size_t i = 0; i < 30; ++i)
    EXPECT_NEAR(std::chrono::duration<double>(schedule.arrivals()[i]).count(), i / 10.0, 1e-6);
}

TEST(LoadSchedule, ARampOfTheRateHasTheRequestsOfItsAverage) {
  Load load = load_of(Executor::ramping_arrival_rate, {{10s, 20}, {5s, 20}, {10s, 0}});
  load.rate = 0;
  const LoadSchedule schedule(load);
  EXPECT_EQ(schedule.length(), 25s);
  const auto& arrivals = schedule.arrivals();
  EXPECT_NEAR(static_cast<double>(arrivals.size()), 300, 2);
  EXPECT_TRUE(std::is_sorted(arrivals.begin(), arrivals.end()));
  EXPECT_LT(arrivals.back(), 25s);
  const auto count_before = [&](std::chrono::nanoseconds time) {
    return std::lower_bound(arrivals.begin(), arrivals.end(), time) - arrivals.begin();
  };
  // A quarter of the way up: the square of it.
  EXPECT_NEAR(static_cast<double>(count_before(5s)), 25, 1);
  EXPECT_NEAR(static_cast<double>(count_before(10s)), 100, 1);
  EXPECT_NEAR(static_cast<double>(count_before(15s)), 200, 1);
}

TEST(LoadSchedule, IsBounded) {
  Load load = load_of(Executor::constant_arrival_rate);
  load.rate = 10'000;
  load.duration = 24h;
  EXPECT_EQ(LoadSchedule(load).arrivals().size(), Load::most_requests);
}

TEST(LoadSchedule, ConstantUsers) {
  Load load = load_of(Executor::constant_vus);
  load.vus = 3;
  load.duration = 10s;
  const LoadSchedule schedule(load);
  EXPECT_FALSE(schedule.is_open());
  EXPECT_EQ(schedule.most_users(), 3u);
  EXPECT_EQ(schedule.active_from(2, 0s), 0s);
  EXPECT_EQ(schedule.active_from(2, 9s), 9s);
  EXPECT_FALSE(schedule.active_from(2, 10s));
  EXPECT_FALSE(schedule.active_from(3, 0s));
}

TEST(LoadSchedule, UsersComeAndGo) {
  Load load = load_of(Executor::ramping_vus, {{10s, 10}, {10s, 0}, {10s, 5}});
  load.vus = 0;
  const LoadSchedule schedule(load);
  EXPECT_EQ(schedule.most_users(), 10u);
  EXPECT_EQ(schedule.active_from(0, 0s), 1s);
  EXPECT_EQ(schedule.active_from(4, 0s), 5s);
  EXPECT_EQ(schedule.active_from(4, 7s), 7s);
  EXPECT_EQ(schedule.active_from(4, 14s), 14s) << "six are wanted at 14 s";
  // At 16 s four are wanted; the fifth comes back with the second ramp's end, which is the load's.
  EXPECT_FALSE(schedule.active_from(4, 16s));
  EXPECT_EQ(schedule.active_from(3, 18s), 28s);
}

}  // namespace
}  // namespace mread::scenarios
