#include "base/timestamp.h"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace mread {
namespace {

constexpr int64_t now = 1'795'287'600'000;  // 2026-11-21T19:00:00Z

struct ParseCase {
  std::string text;
  std::optional<int64_t> want;
};

TEST(Timestamp, Parses) {
  for (const ParseCase& c : std::vector<ParseCase>{
           {"now", now},
           {"now-1h", now - 3'600'000},
           {"now+1m30s", now + 90'000},
           {"2026-11-21T19:00:00Z", now},
           {"2026-11-21T20:00:00+01:00", now},
           {"2026-11-21T17:30:00.25-01:30", now + 250},
           {"2026-11-21t19:00:00.1239z", now + 123},
           {"1970-01-01T00:00:00Z", 0},
           {"0", 0},
           {"1700000000", 1'700'000'000'000},
           {"1700000000.5", 1'700'000'000'500},
           {"1700000000.123", 1'700'000'000'123},
           {"-3", -3000},
           {"", std::nullopt},
           {"now-", std::nullopt},
           {"now1h", std::nullopt},
           {"now-1.5h", std::nullopt},
           {"nowish", std::nullopt},
           {"2026-11-21", std::nullopt},
           {"2026-11-21T19:00:00", std::nullopt},
           {"2026-02-30T19:00:00Z", std::nullopt},
           {"2026-11-21T24:00:00Z", std::nullopt},
           {"2026-11-21T19:00:00Zx", std::nullopt},
           {"2026-11-21T19:00:00.Z", std::nullopt},
           {"12x", std::nullopt},
           {"inf", std::nullopt},
           {"99999999999999999", std::nullopt},
       }) {
    const auto got = parse_timestamp(c.text, now);
    EXPECT_EQ(got.has_value(), c.want.has_value()) << c.text;
    if (got && c.want) {
      EXPECT_EQ(*got, *c.want) << c.text;
    }
    if (!got) {
      EXPECT_TRUE(got.error().is(Errc::config));
    }
  }
}

TEST(Timestamp, FormatsWhatItParses) {
  EXPECT_EQ(format_timestamp(now), "2026-11-21T19:00:00Z");
  EXPECT_EQ(format_timestamp(now + 7), "2026-11-21T19:00:00.007Z");
  EXPECT_EQ(format_timestamp(-1), "1969-12-31T23:59:59.999Z");
  for (const int64_t time :
       {int64_t{0}, now, now - 1, int64_t{-62'000'000'000'000}, int64_t{253'402'300'799'999}}) {
    EXPECT_EQ(parse_timestamp(format_timestamp(time), 0).value(), time);
  }
}

}  // namespace
}  // namespace mread
