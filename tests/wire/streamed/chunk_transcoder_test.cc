#include "wire/streamed/chunk_transcoder.h"

#include <gtest/gtest.h>

#include "wire/chunk/chunk_samples.h"
#include "wire/chunk/newer_chunk_vectors.h"

namespace mread::wire {
namespace {

using test::ChunkVector;

class ChunkTranscoderTest : public testing::TestWithParam<ChunkVector> {};

TEST_P(ChunkTranscoderTest, KeepsEverySampleAndDropsTheStarts) {
  const ChunkVector& vector = GetParam();
  ChunkTranscoder transcoder;
  std::string entries;
  const auto header = counter_reset_header(vector.encoding, vector.bytes);
  const ChunkView chunk{-7, INT64_MAX, vector.encoding, vector.bytes, {}};
  const auto appended = transcoder.append(entries, chunk, header);
  ASSERT_TRUE(appended) << appended.error().to_string();
  if (vector.starts_ms.empty()) {
    EXPECT_EQ(entries, "");
    return;
  }
  std::string message;
  encode_chunked_series("", entries, 0, message);
  ChunkedResponse response;
  ASSERT_TRUE(parse_chunked_response(message, response));
  ASSERT_EQ(response.series[0].chunks.size(), 1);
  const ChunkView& written = response.series[0].chunks[0];
  EXPECT_EQ(written.encoding, compatible(vector.encoding));
  EXPECT_EQ(written.min_time_ms, chunk.min_time_ms);
  EXPECT_EQ(written.max_time_ms, chunk.max_time_ms);
  EXPECT_EQ(counter_reset_header(written.encoding, written.data), header);
  std::vector<model::Sample> samples;
  std::vector<model::HistogramSample> histograms;
  const auto decoded = each_sample(
      written.encoding, written.data,
      [&](model::Sample sample, int64_t start_ms) {
        EXPECT_EQ(start_ms, 0);
        samples.push_back(sample);
      },
      [&](const model::HistogramSample& sample, int64_t start_ms) {
        EXPECT_EQ(start_ms, 0);
        histograms.push_back(sample);
      });
  ASSERT_TRUE(decoded);
  EXPECT_EQ(samples, vector.samples);
  EXPECT_EQ(histograms, vector.histograms);
}

INSTANTIATE_TEST_SUITE_P(Prometheus314, ChunkTranscoderTest,
                         testing::ValuesIn(test::chunk_vectors()), [](const auto& param_info) {
                           return std::string(to_string(param_info.param.encoding)) + "_" +
                                  param_info.param.name;
                         });

TEST(ChunkTranscoderErrorTest, AppendsNothing) {
  ChunkTranscoder transcoder;
  for (const ChunkVector& vector : test::chunk_vectors()) {
    if (vector.starts_ms.empty()) continue;
    std::string entries = "kept";
    const auto cut = std::string_view(vector.bytes).substr(0, vector.bytes.size() - 1);
    const auto appended =
        transcoder.append(entries, {0, 1, vector.encoding, cut, {}}, CounterResetHeader::unknown);
    EXPECT_FALSE(appended) << vector.name;
    EXPECT_EQ(entries, "kept");
  }
}

TEST(ChunkEncodingTest, KnowsWhatReplacesWhat) {
  for (const ChunkEncoding encoding : newer_encodings) {
    EXPECT_TRUE(is_newer(encoding));
    EXPECT_FALSE(is_newer(compatible(encoding)));
    EXPECT_EQ(newer(compatible(encoding)), encoding);
    EXPECT_EQ(has_floats(compatible(encoding)), has_floats(encoding));
  }
  EXPECT_EQ(compatible(ChunkEncoding::xor_), ChunkEncoding::xor_);
  EXPECT_FALSE(is_known(static_cast<ChunkEncoding>(7)));
  EXPECT_FALSE(is_newer(static_cast<ChunkEncoding>(7)));
}

}  // namespace
}  // namespace mread::wire
