#include "wire/chunk/chunk_samples.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace mread::wire {
namespace {

// What each_sample() gave: "f TIME since START" or "h TIME since START".
struct Given {
  std::vector<std::string> samples;
  std::string error;
};

Given samples_of(ChunkEncoding encoding, std::string_view data) {
  Given given;
  const auto note = [&](char kind, int64_t timestamp_ms, int64_t start_ms) {
    given.samples.push_back(std::string(1, kind) + " " + std::to_string(timestamp_ms) + " since " +
                            std::to_string(start_ms));
  };
  const auto read = each_sample(
      encoding, data,
      [&](const model::Sample& sample, int64_t start_ms) {
        note('f', sample.timestamp_ms, start_ms);
      },
      [&](const model::HistogramSample& sample, int64_t start_ms) {
        note('h', sample.timestamp_ms, start_ms);
      });
  if (!read) given.error = read.error().context;
  return given;
}

using Samples = std::vector<std::string>;

TEST(ChunkSamplesTest, ReadsFloats) {
  XorWriter writer;
  writer.append(model::Sample::of(1000, 1));
  writer.append(model::Sample::of(2000, 2));
  const Given given = samples_of(ChunkEncoding::xor_, writer.bytes());
  EXPECT_EQ(given.samples, (Samples{"f 1000 since 0", "f 2000 since 0"}));
  EXPECT_EQ(given.error, "");
}

TEST(ChunkSamplesTest, ReadsStartTimes) {
  Xor2Writer writer;
  writer.append(model::Sample::of(1000, 1), 500);
  const Given given = samples_of(ChunkEncoding::xor2, writer.bytes());
  EXPECT_EQ(given.samples, (Samples{"f 1000 since 500"}));
}

TEST(ChunkSamplesTest, ReadsHistograms) {
  HistogramChunkWriter writer;
  model::HistogramSample sample;
  sample.timestamp_ms = 1000;
  ASSERT_TRUE(writer.append(sample));
  const auto chunks = writer.finish();
  ASSERT_EQ(chunks.size(), 1U);
  const Given given = samples_of(chunks[0].encoding, chunks[0].bytes);
  EXPECT_EQ(given.samples, (Samples{"h 1000 since 0"}));
}

TEST(ChunkSamplesTest, SamplesBeforeAnErrorStayGiven) {
  XorWriter writer;
  for (int i = 0; i < 100; ++i) writer.append(model::Sample::of(1000 * i, 0.1 * i));
  const std::string data(writer.bytes());
  const Given given = samples_of(ChunkEncoding::xor_, std::string_view(data).substr(0, 60));
  EXPECT_GT(given.samples.size(), 1U);
  EXPECT_LT(given.samples.size(), 100U);
  EXPECT_NE(given.error, "");
}

TEST(ChunkSamplesTest, AnUnknownEncodingIsAnError) {
  EXPECT_EQ(samples_of(static_cast<ChunkEncoding>(9), "xx").error, "chunk encoding 9 is not known");
}

}  // namespace
}  // namespace mread::wire
