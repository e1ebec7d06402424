#include "merger/combine/sample_order.h"

#include <vector>

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

bool increasing(std::vector<model::Sample> samples) { return is_increasing(samples); }

TEST(SampleOrder, TimesStrictlyIncreaseFromFirstToLast) {
  EXPECT_TRUE(increasing({}));
  EXPECT_TRUE(increasing({{5, 1}}));
  EXPECT_TRUE(increasing({{INT64_MIN, 3}, {0, 2}, {INT64_MAX, 1}})) << "values do not count";
  EXPECT_FALSE(increasing({{1, 0}, {1, 1}})) << "one sample a timestamp";
  EXPECT_FALSE(increasing({{1, 0}, {3, 0}, {2, 0}})) << "the last one counts too";
}

}  // namespace
}  // namespace mread::merger
