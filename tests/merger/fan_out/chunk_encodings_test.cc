// Chunks of the encodings that Prometheus 3.14 added, through the merge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"
#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/xor2_chunk.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::merger::tests {
namespace {

using wire::ChunkEncoding;

constexpr auto up = "up{job=\"a\"}";
constexpr int64_t start_ms = 500;

RawChunk xor2_chunk(const Samples& samples) {
  wire::Xor2Writer writer;
  for (const model::Sample& sample : samples) writer.append(sample, start_ms);
  return {writer.min_time_ms(), writer.max_time_ms(), ChunkEncoding::xor2,
          std::string(writer.bytes())};
}

model::HistogramSample histogram(int64_t timestamp_ms, uint64_t count, bool is_float) {
  model::HistogramSample sample;
  sample.timestamp_ms = timestamp_ms;
  sample.histogram.positive_spans = {{0, 1}};
  sample.histogram.count = count;
  sample.histogram.positive_deltas = {static_cast<int64_t>(count)};
  if (is_float) sample.histogram = sample.histogram.to_float();
  return sample;
}

RawChunk histogram_st_chunk(int64_t first_ms, std::vector<uint64_t> counts, bool is_float,
                            wire::CounterResetHeader header = wire::CounterResetHeader::unknown) {
  wire::HistogramChunkWriter writer({.first_header = header, .start_times = true});
  for (size_t i = 0; i < counts.size(); ++i) {
    EXPECT_TRUE(writer.append(
        histogram(first_ms + static_cast<int64_t>(i) * 1000, counts[i], is_float), start_ms));
  }
  const auto chunk = writer.finish().at(0);
  return {chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.bytes};
}

config::Config config_with(size_t backends, bool newer) {
  return config_of(backends, newer ? "merge: {chunk_encodings: newer}\n" : "");
}

Answer read(const config::Config& config, const std::vector<std::string>& bodies, bool streamed) {
  std::vector<Script> scripts;
  for (const std::string& body : bodies) scripts.push_back(Script::streamed(body));
  return FanOutDriver(config, scripts).run(request({"up"}, 0, 100'000, streamed));
}

// The encodings of an answer's chunks, in order.
std::vector<ChunkEncoding> encodings(std::string_view body) {
  wire::FrameSplitter splitter(1 << 20);
  splitter.feed(std::string(body));
  std::vector<ChunkEncoding> out;
  wire::ChunkedResponse response;
  for (auto frame = splitter.next(); frame && *frame; frame = splitter.next()) {
    EXPECT_TRUE(wire::parse_chunked_response((*frame)->data, response));
    for (const auto& series : response.series) {
      for (const auto& chunk : series.chunks) out.push_back(chunk.encoding);
    }
  }
  return out;
}

using Transcoded = std::array<uint64_t, 3>;
using Encodings = std::vector<ChunkEncoding>;

TEST(ChunkEncodings, AreRewrittenForClientsThatMayNotKnowThem) {
  const std::string body = frame_with(
      labels(up), {xor2_chunk(samples(5000, 1000, {1, 2})), histogram_st_chunk(8000, {1, 2}, false),
                   histogram_st_chunk(12000, {3, 4, 5}, true)});
  const config::Config config = config_with(1, false);
  const Answer answer = read(config, {body}, true);
  EXPECT_EQ(encodings(answer.body), (Encodings{ChunkEncoding::xor_, ChunkEncoding::histogram,
                                               ChunkEncoding::float_histogram}));
  EXPECT_EQ(answer.outcome.transcoded, (Transcoded{1, 1, 1}));
  EXPECT_EQ(answer.outcome.samples_out, 7u);
  EXPECT_EQ(answer.outcome.frames_passed_on, 0u);
  const auto series = read_streamed(answer.body);
  ASSERT_EQ(series.size(), 1u);
  EXPECT_EQ(series[0].samples, samples(5000, 1000, {1, 2}));
  EXPECT_EQ(series[0].histograms.size(), 5u);
}

TEST(ChunkEncodings, ArePassedOnToClientsThatTakeThem) {
  const std::string body = frame_with(labels(up), {xor2_chunk(samples(5000, 1000, {1, 2}))});
  const config::Config config = config_with(2, true);
  const Answer answer = read(config, {body, body}, true);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.outcome.transcoded, Transcoded{});
  EXPECT_EQ(answer.outcome.frames_passed_on, 1u);
}

TEST(ChunkEncodings, AReplicaIsRewrittenOnce) {
  const std::string body = frame_with(labels(up), {xor2_chunk(samples(5000, 1000, {1, 2}))});
  const config::Config config = config_with(3, false);
  const Answer answer = read(config, {body, body, body}, true);
  EXPECT_EQ(answer.outcome.transcoded, (Transcoded{1, 0, 0}));
  EXPECT_EQ(read_streamed(answer.body).size(), 1u);
}

TEST(ChunkEncodings, AreMergedWithTheOlderOnes) {
  const std::string newer_body =
      frame_with(labels(up), {xor2_chunk(samples(5000, 2000, {1, 3, 5}))});
  const std::string older_body = frame(up, samples(6000, 2000, {2, 4}));
  for (const bool newer : {false, true}) {
    const config::Config config = config_with(2, newer);
    const Answer answer = read(config, {newer_body, older_body}, true);
    EXPECT_EQ(show(read_streamed(answer.body)),
              "up{job=\"a\"} 1@5000 2@6000 3@7000 4@8000 5@9000\n");
    EXPECT_EQ(encodings(answer.body), Encodings{ChunkEncoding::xor_});
  }
}

TEST(ChunkEncodings, AreDecodedForSamples) {
  const std::string body = frame_with(labels(up), {xor2_chunk(samples(5000, 1000, {1, 2})),
                                                   histogram_st_chunk(8000, {1, 2}, false)});
  const config::Config config = config_with(1, true);
  const Answer answer = read(config, {body}, false);
  const auto results = read_samples(answer.body);
  ASSERT_EQ(results.at(0).size(), 1u);
  EXPECT_EQ(results[0][0].samples, samples(5000, 1000, {1, 2}));
  EXPECT_EQ(results[0][0].histograms.size(), 2u);
}

// The header says how a chunk follows on the one before, which is another source's here.
TEST(ChunkEncodings, AHeaderThatRelatesToAnotherChunkIsCleared) {
  const auto not_reset = wire::CounterResetHeader::not_reset;
  const std::string a = frame_with(labels(up), {histogram_st_chunk(5000, {1, 2}, false)});
  const std::string b =
      frame_with(labels(up), {histogram_st_chunk(9000, {5, 6}, false, not_reset)});
  for (const bool newer : {false, true}) {
    const config::Config config = config_with(2, newer);
    const Answer answer = read(config, {a, b}, true);
    wire::FrameSplitter splitter(1 << 20);
    splitter.feed(std::string(answer.body));
    const auto frame = splitter.next();
    ASSERT_TRUE(frame && *frame);
    wire::ChunkedResponse response;
    ASSERT_TRUE(wire::parse_chunked_response((*frame)->data, response));
    ASSERT_EQ(response.series[0].chunks.size(), 2u);
    const wire::ChunkView& second = response.series[0].chunks[1];
    EXPECT_EQ(second.encoding, newer ? ChunkEncoding::histogram_st : ChunkEncoding::histogram);
    EXPECT_EQ(wire::counter_reset_header(second.encoding, second.data),
              wire::CounterResetHeader::unknown);
    EXPECT_EQ(wire::claimed_samples(second.encoding, second.data), 2u);
  }
}

TEST(ChunkEncodings, AChunkThatDoesNotDecodeCostsItsBackendOnly) {
  RawChunk broken = xor2_chunk(samples(5000, 1000, {1, 2}));
  broken.data.resize(broken.data.size() - 1);
  const std::string good = frame_with(labels(up), {xor2_chunk(samples(20000, 1000, {1, 2}))});
  const config::Config config = config_of(2, "partial: any\n");
  const Answer answer = read(config, {frame_with(labels(up), {broken}), good}, true);
  EXPECT_EQ(show(read_streamed(answer.body)), "up{job=\"a\"} 1@20000 2@21000\n");
  EXPECT_THAT(answer.partial + answer.trailer,
              ::testing::HasSubstr("a: XOR2 chunk, sample 1 of 2"));
  EXPECT_EQ(answer.outcome.transcoded, (Transcoded{1, 0, 0}));
}

}  // namespace
}  // namespace mread::merger::tests
