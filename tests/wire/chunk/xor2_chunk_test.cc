#include "wire/chunk/xor2_chunk.h"

#include <cstring>
#include <memory>
#include <random>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/chunk/newer_chunk_vectors.h"
#include "wire/generators.h"

namespace mread::wire {
namespace {

using model::Sample;
using test::ChunkVector;

struct Started {
  Sample sample;
  int64_t start_ms = 0;
  bool operator==(const Started&) const = default;
};
void PrintTo(const Started& started, std::ostream* out) {
  *out << started.sample.timestamp_ms << ' ' << std::hex << started.sample.bits << std::dec
       << " since " << started.start_ms;
}
std::ostream& operator<<(std::ostream& out, const Started& started) {
  PrintTo(started, &out);
  return out;
}

std::string encode(const std::vector<Started>& samples) {
  Xor2Writer writer;
  for (const Started& each : samples) writer.append(each.sample, each.start_ms);
  return std::string(writer.bytes());
}

std::vector<Started> decode(std::string_view chunk, std::optional<Error>* error = nullptr) {
  Xor2Reader reader(chunk);
  std::vector<Started> samples;
  for (Sample sample; reader.next(sample);) samples.push_back({sample, reader.start_ms()});
  EXPECT_EQ(reader.ok(), samples.size() == reader.count() && chunk.size() >= 3);
  if (error != nullptr) *error = reader.error();
  return samples;
}

std::vector<Started> with_starts(const ChunkVector& vector) {
  std::vector<Started> out;
  for (size_t i = 0; i < vector.samples.size(); ++i)
    out.push_back({vector.samples[i], vector.starts_ms[i]});
  return out;
}

class Xor2VectorTest : public testing::TestWithParam<ChunkVector> {};

TEST_P(Xor2VectorTest, IsReadAsPrometheusReadsIt) {
  EXPECT_EQ(decode(GetParam().bytes), with_starts(GetParam()));
}

TEST_P(Xor2VectorTest, IsWrittenAsPrometheusWroteIt) {
  EXPECT_EQ(encode(with_starts(GetParam())), GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(Prometheus314, Xor2VectorTest,
                         testing::ValuesIn(test::chunk_vectors(true)),
                         [](const auto& param_info) { return param_info.param.name; });

// Starts that stay, change, go back, and are not there.
rc::Gen<std::vector<Started>> started_samples(rc::Gen<std::vector<Sample>> samples) {
  const auto moves = rc::gen::container<std::vector<std::pair<int, int64_t>>>(
      rc::gen::pair(rc::gen::inRange(0, 8), rc::gen::arbitrary<int64_t>()));
  return rc::gen::map(rc::gen::pair(std::move(samples), moves), [](const auto& in) {
    const auto& [plain, changes] = in;
    std::vector<Started> out;
    int64_t start_ms = 0;
    for (size_t i = 0; i < plain.size(); ++i) {
      if (i < changes.size()) {
        const auto& [kind, value] = changes[i];
        if (kind == 0) start_ms = 0;
        if (kind == 1) start_ms = value;
        if (kind == 2)
          start_ms = static_cast<int64_t>(static_cast<uint64_t>(plain[i].timestamp_ms) - 15000);
      }
      out.push_back({plain[i], start_ms});
    }
    return out;
  });
}

RC_GTEST_PROP(Xor2ChunkProperty, RoundTrip, ()) {
  const std::vector<Started> samples = *started_samples(test::chunk_samples());
  std::optional<Error> error;
  RC_ASSERT(decode(encode(samples), &error) == samples);
  RC_ASSERT(!error);
}

RC_GTEST_PROP(Xor2ChunkProperty, RoundTripOfAnyTimestamps, ()) {
  const std::vector<Started> samples = *started_samples(test::wild_samples());
  RC_ASSERT(decode(encode(samples)) == samples);
}

RC_GTEST_PROP(Xor2ChunkProperty, ReadsInPiecesOfAnySize, ()) {
  const std::vector<Started> samples = *started_samples(test::chunk_samples());
  const std::string chunk = encode(samples);
  Xor2Reader reader(chunk);
  std::vector<Sample> buffer(*rc::gen::inRange<size_t>(1, 40));
  size_t at = 0;
  while (const size_t read = reader.read(buffer)) {
    for (size_t i = 0; i < read; ++i) RC_ASSERT(buffer[i] == samples[at + i].sample);
    at += read;
    RC_ASSERT(reader.start_ms() == samples[at - 1].start_ms);
  }
  RC_ASSERT(reader.ok());
  RC_ASSERT(at == samples.size());
}

RC_GTEST_PROP(Xor2ChunkProperty, EveryTruncationIsNoticed, ()) {
  const std::vector<Started> samples = *started_samples(test::chunk_samples());
  const std::string chunk = encode(samples);
  for (size_t size = 0; size < chunk.size(); ++size) {
    std::optional<Error> error;
    const std::vector<Started> got = decode(chunk.substr(0, size), &error);
    RC_ASSERT(error.has_value());
    RC_ASSERT(got.size() < samples.size() || samples.empty());
    RC_ASSERT(std::equal(got.begin(), got.end(), samples.begin()));
  }
}

TEST(Xor2ReaderTest, SurvivesAnyBytes) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 20'000; ++round) {
    const size_t size = random() % 120;
    const std::unique_ptr<char[]> bytes(
        new char[size]);  // A sanitizer sees the first byte too many.
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(random());
    if (size > 0) bytes[0] = 0;
    decode({bytes.get(), size});
  }
}

TEST(Xor2ReaderTest, SurvivesChangedChunks) {
  std::mt19937_64 random(5);
  for (const ChunkVector& vector : test::chunk_vectors(true)) {
    for (int round = 0; round < 300; ++round) {
      const std::unique_ptr<char[]> bytes(new char[vector.bytes.size()]);
      std::memcpy(bytes.get(), vector.bytes.data(), vector.bytes.size());
      for (int i = 0; i < 3; ++i)
        bytes[random() % vector.bytes.size()] = static_cast<char>(random());
      decode({bytes.get(), vector.bytes.size()});
    }
  }
}

TEST(Xor2ReaderTest, NamesTheByte) {
  const std::string chunk =
      encode({{Sample::of(1000, 1), 0}, {Sample::of(2000, 2), 0}, {Sample::of(3000, 7.1), 0}});
  Xor2Reader cut(std::string_view(chunk).substr(0, 12));
  std::vector<Sample> samples(3);
  EXPECT_EQ(cut.read(samples), 0);
  EXPECT_EQ(cut.error()->context,
            "XOR2 chunk, sample 0 of 3: the chunk ends before it, at byte 12");
  EXPECT_TRUE(cut.error()->is(Errc::truncated));
  EXPECT_EQ(Xor2Reader({"\0\1", 2}).error()->context,
            "XOR2 chunk: 2 bytes, too short for a header");
}

TEST(Xor2WriterTest, KnowsItsRange) {
  Xor2Writer writer;
  EXPECT_TRUE(writer.empty());
  writer.append({5, 1}, 2);
  writer.append({9, 1}, 3);
  EXPECT_EQ(writer.count(), 2);
  EXPECT_EQ(writer.min_time_ms(), 5);
  EXPECT_EQ(writer.max_time_ms(), 9);
  const std::string first(writer.bytes());
  writer.reset();
  EXPECT_TRUE(writer.empty());
  writer.append({5, 1}, 2);
  writer.append({9, 1}, 3);
  EXPECT_EQ(writer.bytes(), first);
}

}  // namespace
}  // namespace mread::wire
