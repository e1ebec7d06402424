#include "base/clock.h"

#include <gtest/gtest.h>

#include "base/timestamp.h"

namespace mread {
namespace {

TEST(RealClockTest, NeverGoesBack) {
  const Clock& clock = real_clock();
  const auto before = clock.now();
  EXPECT_GE(clock.now(), before);
}

TEST(RealClockTest, TellsTheMachinesTime) {
  const int64_t before = wall_clock_ms();
  const int64_t told = real_clock().wall_ms();
  EXPECT_GE(told, before);
  EXPECT_LE(told, wall_clock_ms());
}

}  // namespace
}  // namespace mread
