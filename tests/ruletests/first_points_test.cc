#include "ruletests/first_points.h"

#include <gtest/gtest.h>

#include "mockstore/notation/value_sequence.h"

namespace mread::ruletests {
namespace {

TEST(FirstPoints, CutsWithinARepetition) {
  EXPECT_EQ(first_points("1 2 3", 2), "1 2");
  EXPECT_EQ(first_points("0+10x100 5", 3), "0+10x2");
  EXPECT_EQ(first_points("-1-2x3 7", 9), "-1-2x3 7");
  EXPECT_EQ(first_points("_x3 1", 2), "_x2");
  EXPECT_EQ(first_points("1x3 0x3", 5), "1x3 0x0");
  EXPECT_EQ(first_points(" stale  _ Inf ", 2), "stale _");
  EXPECT_EQ(first_points("{{schema:0 count:1 buckets:[1 2]}}x3 1", 2),
            "{{schema:0 count:1 buckets:[1 2]}}x1");
  EXPECT_EQ(first_points("", 2), "");
  EXPECT_EQ(first_points("1", 0), "");
}

TEST(FirstPoints, AreThoseOfTheWhole) {
  const std::string whole =
      "1 _ 0+10x4 stale _x3 {{count:1 sum:2}}+{{count:1}}x2 -4-1x2 _x0 7x0 NaN 1e3x2";
  const auto size = mockstore::ValueSequence::parse(whole)->size();
  model::Series all;
  mockstore::ValueSequence::parse(whole)->expand({0, 1}, all);
  for (uint64_t points = 0; points <= size + 1; ++points) {
    const auto cut = mockstore::ValueSequence::parse(first_points(whole, points));
    ASSERT_TRUE(cut) << points;
    EXPECT_EQ(cut->size(), std::min(points, size));
    model::Series some;
    cut->expand({0, 1}, some);
    ASSERT_LE(some.samples.size(), all.samples.size());
    EXPECT_TRUE(std::equal(some.samples.begin(), some.samples.end(), all.samples.begin()));
  }
}

}  // namespace
}  // namespace mread::ruletests
