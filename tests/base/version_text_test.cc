#include "base/version_text.h"

#include <gtest/gtest.h>

namespace mread {
namespace {

using Version = std::vector<int>;

TEST(ParseVersion, TakesNumbersBetweenPoints) {
  EXPECT_EQ(parse_version("v3.5"), (Version{3, 5}));
  EXPECT_EQ(parse_version("3.5.3"), (Version{3, 5, 3}));
  EXPECT_EQ(parse_version("2"), (Version{2}));
  EXPECT_EQ(parse_version("2.053.10"), (Version{2, 53, 10}));
}

TEST(ParseVersion, OtherTextIsNoVersion) {
  for (const char* text : {"", "v", "vv3", "latest", "3.", ".3", "3..5", "3.5-rc.1", "3,5", "-3",
                           "3.-5", " 3", "3 ", "99999999999"}) {
    EXPECT_FALSE(parse_version(text)) << text;
  }
}

TEST(CompareVersions, TheFirstNumberThatDiffersDecides) {
  EXPECT_LT(compare_versions({2, 53}, {3, 0}), 0);
  EXPECT_GT(compare_versions({3, 10}, {3, 9}), 0) << "as numbers, not as text";
  EXPECT_LT(compare_versions({3, 5, 2}, {3, 5, 3}), 0);
}

TEST(CompareVersions, NumbersThatOnlyOneHasDoNotCount) {
  EXPECT_EQ(compare_versions({3, 5}, {3, 5, 3}), 0);
  EXPECT_EQ(compare_versions({3, 5, 3}, {3}), 0);
  EXPECT_EQ(compare_versions({3, 5}, {3, 5}), 0);
}

}  // namespace
}  // namespace mread
