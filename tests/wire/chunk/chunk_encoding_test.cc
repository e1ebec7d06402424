#include "wire/chunk/chunk_encoding.h"

#include <string>

#include <gtest/gtest.h>

namespace mread::wire {
namespace {

struct Case {
  ChunkEncoding encoding;
  const char* name;
  bool is_known;
  bool is_newer;
  bool has_floats;
  ChunkEncoding compatible;
  ChunkEncoding newer;
};

class ChunkEncodingTest : public testing::TestWithParam<Case> {};

TEST_P(ChunkEncodingTest, KnowsItsKind) {
  const Case& want = GetParam();
  EXPECT_STREQ(to_string(want.encoding), want.name);
  EXPECT_EQ(is_known(want.encoding), want.is_known);
  EXPECT_EQ(is_newer(want.encoding), want.is_newer);
  EXPECT_EQ(has_floats(want.encoding), want.has_floats);
  EXPECT_EQ(compatible(want.encoding), want.compatible);
  EXPECT_EQ(newer(want.encoding), want.newer);
}

using enum ChunkEncoding;
constexpr auto unlisted = static_cast<ChunkEncoding>(7);
constexpr auto negative = static_cast<ChunkEncoding>(-1);
INSTANTIATE_TEST_SUITE_P(
    Numbers, ChunkEncodingTest,
    testing::Values(Case{ChunkEncoding::unknown, "unknown", false, false, false,
                         ChunkEncoding::unknown, ChunkEncoding::unknown},
                    Case{xor_, "xor", true, false, true, xor_, xor2},
                    Case{histogram, "histogram", true, false, false, histogram, histogram_st},
                    Case{float_histogram, "float_histogram", true, false, false, float_histogram,
                         float_histogram_st},
                    Case{xor2, "xor2", true, true, true, xor_, xor2},
                    Case{histogram_st, "histogram_st", true, true, false, histogram, histogram_st},
                    Case{float_histogram_st, "float_histogram_st", true, true, false,
                         float_histogram, float_histogram_st},
                    Case{unlisted, "unknown", false, false, false, unlisted, unlisted},
                    Case{negative, "unknown", false, false, false, negative, negative}),
    [](const auto& param_info) {
      const auto number = static_cast<int>(param_info.param.encoding);
      return number < 0 ? std::string("Negative") : "Number" + std::to_string(number);
    });

TEST(ChunkEncodingTest, TheCountSharesAByteWithTheResetHeader) {
  const std::string data("\xc1\x02\x40", 3);
  EXPECT_EQ(claimed_samples(xor_, data), 0xc102U);
  EXPECT_EQ(claimed_samples(histogram, data), 0xc102U);
  EXPECT_EQ(claimed_samples(histogram_st, data), 0x0102U);
  EXPECT_EQ(counter_reset_header(histogram, data), CounterResetHeader::not_reset);
  EXPECT_EQ(counter_reset_header(float_histogram_st, data), CounterResetHeader::gauge);
  EXPECT_EQ(counter_reset_header(xor_, data), CounterResetHeader::unknown);
  EXPECT_EQ(counter_reset_header(histogram, data.substr(0, 2)), CounterResetHeader::unknown);
}

}  // namespace
}  // namespace mread::wire
