#include "merger/policy/policy.h"

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using namespace std::chrono_literals;

// The words are those of mread.yml: Config::describe() writes them, and reads them again.
TEST(PolicyWords, AreThoseOfTheConfiguration) {
  EXPECT_STREQ(to_string(OnConflict::first), "first");
  EXPECT_STREQ(to_string(OnConflict::max), "max");
  EXPECT_STREQ(to_string(OnConflict::min), "min");
  EXPECT_STREQ(to_string(OnConflict::live), "live");
  EXPECT_STREQ(to_string(Dedup::union_), "union");
  EXPECT_STREQ(to_string(Dedup::gapfill), "gapfill");
  EXPECT_STREQ(to_string(ChunkEncodings::compatible), "compatible");
  EXPECT_STREQ(to_string(ChunkEncodings::newer), "newer");
  EXPECT_STREQ(to_string(PartialPolicy::all), "all");
  EXPECT_STREQ(to_string(PartialPolicy::group), "group");
  EXPECT_STREQ(to_string(PartialPolicy::any), "any");
}

TEST(PolicyWords, AHedgeIsAQuantileOrADuration) {
  EXPECT_EQ(to_string(HedgeAfter{0ms, 0.95}), "p95");
  EXPECT_EQ(to_string(HedgeAfter{0ms, 0.5}), "p50");
  EXPECT_EQ(to_string(HedgeAfter{1500ms, 0}), "1s500ms");
  EXPECT_EQ(to_string(HedgeAfter{1500ms, 0.99}), "p99") << "the quantile counts";
}

TEST(PruneSettings, LearnsOfEveryBackendThatIsNotExcepted) {
  PruneSettings settings;
  EXPECT_TRUE(settings.learns(0));
  settings.except = {2, 0};
  EXPECT_FALSE(settings.learns(0));
  EXPECT_TRUE(settings.learns(1));
  EXPECT_FALSE(settings.learns(2));
}

TEST(PruneSettings, APathThatTheFileGivesIsThatBackendsAlone) {
  PruneSettings settings;
  settings.api = {{1, "/prefix/api/v1"}, {3, ""}};
  EXPECT_EQ(settings.api_of(1), "/prefix/api/v1");
  EXPECT_EQ(settings.api_of(3), "") << "given, and empty";
  EXPECT_EQ(settings.api_of(0), std::nullopt);
}

}  // namespace
}  // namespace mread::merger
