#include "wire/chunk/histogram_chunk.h"

#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/chunk/histogram_cases.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/histogram_proto.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::wire {
namespace {

using model::BucketSpan;
using model::CounterResetHint;
using model::Histogram;
using model::HistogramSample;

std::string read_data(const std::string& name) {
  std::ifstream file(std::string(MREAD_TEST_DATA) + "/wire/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Chunk {
  bool is_float;
  int64_t min_time_ms;
  int64_t max_time_ms;
  std::string bytes;
};

using Chunks = std::map<std::string, std::vector<Chunk>>;
using Samples = std::map<std::string, std::vector<HistogramSample>>;

Chunks recorded_chunks() {
  Chunks out;
  FrameSplitter splitter(1 << 20);
  splitter.feed(read_data("histograms_streamed.bin"));
  ChunkedResponse response;
  for (;;) {
    const auto frame = splitter.next();
    EXPECT_TRUE(frame) << frame.error().to_string();
    if (!frame || !*frame) break;
    EXPECT_TRUE(parse_chunked_response((*frame)->data, response));
    for (const ChunkedSeriesView& series : response.series) {
      const std::string name(decode_labels(series.labels)->get("case"));
      for (const ChunkView& chunk : series.chunks) {
        out[name].push_back({chunk.encoding == ChunkEncoding::float_histogram, chunk.min_time_ms,
                             chunk.max_time_ms, std::string(chunk.data)});
      }
    }
  }
  EXPECT_TRUE(splitter.finish());
  return out;
}

Samples recorded_samples() {
  Samples out;
  const auto body = uncompress(read_data("histograms_samples.bin"), 1 << 20);
  const auto response = parse_read_response(*body);
  EXPECT_EQ(response->results.size(), 1U);
  for (const TimeSeriesView& series : response->results.at(0).series) {
    const std::string name(decode_labels(series.labels)->get("case"));
    HistogramEntries entries(series.histograms);
    for (std::string_view message; entries.next(message);) {
      const auto sample = parse_histogram_message(message);
      EXPECT_TRUE(sample) << name << ": " << sample.error().to_string();
      if (sample) out[name].push_back(*sample);
    }
  }
  return out;
}

Samples written_samples() {
  Samples out;
  for (const model::Series& series : histogram_cases(recorded_start_ms))
    out[std::string(series.labels.get("case"))] = series.histograms;
  return out;
}

// What a histogram says, however its empty buckets are laid out and whatever its hint is.
std::string meaning(const Histogram& h) {
  if (h.is_stale()) return h.is_float ? "stale float" : "stale";
  uint64_t sum_bits = 0;
  std::memcpy(&sum_bits, &h.sum, sizeof sum_bits);
  const Histogram f = h.to_float();
  std::string out = (h.is_float ? "float " : "int ") + std::to_string(h.schema) + " " +
                    std::to_string(h.zero_threshold) + " count " + std::to_string(f.float_count) +
                    " zero " + std::to_string(f.float_zero_count) + " sum " +
                    std::to_string(sum_bits);
  for (const double bound : h.custom_values) out += " <=" + std::to_string(bound);
  const auto side = [&](const std::vector<BucketSpan>& spans, const std::vector<double>& counts) {
    int64_t index = 0;
    size_t next = 0;
    out += " |";
    for (const BucketSpan& span : spans) {
      index += span.offset;
      for (uint32_t i = 0; i < span.length; ++i, ++index, ++next) {
        if (counts[next] != 0)
          out += " " + std::to_string(index) + ":" + std::to_string(counts[next]);
      }
    }
  };
  side(f.positive_spans, f.positive_counts);
  side(f.negative_spans, f.negative_counts);
  return out;
}

std::vector<EncodedHistogramChunk> write(const std::vector<HistogramSample>& samples,
                                         HistogramChunkWriter::Options options) {
  HistogramChunkWriter writer(options);
  for (const HistogramSample& sample : samples) {
    const auto good = writer.append(sample);
    EXPECT_TRUE(good) << good.error().to_string();
  }
  return writer.finish();
}

TEST(HistogramRecorded, EverySampleIsReadAsItWasWritten) {
  const Chunks chunks = recorded_chunks();
  const Samples written = written_samples();
  ASSERT_EQ(chunks.size(), written.size());
  for (const auto& [name, want] : written) {
    SCOPED_TRACE(name);
    std::vector<HistogramSample> got;
    for (const Chunk& chunk : chunks.at(name)) {
      const auto samples = decode_histogram_chunk(chunk.is_float, chunk.bytes);
      ASSERT_TRUE(samples) << samples.error().to_string();
      ASSERT_FALSE(samples->empty());
      EXPECT_EQ(samples->front().timestamp_ms, chunk.min_time_ms);
      EXPECT_EQ(samples->back().timestamp_ms, chunk.max_time_ms);
      got.insert(got.end(), samples->begin(), samples->end());
    }
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].timestamp_ms, want[i].timestamp_ms);
      EXPECT_EQ(meaning(got[i].histogram), meaning(want[i].histogram)) << "sample " << i;
    }
  }
}

