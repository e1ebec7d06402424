#include "wire/samples/samples_block_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/generators.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace mread::wire {
namespace {

struct Written {
  std::string labels;
  std::vector<model::Sample> samples;
  std::string histograms;
};
using Results = std::vector<std::vector<Written>>;

std::string joined(std::vector<SamplesBlockWriter::Piece> pieces) {
  std::string out;
  for (const auto& piece : pieces) out.append(piece.memory.get(), piece.size);
  return out;
}

std::string block_of(const Results& results, SamplesBlockWriter& writer) {
  for (const auto& result : results) {
    writer.begin_result();
    for (const Written& series : result)
      writer.append_series(series.labels, series.samples, series.histograms);
  }
  return joined(writer.take());
}

std::string reference_of(const Results& results) {
  ReadResponseWriter writer;
  for (const auto& result : results) {
    writer.begin_result();
    for (const Written& series : result)
      writer.append_series(series.labels, series.samples, series.histograms);
  }
  return std::string(writer.bytes());
}

// Twice, since what was written before must not shine through.
void expect_same(const Results& results) {
  const std::string reference = reference_of(results);
  SamplesBlockWriter writer;
  for (int round = 0; round < 2; ++round) {
    const std::string block = block_of(results, writer);
    const auto bytes = uncompress(block, UINT32_MAX);
    ASSERT_TRUE(bytes.has_value()) << bytes.error().to_string();
    ASSERT_EQ(*bytes == reference, true)
        << "the block of " << block.size() << " bytes uncompresses to others";
  }
}

// SplitMix64.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t below(uint64_t limit) {
    uint64_t x = state_ += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return (x ^ (x >> 31)) % limit;
  }

 private:
  uint64_t state_;
};

// Samples that repeat each other in every way that the writer looks for.
std::vector<model::Sample> samples_of(Random& random, size_t count) {
  std::vector<model::Sample> out;
  int64_t timestamp_ms = 1'750'000'000'000 + static_cast<int64_t>(random.below(3)) * 5000;
  const uint64_t replicas = 1 + random.below(4);
  const uint64_t kind = random.below(6);
  double value = static_cast<double>(random.below(1000));
  for (size_t i = 0; i < count; ++i) {
    double now = value + static_cast<double>(i % replicas) * 1000;
    if (kind == 1) value += static_cast<double>(random.below(50));
    if (kind == 2) value = static_cast<double>(random.below(2));
    if (kind == 3) value += static_cast<double>(random.below(1000)) / 1000;
    if (kind == 4) now = random.below(3) == 0 ? static_cast<double>(random.below(4)) : 0;
    if (kind == 5) now = static_cast<double>(random.below(UINT64_MAX));
    out.push_back(model::Sample::of(timestamp_ms, now));
    timestamp_ms +=
        random.below(20) == 0 ? static_cast<int64_t>(random.below(10'000'000)) + 1 : 15'000;
  }
  // Times that the fast way is not for.
  if (count > 0 && random.below(8) == 0)
    out[random.below(count)].timestamp_ms = static_cast<int64_t>(random.below(99));
  if (count > 0 && random.below(8) == 0) out[random.below(count)].timestamp_ms = -1;
  if (count > 1 && random.below(8) == 0) out[1] = out[0];
  return out;
}

Results results_of(uint64_t seed) {
  Random random(seed);
  Results results(random.below(3) + 1);
  for (auto& result : results) {
    const size_t series = random.below(40);
    for (size_t i = 0; i < series; ++i) {
      model::LabelSet labels;
      for (uint64_t k = random.below(6); k-- > 0;) {
        labels.set("label_" + std::to_string(random.below(8)),
                   "value_" + std::to_string(random.below(30)) + "_suffix");
      }
      Written written{encode_labels(labels), samples_of(random, random.below(200)), ""};
      if (i > 0 && random.below(3) == 0) {
        written.samples = result.back().samples;
        for (auto& sample : written.samples) {
          if (random.below(4) == 0)
            sample = model::Sample::of(sample.timestamp_ms, static_cast<double>(random.below(9)));
        }
        if (!written.samples.empty() && random.below(3) == 0)
          written.samples.erase(written.samples.begin());
      }
      if (random.below(5) == 0)
        written.histograms = "\x22\x04" + std::string(4, 'h') + "\x22\x02\x08\x01";
      result.push_back(std::move(written));
    }
  }
  return results;
}

