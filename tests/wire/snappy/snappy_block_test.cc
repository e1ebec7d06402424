#include "wire/snappy/snappy_block.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mread::wire {
namespace {

using namespace std::string_literals;

RC_GTEST_PROP(SnappyBlockProperty, RoundTrip, (const std::string& bytes)) {
  const std::string block = compress(bytes);
  RC_ASSERT(uncompress(block, bytes.size()).value() == bytes);
  if (!bytes.empty()) RC_ASSERT(uncompress(block, bytes.size() - 1).error().is(Errc::limit));
}

using SharedPieces = std::vector<std::shared_ptr<const std::string>>;

SharedPieces cut(const std::string& body, size_t size) {
  SharedPieces pieces;
  for (size_t i = 0; i < body.size(); i += size)
    pieces.push_back(std::make_shared<const std::string>(body, i, size));
  return pieces;
}

RC_GTEST_PROP(SnappyBlockProperty, PiecesAreTheSameAsTheWhole, (const std::string& some)) {
  std::string bytes;
  for (int i = *rc::gen::inRange(0, 200); i > 0; --i) bytes += some;
  std::string block = compress(bytes);
  if (*rc::gen::inRange(0, 2) == 0) block[*rc::gen::inRange<size_t>(0, block.size())] ^= 0x10;
  const size_t limit = *rc::gen::element<size_t>(10, 1 << 20);
  const auto whole = uncompress(block, limit);
  for (const size_t size :
       {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{100}, block.size()}) {
    const auto pieces = uncompress(cut(block, size), limit);
    RC_ASSERT(pieces.has_value() == whole.has_value());
    if (whole) {
      RC_ASSERT(pieces->view() == *whole);
    } else {
      RC_ASSERT(pieces.error().to_string() == whole.error().to_string());
    }
  }
}

TEST(SnappyBlockTest, LargePieces) {
  std::string bytes(7'000'000, 'x');
  for (size_t i = 0; i < bytes.size(); i += 1 + i % 57) bytes[i] = static_cast<char>(i);
  EXPECT_EQ(uncompress(cut(compress(bytes), 100'000), bytes.size()).value().view() == bytes, true);
  EXPECT_EQ(uncompress(SharedPieces(), 10).error().to_string(),
            "the body is empty, which no snappy block is");
}

TEST(SnappyBlockTest, TheMostGrowthIsNotRefused) {
  const std::string bytes(10'000'000, 'x');
  EXPECT_EQ(uncompress(compress(bytes), bytes.size()).value(), bytes);
}

struct BrokenCase {
  const char* name;
  std::string body;
  Errc errc;
  const char* message;
};
void PrintTo(const BrokenCase& broken, std::ostream* out) { *out << broken.name; }
class BrokenBlockTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenBlockTest, SaysWhatItIs) {
  const auto bytes = uncompress(GetParam().body, 1 << 20);
  ASSERT_FALSE(bytes);
  EXPECT_TRUE(bytes.error().is(GetParam().errc));
  EXPECT_EQ(bytes.error().to_string(), GetParam().message);
}

// docs/internals/traps.md, traps 9 and 11.
INSTANTIATE_TEST_SUITE_P(
    Table, BrokenBlockTest,
    testing::Values(
        BrokenCase{"Empty", "", Errc::truncated, "the body is empty, which no snappy block is"},  //
        BrokenCase{"FramedSnappy", "\xff\x06\x00\x00sNaPpY\x00\x05"s, Errc::unsupported,
                   "the body is framed snappy, not a snappy block"},  //
        BrokenCase{"Gzip", "\x1f\x8b\x08\x00\x00"s, Errc::unsupported,
                   "the body is gzip, not a snappy block"},  //
        BrokenCase{"Zstd", "\x28\xb5\x2f\xfd\x00"s, Errc::unsupported,
                   "the body is zstd, not a snappy block"},  //
        BrokenCase{"ErrorPage", "<html>502 Bad Gateway</html>\n", Errc::malformed,
                   "the body is text, not a snappy block: \"<html>502 Bad Gateway</html>\""},  //
        BrokenCase{"Claims4GiB",
                   "\xff\xff\xff\xff\x0f\x00"
                   "a"s,
                   Errc::malformed,
                   "a snappy block of 7 bytes cannot hold the 4294967295 that it claims"},        //
        BrokenCase{"LengthOnly", "\x05"s, Errc::malformed, "the body is no valid snappy block"},  //
        BrokenCase{"EndlessLength", "\xff\xff\xff\xff\xff\xff"s, Errc::malformed,
                   "the body is no valid snappy block: it begins with no length"},  //
        BrokenCase{"Truncated", compress("hello, world").substr(0, 8), Errc::malformed,
                   "the body is no valid snappy block"},  //
        BrokenCase{"OverLimit", compress(std::string((1 << 20) + 1, 'x')), Errc::limit,
                   "a snappy block of 1048577 bytes is above the limit of 1048576"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::wire
