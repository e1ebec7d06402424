#include "wire/chunk/xor_chunk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/bytes/varint.h"
#include "wire/generators.h"

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

// A chunk read bit by bit, as the format says.
struct PlainRead {
  std::vector<Sample> samples;
  bool whole = false;
};
PlainRead read_plainly(std::string_view chunk) {
  PlainRead out;
  if (chunk.size() < 2) return out;
  BitReader bits(chunk);
  const uint64_t count = bits.read(16);
  const auto varint = [&bits](bool& good) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const uint64_t byte = bits.read(8);
      if (shift == 63 && byte > 1) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    good = false;
    return value;
  };
  Sample sample;
  uint64_t delta = 0;
  unsigned leading = 0;
  unsigned significant = 64;
  for (uint64_t i = 0; i < count; ++i) {
    bool good = true;
    if (i == 0) {
      sample.timestamp_ms = unzigzag(varint(good));
      sample.bits = bits.read(64);
    } else {
      if (i == 1) {
        delta = varint(good);
      } else {
        constexpr unsigned sizes[] = {0, 14, 17, 20, 64};
        unsigned ones = 0;
        while (ones < 4 && bits.read(1) == 1) ++ones;
        if (const unsigned size = sizes[ones]; size > 0) {
          uint64_t dod = bits.read(size);
          if (size < 64 && dod > uint64_t{1} << (size - 1)) dod -= uint64_t{1} << size;
          delta += dod;
        }
      }
      sample.timestamp_ms =
          static_cast<int64_t>(static_cast<uint64_t>(sample.timestamp_ms) + delta);
      if (bits.read(1) == 1) {
        if (bits.read(1) == 1) {
          leading = static_cast<unsigned>(bits.read(5));
          significant = static_cast<unsigned>(bits.read(6));
          if (significant == 0) significant = 64;
          if (leading + significant > 64) return out;
        }
        sample.bits ^= bits.read(significant) << (64 - leading - significant);
      }
    }
    if (!good || bits.overrun()) return out;
    out.samples.push_back(sample);
  }
  out.whole = true;
  return out;
}

// Of any bytes, at once and one by one: what the format says.
void check_read(const std::string& chunk) {
  const PlainRead want = read_plainly(chunk);
  XorReader at_once(chunk);
  std::vector<Sample> got(at_once.count() + size_t{1});
  got.resize(at_once.read(got));
  RC_ASSERT(got == want.samples);
  RC_ASSERT(at_once.ok() == want.whole);
  if (at_once.is_increasing()) {
    const auto falls = [](const Sample& a, const Sample& b) {
      return a.timestamp_ms >= b.timestamp_ms;
    };
    RC_ASSERT(std::adjacent_find(got.begin(), got.end(), falls) == got.end());
  }

  XorReader one_by_one(chunk);
  got.clear();
  for (Sample sample; one_by_one.next(sample);) got.push_back(sample);
  RC_ASSERT(got == want.samples);
  RC_ASSERT(one_by_one.ok() == want.whole);
  if (!want.whole) RC_ASSERT(one_by_one.error()->to_string() == at_once.error()->to_string());
}

// The chunk in memory of its own, so that a sanitizer sees what is read beyond it.
std::string exact(const std::string& chunk) {
  std::string out(chunk);
  out.shrink_to_fit();
  return out;
}

RC_GTEST_PROP(XorChunkProperty, IsReadAsTheFormatSays, ()) {
  check_read(exact(encode(*test::chunk_samples())));
}

RC_GTEST_PROP(XorChunkProperty, IsReadAsTheFormatSaysWhenItIsDamaged, ()) {
  std::string chunk = encode(*test::chunk_samples());
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      chunk.resize(*rc::gen::inRange<size_t>(0, chunk.size() + 1));
      break;
    case 1:
      for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
        char& byte = chunk[*rc::gen::inRange<size_t>(0, chunk.size())];
        byte = static_cast<char>(byte ^ 1 << *rc::gen::inRange(0, 8));
      }
      break;
    default:
      chunk = "\0"s + *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
      break;
  }
  check_read(exact(chunk));
}

RC_GTEST_PROP(XorChunkProperty, IsReadAsTheFormatSaysWhateverTheTimestamps, ()) {
  check_read(exact(encode(*test::wild_samples())));
}

