#include "wire/streamed/chunk_check.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/newer_chunk_vectors.h"
#include "wire/chunk/xor2_chunk.h"
#include "wire/chunk/xor_chunk.h"

namespace mread::wire {
namespace {

using model::Sample;
using ::testing::HasSubstr;

// Samples that take as few bits as can be: at 0, 1, 2, … with the value 0.
std::string smallest(ChunkEncoding encoding, size_t samples) {
  if (encoding == ChunkEncoding::xor_) {
    XorWriter writer;
    for (size_t i = 0; i < samples; ++i) writer.append(Sample{static_cast<int64_t>(i), 0});
    return std::string(writer.bytes());
  }
  if (encoding == ChunkEncoding::xor2) {
    Xor2Writer writer;
    for (size_t i = 0; i < samples; ++i) writer.append(Sample{static_cast<int64_t>(i), 0});
    return std::string(writer.bytes());
  }
  HistogramChunkWriter writer({.max_samples = 10'000, .start_times = is_newer(encoding)});
  for (size_t i = 0; i < samples; ++i) {
    model::HistogramSample sample;
    sample.timestamp_ms = static_cast<int64_t>(i);
    sample.histogram.is_float = compatible(encoding) == ChunkEncoding::float_histogram;
    EXPECT_TRUE(writer.append(sample));
  }
  const auto chunks = writer.finish();
  EXPECT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].encoding, encoding);
  return chunks[0].bytes;
}

class LeastBitsTest : public ::testing::TestWithParam<ChunkEncoding> {};

TEST_P(LeastBitsTest, LetTheSmallestChunksPassAndNotOneByteLess) {
  for (const size_t samples : {1, 2, 3, 4, 120}) {
    const std::string chunk = smallest(GetParam(), samples);
    EXPECT_TRUE(may_hold_its_samples(GetParam(), chunk)) << samples;
    const ChunkView view{0, static_cast<int64_t>(samples), GetParam(), chunk, {}};
    EXPECT_TRUE(verify_chunk(view)) << samples << ": " << verify_chunk(view).error().context;
    // Of histograms, the second sample's change of times takes more than one bit.
    const size_t slack = has_floats(GetParam()) ? 1 : 2;
    EXPECT_FALSE(may_hold_its_samples(GetParam(), chunk.substr(0, chunk.size() - slack)))
        << samples;
  }
}

TEST_P(LeastBitsTest, RefuseACountThatTheBytesCannotHold) {
  std::string chunk = smallest(GetParam(), 120);
  const size_t most = 8 * chunk.size();  // One bit a sample, and there is a header.
  chunk[0] = static_cast<char>(most >> 8);
  chunk[1] = static_cast<char>(most);
  EXPECT_FALSE(may_hold_its_samples(GetParam(), chunk));
  EXPECT_THAT(holds_too_few(GetParam(), chunk).context,
              HasSubstr(std::to_string(most) + " samples in "));
}

INSTANTIATE_TEST_SUITE_P(AllEncodings, LeastBitsTest,
                         ::testing::Values(ChunkEncoding::xor_, ChunkEncoding::xor2,
                                           ChunkEncoding::histogram, ChunkEncoding::float_histogram,
                                           ChunkEncoding::histogram_st,
                                           ChunkEncoding::float_histogram_st),
                         [](const auto& param_info) {
                           return std::string(to_string(param_info.param));
                         });

TEST(LeastBits, LetChunksWithoutSamplesPass) {
  EXPECT_TRUE(may_hold_its_samples(ChunkEncoding::xor_, std::string_view("\0\0", 2)));
  EXPECT_FALSE(may_hold_its_samples(ChunkEncoding::histogram, std::string_view("\0\0", 2)));
}

// What Prometheus 3.14 wrote.
TEST(VerifyChunk, TakesPrometheusesChunks) {
  for (const auto& vector : test::chunk_vectors()) {
    const ChunkView view{std::numeric_limits<int64_t>::min(),
                         std::numeric_limits<int64_t>::max(),
                         vector.encoding,
                         vector.bytes,
                         {}};
    EXPECT_TRUE(may_hold_its_samples(vector.encoding, vector.bytes)) << vector.name;
    const auto verified = verify_chunk(view);
    EXPECT_TRUE(verified) << vector.name << ": " << verified.error().context;
  }
}

std::string xor_of(const std::vector<Sample>& samples) {
  XorWriter writer;
  for (const Sample& sample : samples) writer.append(sample);
  return std::string(writer.bytes());
}

TEST(VerifyChunk, NamesWhatIsWrong) {
  const std::string good = xor_of({{1000, 7}, {2000, 8}, {3000, 9}});
  const std::string falling = xor_of({{1000, 7}, {3000, 8}, {2000, 9}});
  const std::string twice = xor_of({{1000, 7}, {2000, 8}, {2000, 9}});
  std::string more = good;
  more[1] = 100;
  struct Case {
    int64_t min_time_ms;
    int64_t max_time_ms;
    std::string data;
    const char* want;
  };
  const Case cases[] = {
      {1000, 3000, good, ""},
      {0, std::numeric_limits<int64_t>::max(), good, ""},  // More than its samples' time is no lie.
      {1000, 3000, good + std::string(1, '\0'), ""},
      {1000, 3000, good + "xy", "2 bytes after the last sample"},
      {1001, 3000, good, "a sample at 1000 in a chunk that claims 1001 to 3000"},
      {1000, 2999, good, "a sample at 3000 in a chunk that claims 1000 to 2999"},
      {1000, 3000, falling, "a sample at 2000 comes after one at 3000"},
      {1000, 3000, twice, "a sample at 2000 comes after one at 2000"},
      {1000, 3000, good.substr(0, good.size() - 1), "the chunk ends before it"},
      {1000, std::numeric_limits<int64_t>::max(), more, "the chunk ends before it"},
  };
  for (const Case& each : cases) {
    const auto verified =
        verify_chunk({each.min_time_ms, each.max_time_ms, ChunkEncoding::xor_, each.data, {}});
    EXPECT_EQ(verified.has_value(), each.want[0] == '\0') << each.want;
    if (!verified) {
      EXPECT_THAT(verified.error().context, HasSubstr(each.want));
    }
  }
  EXPECT_TRUE(
      verify_chunk({0, 0, static_cast<ChunkEncoding>(9), good, {}}).error().is(Errc::unsupported));
}

TEST(VerifyChunk, LooksAtHistogramsToo) {
  const std::string chunk = smallest(ChunkEncoding::histogram, 20);
  EXPECT_TRUE(verify_chunk({0, 19, ChunkEncoding::histogram, chunk, {}}));
  EXPECT_FALSE(verify_chunk({0, 18, ChunkEncoding::histogram, chunk, {}}));
  EXPECT_FALSE(
      verify_chunk({0, 19, ChunkEncoding::histogram, chunk.substr(0, chunk.size() - 3), {}}));
  EXPECT_FALSE(verify_chunk({0, 19, ChunkEncoding::histogram, chunk + "xyz", {}}));
}

}  // namespace
}  // namespace mread::wire
