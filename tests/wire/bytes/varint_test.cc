#include "wire/bytes/varint.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mread::wire {
namespace {

std::string put(uint64_t value) {
  std::string out;
  append_varint(out, value);
  return out;
}

TEST(VarintTest, SizesAtTheEdges) {
  EXPECT_EQ(varint_size(0), 1);
  for (unsigned bits = 1; bits <= 64; ++bits) {
    const uint64_t top = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    EXPECT_EQ(varint_size(top), (bits + 6) / 7);
    EXPECT_EQ(put(top).size(), varint_size(top));
  }
}

TEST(VarintTest, LongerThanNeededIsRead) {
  const std::string padded("\x81\x80\x00", 3);
  const char* p = padded.data();
  uint64_t value = 0;
  ASSERT_TRUE(get_varint(p, p + padded.size(), value));
  EXPECT_EQ(value, 1);
  EXPECT_EQ(p, padded.data() + 3);
}

TEST(VarintTest, RefusesWhatNeverEndsOrOverflows) {
  for (const std::string& bytes :
       {std::string(), std::string("\x80"), std::string(9, '\xff'), std::string(10, '\x80'),
        std::string(20, '\xff'), std::string(9, '\xff') + '\x02',
        std::string(10, '\x80') + '\x01'}) {
    const char* p = bytes.data();
    uint64_t value = 7;
    EXPECT_FALSE(get_varint(p, p + bytes.size(), value));
    EXPECT_EQ(p, bytes.data());
    EXPECT_EQ(value, 7);
  }
}

RC_GTEST_PROP(VarintProperty, RoundTrip, (uint64_t value)) {
  const std::string bytes = put(value);
  const char* p = bytes.data();
  uint64_t read = ~value;
  RC_ASSERT(get_varint(p, p + bytes.size(), read));
  RC_ASSERT(read == value);
  RC_ASSERT(p == bytes.data() + bytes.size());
  p = bytes.data();
  RC_ASSERT(!get_varint(p, p + bytes.size() - 1, read));
}

TEST(ZigzagTest, SmallMagnitudesAreSmall) {
  EXPECT_EQ(zigzag(0), 0);
  EXPECT_EQ(zigzag(-1), 1);
  EXPECT_EQ(zigzag(1), 2);
  EXPECT_EQ(zigzag(INT64_MAX), ~uint64_t{0} - 1);
  EXPECT_EQ(zigzag(INT64_MIN), ~uint64_t{0});
}

RC_GTEST_PROP(ZigzagProperty, RoundTrip, (int64_t value)) {
  RC_ASSERT(unzigzag(zigzag(value)) == value);
}

}  // namespace
}  // namespace mread::wire
