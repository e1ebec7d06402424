#include "base/duration.h"

#include <limits>

#include <gtest/gtest.h>

namespace mread {
namespace {

using namespace std::chrono_literals;

struct DurationCase {
  const char* text;
  std::chrono::milliseconds duration;
};
class DurationTest : public testing::TestWithParam<DurationCase> {};

TEST_P(DurationTest, Parses) {
  const auto duration = parse_duration(GetParam().text);
  ASSERT_TRUE(duration) << duration.error().to_string();
  EXPECT_EQ(*duration, GetParam().duration);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DurationTest,
    testing::Values(DurationCase{"0", 0ms}, DurationCase{"0s", 0ms}, DurationCase{"500ms", 500ms},
                    DurationCase{"15s", 15s}, DurationCase{"1h30m", 90min},
                    DurationCase{"1m500ms", 60500ms}, DurationCase{"90s", 90s},
                    DurationCase{"1d", 24h}, DurationCase{"1w", 168h}, DurationCase{"1y", 8760h},
                    DurationCase{"1y1w1d1h1m1s1ms", 8760h + 168h + 24h + 1h + 1min + 1001ms}));

TEST(DurationTest, RefusesTheRest) {
  for (const char* text :
       {"", "10", "1.5h", "-5s", "s", "5 s", "1m1h", "1s1s", "5x", "1h 30m", "1e3s", "00", "1µs",
        "9223372036854775807y", "99999999999999999999s", "300000000y", "5S"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_TRUE(duration.error().is(Errc::config));
    EXPECT_EQ(duration.error().to_string(),
              "\"" + std::string(text) +
                  "\" is not a duration; write it as in Prometheus, e.g. 500ms, 15s, 1h30m");
  }
}

TEST(FormatDurationTest, IsTheShortest) {
  EXPECT_EQ(format_duration(0ms), "0s");
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(1ms), "1ms");
  EXPECT_EQ(format_duration(24h * 400), "400d");
  EXPECT_EQ(format_duration(-1500ms), "-1s500ms");
  EXPECT_EQ(format_duration(std::chrono::milliseconds(std::numeric_limits<int64_t>::min())).front(),
            '-');
}

TEST(FormatDurationTest, IsReadBack) {
  for (const auto duration : {1ms, 999ms, 1000ms, 61001ms, 86400000ms, 90061001ms})
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
}

}  // namespace
}  // namespace mread
