// The histogram chunks with start timestamps, encodings 5 and 6.
#include <cstring>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/newer_chunk_vectors.h"
#include "wire/streamed/chunk_transcoder.h"

namespace mread::wire {
namespace {

using test::ChunkVector;

class HistogramStartTimesTest : public testing::TestWithParam<ChunkVector> {};

TEST_P(HistogramStartTimesTest, AreReadAsPrometheusReadsThem) {
  const ChunkVector& vector = GetParam();
  HistogramChunkReader reader(vector.encoding, vector.bytes);
  size_t i = 0;
  for (; reader.next(); ++i) {
    ASSERT_LT(i, vector.histograms.size());
    EXPECT_EQ(reader.sample().timestamp_ms, vector.histograms[i].timestamp_ms);
    EXPECT_EQ(reader.sample(), vector.histograms[i])
        << i << ": " << reader.sample().histogram.to_string();
    EXPECT_EQ(reader.start_ms(), vector.starts_ms[i]) << i;
  }
  EXPECT_FALSE(reader.error()) << reader.error()->to_string();
  EXPECT_EQ(i, vector.histograms.size());
}

TEST_P(HistogramStartTimesTest, AreWrittenAsPrometheusWroteThem) {
  const ChunkVector& vector = GetParam();
  HistogramChunkWriter writer({.max_samples = 1000,
                               .first_header = counter_reset_header(vector.encoding, vector.bytes),
                               .start_times = true});
  for (size_t i = 0; i < vector.histograms.size(); ++i) {
    ASSERT_TRUE(writer.append(vector.histograms[i], vector.starts_ms[i]));
  }
  const auto chunks = writer.finish();
  ASSERT_EQ(chunks.size(), 1);
  EXPECT_EQ(chunks[0].encoding, vector.encoding);
  EXPECT_EQ(chunks[0].bytes, vector.bytes);
}

TEST_P(HistogramStartTimesTest, EveryTruncationIsNoticed) {
  const ChunkVector& vector = GetParam();
  for (size_t size = 0; size < vector.bytes.size(); ++size) {
    const std::unique_ptr<char[]> bytes(new char[size]);
    std::memcpy(bytes.get(), vector.bytes.data(), size);
    EXPECT_FALSE(decode_histogram_chunk(vector.encoding, {bytes.get(), size})) << size;
  }
}

TEST_P(HistogramStartTimesTest, SurviveChanges) {
  const ChunkVector& vector = GetParam();
  std::mt19937_64 random(6);
  ChunkTranscoder transcoder;
  for (int round = 0; round < 200; ++round) {
    const std::unique_ptr<char[]> bytes(new char[vector.bytes.size()]);
    std::memcpy(bytes.get(), vector.bytes.data(), vector.bytes.size());
    for (int i = 0; i < 3; ++i) bytes[random() % vector.bytes.size()] = static_cast<char>(random());
    std::string entries;
    const ChunkView chunk{0, 1, vector.encoding, {bytes.get(), vector.bytes.size()}, {}};
    const bool good = transcoder.append(entries, chunk, CounterResetHeader::unknown).has_value();
    EXPECT_TRUE(good || entries.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Prometheus314, HistogramStartTimesTest,
                         testing::ValuesIn(test::chunk_vectors(false)), [](const auto& param_info) {
                           return std::string(to_string(param_info.param.encoding)) + "_" +
                                  param_info.param.name;
                         });

}  // namespace
}  // namespace mread::wire