TEST(HistogramRecorded, HintsAndLayoutsAreThoseOfTheSamplesAnswer) {
  const Chunks chunks = recorded_chunks();
  for (auto& [name, want] : recorded_samples()) {
    SCOPED_TRACE(name);
    size_t i = 0;
    for (const Chunk& chunk : chunks.at(name)) {
      HistogramChunkReader reader(chunk.is_float, chunk.bytes);
      for (; reader.next(); ++i) {
        ASSERT_LT(i, want.size());
        HistogramSample got = reader.sample();
        got.histogram.custom_values.clear();  // 3.5.3 leaves the bounds out of SAMPLES answers
        EXPECT_EQ(got, want[i]) << got.histogram.to_string() << " against "
                                << want[i].histogram.to_string();
      }
      EXPECT_FALSE(reader.error());
    }
    EXPECT_EQ(i, want.size());
  }
}

TEST(HistogramRecorded, WrittenAgainEveryChunkIsTheSameBytes) {
  size_t count = 0;
  for (const auto& [name, chunks] : recorded_chunks()) {
    SCOPED_TRACE(name);
    for (const Chunk& chunk : chunks) {
      HistogramChunkReader reader(chunk.is_float, chunk.bytes);
      HistogramChunkWriter writer({.max_samples = UINT16_MAX, .first_header = reader.header()});
      while (reader.next()) ASSERT_TRUE(writer.append(reader.sample()));
      const auto again = writer.finish();
      ASSERT_EQ(again.size(), 1U);
      EXPECT_EQ(again[0].bytes, chunk.bytes);
      EXPECT_EQ(again[0].min_time_ms, chunk.min_time_ms);
      EXPECT_EQ(again[0].max_time_ms, chunk.max_time_ms);
      EXPECT_EQ(again[0].samples, reader.samples());
      ++count;
    }
  }
  EXPECT_GE(count, 60U);
}

// Prometheus also cuts by size; without that, our chunks are its chunks. Its last chunk, which is
// still open, loses its header when it is read (`unknown`), and so does the first after a gauge (it
// says not_reset).
TEST(HistogramRecorded, TheWriterCutsWherePrometheusDoes) {
  const Chunks recorded = recorded_chunks();
  for (const auto& [name, samples] : written_samples()) {
    if (name == "long" || name == "long_float" || name == "counter_float") continue;
    SCOPED_TRACE(name);
    const auto ours = write(samples, {.max_samples = UINT16_MAX});
    const auto& theirs = recorded.at(name);
    ASSERT_EQ(ours.size(), theirs.size());
    for (size_t i = 0; i < ours.size(); ++i) {
      EXPECT_EQ(ours[i].is_float, theirs[i].is_float);
      std::string bytes = ours[i].bytes;
      if (i + 1 == ours.size() || name == "gauge_to_counter") bytes[2] = theirs[i].bytes[2];
      EXPECT_EQ(bytes, theirs[i].bytes) << "chunk " << i;
    }
  }
}

struct CutCase {
  std::string name;
  std::vector<std::pair<CounterResetHeader, unsigned>> want;  // header and samples of each chunk
};

TEST(HistogramChunkWriter, SaysWhyAChunkBegan) {
  using enum CounterResetHeader;
  const Samples written = written_samples();
  for (const CutCase& c : std::vector<CutCase>{
           {"counter", {{unknown, 40}}},
           {"bucket_appears", {{unknown, 4}}},
           {"empty_bucket_vanishes", {{unknown, 3}}},
           {"bucket_vanishes", {{unknown, 1}, {reset, 2}}},
           {"count_reset", {{unknown, 2}, {reset, 2}}},
           {"bucket_reset", {{unknown, 1}, {reset, 2}}},
           {"bucket_reset_float", {{unknown, 1}, {reset, 2}}},
           {"zero_bucket_reset", {{unknown, 1}, {reset, 2}}},
           {"hinted_reset", {{unknown, 1}, {reset, 2}}},
           {"hinted_reset_first", {{reset, 2}}},
           {"schema_changes", {{unknown, 1}, {unknown, 2}, {unknown, 1}, {unknown, 1}}},
           {"zero_threshold_changes", {{unknown, 1}, {unknown, 2}}},
           {"custom_odd_bounds", {{unknown, 2}, {reset, 1}}},
           {"gauge", {{gauge, 5}}},
           {"gauge_to_counter", {{gauge, 1}, {unknown, 2}, {gauge, 1}}},
           {"stale", {{unknown, 4}, {unknown, 2}}},
           {"integer_to_float", {{unknown, 1}, {unknown, 2}, {unknown, 1}}},
           {"long", {{unknown, 120}, {not_reset, 120}, {not_reset, 60}}},
       }) {
    std::vector<std::pair<CounterResetHeader, unsigned>> got;
    for (const EncodedHistogramChunk& chunk : write(written.at(c.name), {})) {
      got.emplace_back(HistogramChunkReader(chunk.is_float, chunk.bytes).header(), chunk.samples);
    }
    EXPECT_EQ(got, c.want) << c.name;
  }
}

