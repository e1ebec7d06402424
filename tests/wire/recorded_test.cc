// The decoders against answers of real Prometheus servers; tests/data/wire/README.md says how they
// were recorded.
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/series.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::wire {
namespace {

using model::LabelSet;
using model::Sample;

std::string read_data(const std::string& name) {
  std::ifstream file(std::string(MREAD_TEST_DATA) + "/wire/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string unhex(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

using SeriesMap = std::map<LabelSet, std::vector<Sample>>;

SeriesMap expected() {
  SeriesMap out;
  std::istringstream lines(read_data("expected.txt"));
  std::vector<Sample>* samples = nullptr;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "series") {
      LabelSet labels;
      while (words >> word)
        labels.set(word.substr(0, word.find('=')), unhex(word.substr(word.find('=') + 1)));
      samples = &out[labels];
    } else {
      std::string bits;
      words >> bits;
      samples->push_back({std::stoll(word), std::stoull(bits, nullptr, 16)});
    }
  }
  return out;
}

class RecordedTest : public testing::TestWithParam<std::string> {};

TEST_P(RecordedTest, SamplesAreWhatWasWritten) {
  const auto body = uncompress(read_data(GetParam() + ".samples"), 1 << 20);
  ASSERT_TRUE(body) << body.error().to_string();
  const auto response = parse_read_response(*body);
  ASSERT_TRUE(response) << response.error().to_string();
  ASSERT_EQ(response->results.size(), 1);
  SeriesMap got;
  for (const TimeSeriesView& view : response->results[0].series) {
    EXPECT_TRUE(is_canonical_labels(view.labels));
    const auto labels = decode_labels(view.labels);
    ASSERT_TRUE(labels);
    if (labels->metric_name() == "latency") {
      // 2.42 gives the series, but neither its histograms nor anything else.
      const bool with_histograms = GetParam() != "prometheus-2.42";
      EXPECT_EQ(view.has_histograms(), with_histograms);
      std::string_view message;
      size_t count = 0;
      for (HistogramEntries entries(view.histograms); entries.next(message);) ++count;
      EXPECT_EQ(count, with_histograms ? 3 : 0);
      continue;
    }
    SamplesReader reader(view.samples);
    for (Sample sample; reader.next(sample);) got[*labels].push_back(sample);
    EXPECT_TRUE(reader.ok());
  }
  // Go's encoder takes -0 for 0 and leaves it out, so that the sign is lost; chunks keep it.
  SeriesMap want = expected();
  for (auto& [labels, samples] : want) {
    for (Sample& sample : samples) {
      if (sample.value() == 0) sample.bits = 0;
    }
  }
  EXPECT_EQ(got, want);
}

TEST_P(RecordedTest, SamplesAreWrittenAsPrometheusWritesThem) {
  const auto body = uncompress(read_data(GetParam() + ".samples"), 1 << 20);
  ASSERT_TRUE(body);
  const auto response = parse_read_response(*body);
  ASSERT_TRUE(response);
  ReadResponseWriter writer;
  writer.begin_result();
  ReadResponseWriter raw;
  raw.begin_result();
  for (const TimeSeriesView& view : response->results[0].series) {
    std::vector<Sample> samples;
    SamplesReader reader(view.samples);
    for (Sample sample; reader.next(sample);) samples.push_back(sample);
    const auto labels = decode_labels(view.labels);
    ASSERT_TRUE(labels);
    writer.append_series(encode_labels(*labels), samples, view.histograms);
    raw.append_raw_series(view.body);
  }
  EXPECT_EQ(writer.bytes(), *body);
  EXPECT_EQ(raw.bytes(), *body);
}

// Decodes a stream; every chunk and every frame is encoded again and must come out as it was.
SeriesMap decode_stream(const std::string& body, size_t& frames) {
  SeriesMap got;
  FrameSplitter splitter(1 << 20);
  splitter.feed(body);
  ChunkedResponse response;
  std::string again;
  while (true) {
    const auto frame = splitter.next();
    EXPECT_TRUE(frame) << frame.error().to_string();
    if (!frame || !*frame) break;
    ++frames;
    const auto parsed = parse_chunked_response((*frame)->data, response);
    EXPECT_TRUE(parsed) << parsed.error().to_string();
    EXPECT_EQ(response.series.size(), 1);
    const ChunkedSeriesView& series = response.series.at(0);
    EXPECT_TRUE(is_canonical_labels(series.labels));
    std::string entries;
    const auto labels = decode_labels(series.labels);
    EXPECT_TRUE(labels);
    for (const ChunkView& chunk : series.chunks) {
      append_chunk(entries, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.data);
      if (labels->metric_name() == "latency") {
        EXPECT_EQ(chunk.encoding, ChunkEncoding::histogram);
        continue;
      }
      EXPECT_EQ(chunk.encoding, ChunkEncoding::xor_);
      XorReader reader(chunk.data);
      XorWriter writer;
      for (Sample sample; reader.next(sample);) {
        got[*labels].push_back(sample);
        writer.append(sample);
      }
      EXPECT_TRUE(reader.ok()) << reader.error()->to_string();
      EXPECT_EQ(writer.bytes(), chunk.data);
      EXPECT_EQ(writer.min_time_ms(), chunk.min_time_ms);
      EXPECT_EQ(writer.max_time_ms(), chunk.max_time_ms);
    }
    std::string data;
    encode_chunked_series(series.labels, entries, response.query_index, data);
    append_frame(again, data);
  }
  EXPECT_TRUE(splitter.finish());
  EXPECT_EQ(again, body);
  return got;
}

TEST_P(RecordedTest, ChunksAreWhatWasWritten) {
  size_t frames = 0;
  EXPECT_EQ(decode_stream(read_data(GetParam() + ".stream"), frames), expected());
  EXPECT_EQ(frames, 7);
}

INSTANTIATE_TEST_SUITE_P(Prometheus, RecordedTest,
                         testing::Values("prometheus-2.42", "prometheus-3.5"),
                         [](const auto& param_info) {
                           return param_info.param == "prometheus-2.42" ? std::string("V2_42")
                                                                        : std::string("V3_5");
                         });

TEST(RecordedSplitTest, OneSeriesOverTwoFrames) {
  size_t frames = 0;
  EXPECT_EQ(decode_stream(read_data("prometheus-3.5.split.stream"), frames), expected());
  EXPECT_EQ(frames, 8);
}

}  // namespace
}  // namespace mread::wire
