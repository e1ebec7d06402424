#include "wire/xor_chunk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "generators.h"

namespace mread::wire {
namespace {

using namespace std::string_literals;
using model::Sample;

std::string encode(const std::vector<Sample>& samples) {
  XorWriter writer;
  for (const Sample& sample : samples) writer.append(sample);
  return std::string(writer.bytes());
}

std::vector<Sample> decode(const std::string& chunk, std::optional<Error>* error = nullptr) {
  XorReader reader(chunk);
  std::vector<Sample> samples;
  for (Sample sample; reader.next(sample);) samples.push_back(sample);
  EXPECT_EQ(reader.ok(), samples.size() == reader.count() && chunk.size() >= 2);
  if (error != nullptr) *error = reader.error();
  return samples;
}

RC_GTEST_PROP(XorChunkProperty, RoundTrip, ()) {
  const std::vector<Sample> samples = *test::chunk_samples();
  std::optional<Error> error;
  RC_ASSERT(decode(encode(samples), &error) == samples);
  RC_ASSERT(!error);
}

RC_GTEST_PROP(XorChunkProperty, RoundTripOfAnyTimestamps, ()) {
  const std::vector<Sample> samples = *test::wild_samples();
  RC_ASSERT(decode(encode(samples)) == samples);
}

RC_GTEST_PROP(XorChunkProperty, WritesInPiecesOfAnySize, ()) {
  const std::vector<Sample> samples = *test::chunk_samples();
  const auto piece = *rc::gen::inRange<size_t>(1, 40);
  XorWriter writer;
  for (size_t i = 0; i < samples.size(); i += piece) {
    writer.append(std::span(samples).subspan(i, std::min(piece, samples.size() - i)));
    if (*rc::gen::inRange(0, 4) == 0) writer.bytes();
  }
  RC_ASSERT(writer.count() == samples.size());
  RC_ASSERT(writer.bytes() == encode(samples));
}

RC_GTEST_PROP(XorChunkProperty, ReadsInPiecesOfAnySize, ()) {
  const std::vector<Sample> samples = *test::chunk_samples();
  const std::string chunk = encode(samples);
  XorReader reader(chunk);
  std::vector<Sample> got;
  const auto piece = *rc::gen::inRange<size_t>(1, 40);
  std::vector<Sample> buffer(piece);
  while (const size_t read = reader.read(buffer))
    got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(read));
  RC_ASSERT(reader.ok());
  RC_ASSERT(got == samples);
}

RC_GTEST_PROP(XorChunkProperty, EveryTruncationIsNoticed, ()) {
  const std::vector<Sample> samples = *test::chunk_samples();
  const std::string chunk = encode(samples);
  for (size_t size = 0; size < chunk.size(); ++size) {
    std::optional<Error> error;
    const std::vector<Sample> got = decode(chunk.substr(0, size), &error);
    RC_ASSERT(error.has_value());
    RC_ASSERT(got.size() < samples.size() || samples.empty());
    RC_ASSERT(std::equal(got.begin(), got.end(), samples.begin()));
  }
}

TEST(XorWriterTest, KnowsItsRange) {
  XorWriter writer;
  EXPECT_TRUE(writer.empty());
  EXPECT_EQ(writer.bytes(), "\0\0"s);
  writer.append({5, 1});
  writer.append({9, 1});
  EXPECT_EQ(writer.count(), 2);
  EXPECT_EQ(writer.min_time_ms(), 5);
  EXPECT_EQ(writer.max_time_ms(), 9);
  const std::string first(writer.bytes());
  writer.reset();
  EXPECT_TRUE(writer.empty());
  writer.append({5, 1});
  writer.append({9, 1});
  EXPECT_EQ(writer.bytes(), first);
}

TEST(XorReaderTest, LargestChunk) {
  std::vector<Sample> samples;
  for (int64_t i = 0; i < UINT16_MAX; ++i) samples.push_back(Sample::of(15000 * i, static_cast<double>(i / 3)));
  EXPECT_EQ(decode(encode(samples)), samples);
}

// PROTOCOL.md, trap 3.
TEST(XorReaderTest, NansKeepTheirBits) {
  const std::vector<Sample> samples{
      {1, model::normal_nan_bits}, {2, model::stale_nan_bits}, {3, model::normal_nan_bits}, {4, 0xfff8000000000123}};
  EXPECT_EQ(decode(encode(samples)), samples);
}

// What Prometheus writes when it goes on with a chunk, after a restart, whose values were all equal: the old window is
// used without having been announced.
TEST(XorReaderTest, WindowThatWasNeverAnnounced) {
  BitWriter bits;
  bits.write(2, 16);
  bits.write(0x02, 8);  // First timestamp: 1.
  bits.write(0x3ff0000000000000, 64);
  bits.write(0x05, 8);  // Second: 5 later.
  bits.write(0b10, 2);  // As the last one: all 64 bits.
  bits.write(0x0070000000000001, 64);
  EXPECT_EQ(decode(std::string(bits.bytes())), (std::vector<Sample>{{1, 0x3ff0000000000000}, {6, 0x3f80000000000001}}));
}

struct BrokenCase {
  const char* name;
  std::string chunk;
  size_t samples;
  const char* message;
};
void PrintTo(const BrokenCase& broken, std::ostream* out) { *out << broken.name; }
class BrokenChunkTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenChunkTest, KeepsWhatWasBefore) {
  std::optional<Error> error;
  EXPECT_EQ(decode(GetParam().chunk, &error).size(), GetParam().samples);
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->is(Errc::malformed));
  EXPECT_EQ(error->to_string(), GetParam().message);
}

std::string one() { return "\x00\x02\x02\x3f\xf0\x00\x00\x00\x00\x00\x00"s; }

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenChunkTest,
    testing::Values(
        BrokenCase{"Empty", "", 0, "XOR chunk, sample 0 of 0: it is shorter than its header"},         //
        BrokenCase{"OneByte", "\x00"s, 0, "XOR chunk, sample 0 of 0: it is shorter than its header"},  //
        BrokenCase{"OnlyCount", "\x00\x05"s, 0, "XOR chunk, sample 0 of 5: no valid timestamp"},       //
        BrokenCase{"EndlessTimestamp", "\x00\x05"s + std::string(20, '\x80'), 0,
                   "XOR chunk, sample 0 of 5: no valid timestamp"},                                                   //
        BrokenCase{"NoValue", "\x00\x01\x02\x3f"s, 0, "XOR chunk, sample 0 of 1: the chunk ends before the value"},   //
        BrokenCase{"NoSecond", one(), 1, "XOR chunk, sample 1 of 2: no valid timestamp"},                             //
        BrokenCase{"NoSecondValue", one() + "\x05", 1, "XOR chunk, sample 1 of 2: the chunk ends before the value"},  //
        BrokenCase{"TooWide", one() + "\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 1,
                   "XOR chunk, sample 1 of 2: a value wider than 64 bits"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::wire