TEST(HistogramChunkWriter, GivesEachFinishedChunkOnce) {
  const Samples written = written_samples();
  HistogramChunkWriter writer({.max_samples = 7});
  unsigned samples = 0;
  for (const HistogramSample& sample : written.at("counter")) {
    ASSERT_TRUE(writer.append(sample));
    for (const auto& chunk : writer.take()) samples += chunk.samples;
  }
  EXPECT_EQ(samples, 35U);
  EXPECT_EQ(writer.finish().size(), 1U);
  EXPECT_TRUE(writer.finish().empty());
}

TEST(HistogramChunkWriter, RefusesWhatIsNoHistogramAndNoProgress) {
  HistogramChunkWriter writer;
  HistogramSample broken;
  broken.histogram.positive_spans = {{0, 3}};
  broken.histogram.positive_deltas = {1};
  EXPECT_TRUE(writer.append(broken).error().is(Errc::malformed));
  ASSERT_TRUE(writer.append({5, {}}));
  EXPECT_TRUE(writer.append({5, {}}).error().is(Errc::malformed));
  const auto chunks = writer.finish();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].samples, 1);
}

// Random series, whatever their layouts, kinds, hints and resets: what is written is what is read.
TEST(HistogramChunkWriter, RandomSeriesRoundTrip) {
  std::mt19937_64 random(42);
  const auto below = [&](uint64_t n) { return random() % n; };
  for (int round = 0; round < 300; ++round) {
    std::vector<HistogramSample> samples;
    int64_t at = static_cast<int64_t>(random());
    at = at / 4 - (at / 4) % 1000;
    for (uint64_t i = 0; i < 1 + below(40); ++i) {
      Histogram h;
      at += static_cast<int64_t>(1 + below(below(4) == 0 ? 1'000'000 : 20));
      h.is_float = below(8) == 0;
      h.schema = below(12) == 0 ? model::custom_buckets_schema : static_cast<int32_t>(below(3));
      if (h.has_custom_buckets()) h.custom_values = {0.5, 1.0 / 3, static_cast<double>(below(2))};
      h.zero_threshold = below(10) == 0 ? 0.25 : 0x1p-128;
      h.counter_reset_hint = static_cast<CounterResetHint>(below(10) == 0 ? below(4) : 0);
      for (uint64_t span = 0; span < below(4); ++span) {
        const auto length = static_cast<uint32_t>(below(4));
        h.positive_spans.push_back(
            {span == 0 ? static_cast<int32_t>(below(7)) - 3 : static_cast<int32_t>(below(3)),
             length});
        for (uint32_t b = 0; b < length; ++b) {
          if (h.is_float) {
            h.positive_counts.push_back(static_cast<double>(below(1000)) / 8);
          } else {
            h.positive_deltas.push_back(static_cast<int64_t>(below(5)));
          }
        }
      }
      (h.is_float ? h.float_count : h.sum) = static_cast<double>(below(1 << 20));
      if (!h.is_float) h.count = below(1 << 20);
      if (below(15) == 0) h = Histogram::stale(h.is_float);
      samples.push_back({at, h});
    }
    std::vector<HistogramSample> got;
    for (const EncodedHistogramChunk& chunk :
         write(samples, {.max_samples = static_cast<uint16_t>(1 + below(20))})) {
      const auto read = decode_histogram_chunk(chunk.is_float, chunk.bytes);
      ASSERT_TRUE(read) << read.error().to_string();
      ASSERT_EQ(read->size(), chunk.samples);
      EXPECT_EQ(read->front().timestamp_ms, chunk.min_time_ms);
      EXPECT_EQ(read->back().timestamp_ms, chunk.max_time_ms);
      got.insert(got.end(), read->begin(), read->end());
    }
    ASSERT_EQ(got.size(), samples.size());
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i].timestamp_ms, samples[i].timestamp_ms);
      ASSERT_EQ(meaning(got[i].histogram), meaning(samples[i].histogram));
      const bool is_gauge = samples[i].histogram.counter_reset_hint == CounterResetHint::gauge;
      if (!samples[i].histogram.is_stale()) {
        ASSERT_EQ(got[i].histogram.counter_reset_hint == CounterResetHint::gauge, is_gauge);
      }
    }
  }
}