TEST(XorReaderTest, KnowsWhatIsIncreasing) {
  const auto is_increasing = [](const std::vector<Sample>& samples) {
    const std::string chunk = encode(samples);
    std::vector<Sample> out(samples.size());
    XorReader reader(chunk);
    EXPECT_EQ(reader.read(out), samples.size());
    return reader.is_increasing();
  };
  EXPECT_TRUE(is_increasing({}));
  EXPECT_TRUE(is_increasing({{5, 1}}));
  EXPECT_TRUE(is_increasing({{-5, 1}, {5, 1}, {6, 1}, {100, 1}}));
  EXPECT_FALSE(is_increasing({{5, 1}, {5, 1}}));
  EXPECT_FALSE(is_increasing({{5, 1}, {4, 1}}));
  EXPECT_FALSE(is_increasing({{5, 1}, {8, 1}, {7, 1}, {9, 1}}));
  constexpr int64_t day = 86'400'000;
  std::vector<Sample> over{{INT64_MAX - 2 * day, 1}, {INT64_MAX - day, 1}, {INT64_MAX, 1}};
  EXPECT_TRUE(is_increasing(over));
  over.push_back({INT64_MIN + day - 1, 1});
  EXPECT_FALSE(is_increasing(over));
}

// Ends of every length in bits, and of samples of every width.
TEST(XorReaderTest, EveryEnd) {
  for (const unsigned width : {0, 1, 5, 20, 40, 64}) {
    std::vector<Sample> samples{{1'700'000'000'000, 0}};
    for (int i = 1; i < 80; ++i) {
      const uint64_t bits = width == 0 ? 0 : uint64_t{1} << (width - 1) | 1;
      samples.push_back(
          {samples.back().timestamp_ms + 15000, samples.back().bits ^ (i % 3 == 0 ? 0 : bits)});
      const std::string chunk = exact(encode(samples));
      EXPECT_EQ(decode(chunk), samples);
      check_read(chunk);
      check_read(exact(chunk.substr(0, chunk.size() - 1)));
    }
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
  for (int64_t i = 0; i < UINT16_MAX; ++i) {
    const int64_t step = i / 3;
    samples.push_back(Sample::of(15000 * i, static_cast<double>(step)));
  }
  EXPECT_EQ(decode(encode(samples)), samples);
}

// docs/internals/traps.md, trap 3.
TEST(XorReaderTest, NansKeepTheirBits) {
  const std::vector<Sample> samples{{1, model::normal_nan_bits},
                                    {2, model::stale_nan_bits},
                                    {3, model::normal_nan_bits},
                                    {4, 0xfff8000000000123}};
  EXPECT_EQ(decode(encode(samples)), samples);
}

// What Prometheus writes when it goes on with a chunk, after a restart, whose values were all
// equal: the old window is used without having been announced.
TEST(XorReaderTest, WindowThatWasNeverAnnounced) {
  BitWriter bits;
  bits.write(2, 16);
  bits.write(0x02, 8);  // First timestamp: 1.
  bits.write(0x3ff0000000000000, 64);
  bits.write(0x05, 8);  // Second: 5 later.
  bits.write(0b10, 2);  // As the last one: all 64 bits.
  bits.write(0x0070000000000001, 64);
  EXPECT_EQ(decode(std::string(bits.bytes())),
            (std::vector<Sample>{{1, 0x3ff0000000000000}, {6, 0x3f80000000000001}}));
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
        BrokenCase{"Empty", "", 0, "XOR chunk, sample 0 of 0: it is shorter than its header"},  //
        BrokenCase{"OneByte", "\x00"s, 0,
                   "XOR chunk, sample 0 of 0: it is shorter than its header"},                    //
        BrokenCase{"OnlyCount", "\x00\x05"s, 0, "XOR chunk, sample 0 of 5: no valid timestamp"},  //
        BrokenCase{"EndlessTimestamp", "\x00\x05"s + std::string(20, '\x80'), 0,
                   "XOR chunk, sample 0 of 5: no valid timestamp"},  //
        BrokenCase{"NoValue", "\x00\x01\x02\x3f"s, 0,
                   "XOR chunk, sample 0 of 1: the chunk ends before the value"},           //
        BrokenCase{"NoSecond", one(), 1, "XOR chunk, sample 1 of 2: no valid timestamp"},  //
        BrokenCase{"NoSecondValue", one() + "\x05", 1,
                   "XOR chunk, sample 1 of 2: the chunk ends before the value"},  //
        BrokenCase{"TooWide", one() + "\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 1,
                   "XOR chunk, sample 1 of 2: a value wider than 64 bits"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::wire
