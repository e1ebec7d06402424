#include "scenarios/language/comparison.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

Comparison parsed(const std::string& text) {
  return Comparison::parse(yaml::Node::parse("'" + text + "'", "c.yaml"));
}

TEST(ComparisonTest, Holds) {
  EXPECT_TRUE(parsed("8").holds(8));
  EXPECT_FALSE(parsed("8").holds(9));
  EXPECT_TRUE(parsed("8").holds(8 * (1 + 1e-10)));
  EXPECT_TRUE(parsed(">= 2").holds(2));
  EXPECT_FALSE(parsed("> 2").holds(2));
  EXPECT_TRUE(parsed("<3").holds(2.9));
  EXPECT_TRUE(parsed("!= 0").holds(1));
  EXPECT_TRUE(parsed("1..3").holds(3));
  EXPECT_FALSE(parsed("1..3").holds(3.5));
  EXPECT_TRUE(parsed("-2..-1").holds(-1.5));
  EXPECT_FALSE(parsed("< 3").holds(std::nan("")));
}

TEST(ComparisonTest, RefusesWhatIsNone) {
  for (const char* text : {"", "a", ">=", "3..1", "1..", "> > 1"}) {
    EXPECT_THROW(parsed(text), yaml::ConfigError) << text;
  }
}

TEST(NearlyEqual, IsPromtools) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(nearly_equal(1, 1 + 1e-10));
  EXPECT_FALSE(nearly_equal(1, 1 + 1e-8));
  EXPECT_TRUE(nearly_equal(0, -0.0));
  EXPECT_TRUE(nearly_equal(inf, inf));
  EXPECT_FALSE(nearly_equal(inf, -inf));
  EXPECT_FALSE(nearly_equal(inf, 1e308));
  EXPECT_TRUE(nearly_equal(std::nan(""), std::nan("1")));
  EXPECT_FALSE(nearly_equal(std::nan(""), 1));
}

}  // namespace
}  // namespace mread::scenarios