TEST(HistogramChunkReader, EveryTruncationIsAnError) {
  for (const auto& [name, chunks] : recorded_chunks()) {
    const Chunk& chunk = chunks.front();
    for (size_t size = 0; size < chunk.bytes.size(); ++size) {
      const std::string cut =
          chunk.bytes.substr(0, size);  // its own memory: asan sees a read behind it
      const auto samples = decode_histogram_chunk(chunk.is_float, cut);
      ASSERT_FALSE(samples) << name << " cut to " << size;
      EXPECT_TRUE(samples.error().is(Errc::truncated))
          << name << " cut to " << size << ": " << samples.error().to_string();
    }
  }
}

TEST(HistogramChunkReader, NoMutationCrashes) {
  std::mt19937_64 random(7);
  size_t refused = 0;
  for (const auto& [name, chunks] : recorded_chunks()) {
    for (const Chunk& chunk : chunks) {
      for (int round = 0; round < 200; ++round) {
        std::string bytes = chunk.bytes;
        for (uint64_t flips = 1 + random() % 4; flips > 0; --flips)
          bytes[random() % bytes.size()] = static_cast<char>(random());
        for (const bool is_float : {chunk.is_float, !chunk.is_float}) {
          const auto samples = decode_histogram_chunk(is_float, bytes);
          if (!samples) {
            ++refused;
            continue;
          }
          HistogramChunkWriter writer;
          for (const HistogramSample& sample : *samples) (void)writer.append(sample);
          (void)writer.finish();
        }
      }
    }
  }
  EXPECT_GT(refused, 0U);
}

std::string hostile(const std::function<void(VarbitWriter&)>& rest, uint16_t samples = 1) {
  VarbitWriter writer({static_cast<char>(samples >> 8), static_cast<char>(samples), 0});
  rest(writer);
  return writer.finish();
}

TEST(HistogramChunkReader, ClaimsAreCheckedBeforeMemoryIsTaken) {
  struct Case {
    std::string name;
    std::string bytes;
    Errc want;
  };
  const auto layout = [](VarbitWriter& w) {
    w.bits(0, 8);
    w.varbit_int(0);
  };
  for (const Case& c : std::vector<Case>{
           {"no header", std::string(2, 0), Errc::truncated},
           {"spans beyond the bytes",
            hostile([&](VarbitWriter& w) { layout(w), w.varbit_uint(uint64_t{1} << 62); }),
            Errc::truncated},
           {"a span of 2^60 buckets", hostile([&](VarbitWriter& w) {
              layout(w), w.varbit_uint(1), w.varbit_uint(uint64_t{1} << 60), w.varbit_int(0),
                  w.bits(0, 64);
            }),
            Errc::malformed},
           {"more buckets than bits", hostile([&](VarbitWriter& w) {
              layout(w), w.varbit_uint(1), w.varbit_uint(100'000), w.varbit_int(0),
                  w.varbit_uint(0), w.bits(0, 64);
            }),
            Errc::truncated},
           {"an offset of 2^40", hostile([&](VarbitWriter& w) {
              layout(w), w.varbit_uint(1), w.varbit_uint(1), w.varbit_int(int64_t{1} << 40),
                  w.bits(0, 64);
            }),
            Errc::malformed},
           {"an unknown schema",
            hostile([&](VarbitWriter& w) { w.bits(0, 8), w.varbit_int(-54), w.bits(0, 64); }),
            Errc::unsupported},
           {"bounds beyond the bytes", hostile([&](VarbitWriter& w) {
              w.bits(0, 8), w.varbit_int(-53), w.varbit_uint(0), w.varbit_uint(0),
                  w.varbit_uint(1 << 30);
            }),
            Errc::truncated},
       }) {
    for (const bool is_float : {false, true}) {
      const auto samples = decode_histogram_chunk(is_float, c.bytes);
      ASSERT_FALSE(samples) << c.name;
      EXPECT_TRUE(samples.error().is(c.want)) << c.name << ": " << samples.error().to_string();
    }
  }
}

// Many bounds and no bucket: each sample costs four bits on the wire, and its layout kilobytes when
// decoded.
TEST(HistogramChunkReader, DecodedSizeIsLimited) {
  const std::string bytes = hostile(
      [](VarbitWriter& w) {
        w.bits(0, 8);
        w.varbit_int(-53);
        w.varbit_uint(0);
        w.varbit_uint(0);
        w.varbit_uint(5000);
        for (int i = 0; i < 5000; ++i) w.varbit_uint(1);
        for (int i = 0; i < 40'000; ++i) w.bits(0, 64);
      },
      UINT16_MAX);
  HistogramChunkReader reader(false, bytes);
  while (reader.next()) {
  }
  EXPECT_FALSE(reader.error());
  EXPECT_TRUE(decode_histogram_chunk(false, bytes).error().is(Errc::limit));
}

}  // namespace
}  // namespace mread::wire
