#include "wire/bytes/bits.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mread::wire {
namespace {

RC_GTEST_PROP(BitsProperty, RoundTrip, ()) {
  const auto fields = *rc::gen::container<std::vector<std::pair<unsigned, uint64_t>>>(
      rc::gen::pair(rc::gen::inRange(1U, 65U), rc::gen::arbitrary<uint64_t>()));
  const auto low = [](uint64_t value, unsigned count) {
    return count == 64 ? value : value & ((uint64_t{1} << count) - 1);
  };
  BitWriter writer;
  std::string bits;
  for (const auto& [count, value] : fields) {
    writer.write(low(value, count), count);
    for (unsigned i = count; i-- > 0;) bits.push_back((value >> i & 1) != 0 ? '1' : '0');
  }
  const std::string_view bytes = writer.bytes();
  RC_ASSERT(bytes.size() == (bits.size() + 7) / 8);
  bits.resize(bytes.size() * 8, '0');
  for (size_t i = 0; i < bits.size(); ++i)
    RC_ASSERT((bytes[i / 8] >> (7 - i % 8) & 1) == bits[i] - '0');

  const std::string copy(bytes);  // So that a sanitizer sees the end.
  BitReader reader(copy);
  for (const auto& [count, value] : fields) RC_ASSERT(reader.read(count) == low(value, count));
  RC_ASSERT(!reader.overrun());
}

TEST(BitReaderTest, BehindTheEndAreZeros) {
  const std::string bytes("\xff\xff", 2);
  BitReader reader(bytes);
  EXPECT_EQ(reader.read(10), 0x3ff);
  EXPECT_FALSE(reader.overrun());
  EXPECT_EQ(reader.read(10), 0x3f0);
  EXPECT_TRUE(reader.overrun());
  EXPECT_EQ(reader.read(64), 0);
  EXPECT_EQ(BitReader().read(1), 0);
}

TEST(BitReaderTest, EveryBitMayBeTaken) {
  for (size_t size = 0; size < 20; ++size) {
    const std::string bytes(size, '\xa5');
    BitReader reader(bytes);
    for (size_t i = 0; i < size * 8; ++i) EXPECT_EQ(reader.read(1), 0xa5U >> (7 - i % 8) & 1);
    EXPECT_FALSE(reader.overrun());
    reader.read(1);
    EXPECT_TRUE(reader.overrun());
  }
}

TEST(BitWriterTest, BytesCanBeLookedAtInBetween) {
  BitWriter writer;
  EXPECT_EQ(writer.bytes(), "");
  writer.write(1, 1);
  EXPECT_EQ(writer.bytes(), "\x80");
  writer.write(1, 7);
  EXPECT_EQ(writer.bytes(), "\x81");
  writer.write(0x4142434445464748, 64);
  EXPECT_EQ(writer.bytes(),
            "\x81"
            "ABCDEFGH");
  writer.clear();
  EXPECT_EQ(writer.bytes(), "");
}

}  // namespace
}  // namespace mread::wire
