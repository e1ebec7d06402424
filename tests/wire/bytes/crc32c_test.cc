#include "wire/bytes/crc32c.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace mread::wire {
namespace {

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
TEST(Crc32cTest, KnownValues) {
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  for (const auto crc : {crc32c, crc32c_software}) {
    EXPECT_EQ(crc("", 0), 0);
    EXPECT_EQ(crc("123456789", 0), 0xe3069283);
    EXPECT_EQ(crc(std::string(32, '\0'), 0), 0x8a9136aa);
    EXPECT_EQ(crc(std::string(32, '\xff'), 0), 0x62a8ab43);
    EXPECT_EQ(crc(ascending, 0), 0x46dd794e);
  }
}

class Crc32cSizeTest : public testing::TestWithParam<size_t> {};

TEST_P(Crc32cSizeTest, WhatTheProcessorDoesIsWhatTheTableDoes) {
  std::mt19937_64 random(GetParam());
  std::string bytes(GetParam() + 7, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  for (size_t begin = 0; begin < 7; ++begin) {
    const auto part = std::string_view(bytes).substr(begin, GetParam());
    const auto before = static_cast<uint32_t>(random());
    EXPECT_EQ(crc32c(part, before), crc32c_software(part, before));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Crc32cSizeTest,
                         testing::Values(0, 1, 7, 8, 9, 63, 191, 192, 193, 215, 216, 620, 1024,
                                         3071, 3072, 3073, 6144, 10000, 100003));

TEST(Crc32cTest, Continues) {
  const std::string bytes(5000, 'x');
  for (const size_t cut : {size_t{0}, size_t{1}, size_t{13}, size_t{3072}, size_t{5000}}) {
    EXPECT_EQ(
        crc32c(std::string_view(bytes).substr(cut), crc32c(std::string_view(bytes).substr(0, cut))),
        crc32c(bytes));
  }
}

}  // namespace
}  // namespace mread::wire
