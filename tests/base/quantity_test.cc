#include "base/quantity.h"

#include <gtest/gtest.h>

namespace mread {
namespace {

TEST(CountTest, Parses) {
  EXPECT_EQ(parse_count("0"), 0);
  EXPECT_EQ(parse_count("5000"), 5000);
  EXPECT_EQ(parse_count("5e6"), 5'000'000);
  EXPECT_EQ(parse_count("5e8"), 500'000'000);
  EXPECT_EQ(parse_count("1.5e3"), 1500);
  EXPECT_EQ(parse_count("18446744073709551615"), UINT64_MAX);
}

TEST(CountTest, RefusesTheRest) {
  for (const char* text : {"", "-1", "1.5", "1k", "e6", "nan", "inf", "1e30", "5 ", "0x10"}) {
    const auto count = parse_count(text);
    ASSERT_FALSE(count) << text;
    EXPECT_TRUE(count.error().is(Errc::config));
    EXPECT_EQ(
        count.error().to_string(),
        "\"" + std::string(text) + "\" is not a count; write a whole number, e.g. 5000 or 5e6");
  }
}

TEST(BytesTest, Parses) {
  EXPECT_EQ(parse_bytes("0"), 0);
  EXPECT_EQ(parse_bytes("512"), 512);
  EXPECT_EQ(parse_bytes("512B"), 512);
  EXPECT_EQ(parse_bytes("5e7"), 50'000'000);
  EXPECT_EQ(parse_bytes("1KB"), 1024);
  EXPECT_EQ(parse_bytes("1KiB"), 1024);
  EXPECT_EQ(parse_bytes("1.5MiB"), 1536 * 1024);
  EXPECT_EQ(parse_bytes("2GB"), uint64_t{2} << 30);
  EXPECT_EQ(parse_bytes("1TiB"), uint64_t{1} << 40);
}

TEST(BytesTest, RefusesTheRest) {
  for (const char* text : {"", "KiB", "1K", "1kb", "1 GiB", "-1", "1.2.3MiB", ".", "1PiB",
                           "99999999TiB", "1Gi", "nan"}) {
    const auto bytes = parse_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_TRUE(bytes.error().is(Errc::config));
    EXPECT_EQ(
        bytes.error().to_string(),
        "\"" + std::string(text) + "\" is not a size; write bytes or a unit, e.g. 512KiB or 1GiB");
  }
}

}  // namespace
}  // namespace mread
