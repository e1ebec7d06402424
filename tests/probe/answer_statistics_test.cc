#include "probe/answer_statistics.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::probe {
namespace {

using testing::HasSubstr;

const model::Query range{1'000, 5'000, {}, std::nullopt};

net::Headers streamed_headers() {
  net::Headers headers;
  headers.set("Content-Type",
              "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  return headers;
}

std::string float_entry(const std::vector<model::Sample>& samples, int64_t claimed_min_ms) {
  wire::XorWriter chunk;
  for (const model::Sample& sample : samples) chunk.append(sample);
  std::string entry;
  wire::append_chunk(entry, claimed_min_ms, chunk.max_time_ms(), wire::ChunkEncoding::xor_,
                     chunk.bytes());
  return entry;
}

std::string histogram_entry() {
  wire::HistogramChunkWriter writer;
  model::Histogram histogram;
  histogram.count = 7;
  EXPECT_TRUE(writer.append({2'000, histogram}));
  EXPECT_TRUE(writer.append({3'000, model::Histogram::stale(false)}));
  std::string entries;
  for (const wire::EncodedHistogramChunk& chunk : writer.finish())
    wire::append_chunk(entries, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.bytes);
  return entries;
}

void append(std::string& body, const model::LabelSet& labels, const std::string& entries) {
  std::string data;
  wire::encode_chunked_series(wire::encode_labels(labels), entries, 0, data);
  wire::append_frame(body, data);
}

// b in two frames, then a (out of order), then b once more.
std::string streamed_body() {
  std::string body;
  const model::LabelSet b = {{"__name__", "b"}};
  append(body, b, float_entry({model::Sample::of(500, 1), {1'000, model::stale_nan_bits}}, 500));
  append(body, b, float_entry({{2'000, model::normal_nan_bits}, model::Sample::of(6'000, 1)}, 0));
  append(body, {{"__name__", "a"}}, histogram_entry());
  append(body, b, "");
  return body;
}

AnswerStatistics streamed() {
  const auto answer = decode_answer(streamed_headers(), streamed_body(), {});
  EXPECT_TRUE(answer) << answer.error().to_string();
  return answer ? statistics_of(*answer, range) : AnswerStatistics{};
}

TEST(AnswerStatistics, CountsAStreamedAnswer) {
  const AnswerStatistics all = streamed();
  EXPECT_EQ(all.series, 2U);
  EXPECT_EQ(all.frames, 4U);
  EXPECT_EQ(all.repeated_series, 1U);  // The second frame of b continues it; the fourth does not.
  EXPECT_EQ(all.unsorted_series, 1U);
  EXPECT_EQ(all.empty_series, 1U);
  EXPECT_EQ(all.floats, 4U);
  EXPECT_EQ(all.histograms, 2U);
  EXPECT_EQ(all.stale_markers, 2U);
  EXPECT_EQ(all.nans, 1U);
  EXPECT_EQ(all.outside_range, 2U);
  EXPECT_EQ(all.first_ms, 500);
  EXPECT_EQ(all.last_ms, 6'000);
  EXPECT_EQ(all.chunks_by_encoding.at("xor"), 2U);
  EXPECT_EQ(all.chunks, 2 + all.chunks_by_encoding.at("histogram"));
  EXPECT_EQ(all.wrong_chunk_times, 1U);
  EXPECT_EQ(all.body_bytes, streamed_body().size());
  EXPECT_EQ(all.uncompressed_bytes, all.body_bytes);
}

TEST(AnswerStatistics, CountsASamplesAnswer) {
  wire::ReadResponseWriter writer;
  writer.begin_result();
  const std::vector<model::Sample> samples = {model::Sample::of(2'000, 1),
                                              model::Sample::of(1'000, 2)};
  const std::string labels = wire::encode_labels({{"__name__", "a"}});
  writer.append_series(labels, samples);
  writer.append_series(labels, {});
  const std::string plain(writer.bytes());
  net::Headers headers;
  headers.set("Content-Type", "application/x-protobuf");
  const auto answer = decode_answer(headers, wire::compress(plain), {});
  ASSERT_TRUE(answer) << answer.error().to_string();
  const AnswerStatistics all = statistics_of(*answer, range);
  EXPECT_EQ(all.response_type, model::ResponseType::samples);
  EXPECT_EQ(all.uncompressed_bytes, plain.size());
  EXPECT_EQ(all.series, 1U);
  EXPECT_EQ(all.repeated_series, 1U);  // In SAMPLES no series continues.
  EXPECT_EQ(all.unsorted_samples, 1U);
  EXPECT_EQ(all.chunks, 0U);
}

TEST(AnswerStatistics, PrintsTextAndJson) {
  const AnswerStatistics all = streamed();
  const std::string text = statistics_text(all);
  EXPECT_THAT(text,
              HasSubstr("samples             6: 4 floats, 2 histograms (0 with float counts)\n"));
  EXPECT_THAT(text, HasSubstr("first sample        1970-01-01T00:00:00.500Z\n"));
  EXPECT_THAT(text, HasSubstr("histogram, 2 xor\n"));
  const boost::json::value parsed = boost::json::parse(statistics_json(all));
  EXPECT_EQ(parsed.at("response_type"), "STREAMED_XOR_CHUNKS");
  EXPECT_EQ(parsed.at("first"), 0.5);
  EXPECT_EQ(parsed.at("chunks_by_encoding").at("xor").to_number<int>(), 2);
  EXPECT_TRUE(boost::json::parse(statistics_json({})).at("last").is_null());
}

}  // namespace
}  // namespace mread::probe
