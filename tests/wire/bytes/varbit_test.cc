#include "wire/bytes/varbit.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace mread::wire {
namespace {

// Around every border of the classes, both signs.
std::vector<int64_t> border_values() {
  std::vector<int64_t> values = {0, INT64_MIN, INT64_MIN + 1, INT64_MAX};
  for (const unsigned bits : {3U, 6U, 9U, 12U, 18U, 25U, 56U}) {
    const int64_t top = int64_t{1} << (bits - 1);
    for (int64_t near = -2; near <= 2; ++near) {
      values.push_back(top + near);
      values.push_back(-top + near);
    }
  }
  return values;
}

TEST(Varbit, RoundTripsAtEveryBorder) {
  VarbitWriter writer("");
  for (const int64_t value : border_values()) {
    writer.varbit_int(value);
    writer.varbit_uint(static_cast<uint64_t>(value));
  }
  const std::string bytes = writer.finish();
  VarbitReader reader(bytes);
  for (const int64_t value : border_values()) {
    EXPECT_EQ(reader.varbit_int(), value);
    EXPECT_EQ(reader.varbit_uint(), static_cast<uint64_t>(value));
  }
  EXPECT_FALSE(reader.failed());
  EXPECT_LT(reader.bits_left(), 8U);
}

struct SizeCase {
  int64_t value;
  unsigned bits;
};

TEST(Varbit, SpendsTheBitsThatPrometheusSpends) {
  for (const SizeCase& c : {SizeCase{0, 1},
                            {4, 5},
                            {-3, 5},
                            {5, 9},
                            {-4, 9},
                            {32, 9},
                            {33, 13},
                            {256, 13},
                            {257, 17},
                            {2048, 17},
                            {2049, 24},
                            {131072, 24},
                            {131073, 32},
                            {16777216, 32},
                            {16777217, 64},
                            {int64_t{1} << 55, 64},
                            {(int64_t{1} << 55) + 1, 72}}) {
    VarbitWriter writer("");
    writer.varbit_int(c.value);
    const std::string bytes = writer.finish();
    EXPECT_EQ(bytes.size(), (c.bits + 7) / 8) << c.value;
    VarbitReader reader(bytes);
    EXPECT_EQ(reader.varbit_int(), c.value);
    EXPECT_EQ(reader.bits_left(), bytes.size() * 8 - c.bits) << c.value;
  }
}

TEST(Varbit, ReadsNothingBehindTheEnd) {
  VarbitReader reader("\xff");
  EXPECT_EQ(reader.varbit_uint(), 0U);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.bits_left(), 0U);
  EXPECT_EQ(reader.bits(1), 0U);
}

TEST(XorValue, RoundTripsAndRefusesAWindowBeyond64Bits) {
  const std::vector<uint64_t> values = {0,
                                        0x7ff0000000000002,
                                        1,
                                        0x8000000000000000,
                                        0x8000000000000001,
                                        0x4000000000000000,
                                        0x4008000000000000,
                                        0x4008000000000000,
                                        ~uint64_t{0}};
  VarbitWriter writer("");
  XorValue in;
  for (const uint64_t value : values) in.write(writer, value);
  const std::string bytes = writer.finish();
  VarbitReader reader(bytes);
  XorValue out;
  for (const uint64_t value : values) {
    ASSERT_TRUE(out.read(reader));
    EXPECT_EQ(out.bits, value);
  }

  VarbitWriter broken("");
  broken.bits(0b11, 2);
  broken.bits(31, 5);
  broken.bits(34, 6);
  broken.bits(0, 64);
  const std::string broken_bytes = broken.finish();
  VarbitReader broken_reader(broken_bytes);
  EXPECT_FALSE(out.read(broken_reader));
  EXPECT_TRUE(broken_reader.failed());
}

}  // namespace
}  // namespace mread::wire