TEST(SamplesBlockWriterTest, UncompressesToWhatTheOtherWriterWrites) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(expect_same(results_of(seed)));
  }
}

RC_GTEST_PROP(SamplesBlockWriterProperty, AnySamplesAndLabels, ()) {
  Results results(1);
  for (int i = 0; i < 4; ++i) {
    results[0].push_back({encode_labels(*test::label_sets()),
                          i % 2 == 0 ? *test::chunk_samples() : *test::wild_samples(), ""});
  }
  SamplesBlockWriter writer;
  RC_ASSERT(uncompress(block_of(results, writer), UINT32_MAX).value() == reference_of(results));
}

TEST(SamplesBlockWriterTest, NoResultsAndEmptyOnes) {
  expect_same({});
  expect_same({{}});
  expect_same({{}, {{"", {}, ""}}, {}});
}

// Series of more than 64 KiB: what is repeated is too far away, or just not.
TEST(SamplesBlockWriterTest, LongSeries) {
  for (const size_t count : {3600, 3630, 3641, 3700, 12'000}) {
    SCOPED_TRACE(count);
    Random random(count);
    Results results(1);
    for (int i = 0; i < 4; ++i) {
      model::LabelSet labels(
          {{"__name__", "long"}, {"number", std::to_string(i)}, {"filler", std::string(200, 'x')}});
      std::vector<model::Sample> samples;
      for (size_t k = 0; k < count; ++k) {
        samples.push_back(model::Sample::of(1'750'000'000'000 + static_cast<int64_t>(k) * 15'000,
                                            i < 3 ? 5 : static_cast<double>(k)));
      }
      results[0].push_back({encode_labels(labels), samples, ""});
    }
    ASSERT_NO_FATAL_FAILURE(expect_same(results));
  }
}

TEST(SamplesBlockWriterTest, LargeLabelsAndHistograms) {
  Random random(1);
  std::string noise;
  for (int i = 0; i < 300'000; ++i) noise.push_back(static_cast<char>(random.below(256)));
  Results results(1);
  for (int i = 0; i < 4; ++i) {
    model::LabelSet labels(
        {{"large", noise.substr(static_cast<size_t>(i / 2), 100'000)}, {"n", std::to_string(i)}});
    std::string entry = "\x22";
    append_varint(entry, noise.size());
    entry += noise;
    results[0].push_back({encode_labels(labels), samples_of(random, 100), i % 2 == 0 ? entry : ""});
  }
  expect_same(results);
}

// About as small as libsnappy's: what a client reads is what it has to wait for.
TEST(SamplesBlockWriterTest, IsAboutAsSmallAsTheLibrarysBlock) {
  Random random(7);
  Results results(1);
  for (int i = 0; i < 500; ++i) {
    model::LabelSet labels({{"__name__", "http_requests_total"},
                            {"instance", "10.0.0." + std::to_string(i / 20) + ":9100"},
                            {"path", "/v1/" + std::to_string(random.below(1'000'000))}});
    std::vector<model::Sample> samples;
    double value = static_cast<double>(random.below(1'000'000));
    for (int k = 0; k < 120; ++k) {
      samples.push_back(model::Sample::of(1'750'000'000'000 + i / 20 * 711 + k * 15'000, value));
      value += static_cast<double>(random.below(30));
    }
    results[0].push_back({encode_labels(labels), samples, ""});
  }
  SamplesBlockWriter writer;
  writer.begin_result();
  for (const Written& series : results[0]) writer.append_series(series.labels, series.samples);
  const size_t size = writer.size();
  const std::string block = joined(writer.take());
  EXPECT_LE(size, block.size());
  EXPECT_LE(block.size(), size + 32);
  EXPECT_LT(block.size(), compress(reference_of(results)).size() * 12 / 10);
}

}  // namespace
}  // namespace mread::wire
