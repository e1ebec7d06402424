#include "wire/samples/sample_entries.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/bytes/varint.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace mread::wire {
namespace {

constexpr int64_t now_ms = 1'760'000'000'000;

RC_GTEST_PROP(PlainSamplesProperty, AreWhatTheReaderReads, ()) {
  ReadResponseWriter writer;
  writer.begin_result();
  std::vector<model::Sample> list;
  int64_t t = *rc::gen::element<int64_t>(1'760'000'000'000, (int64_t{1} << 35) - 20,
                                         (int64_t{1} << 42) - 20);
  for (int i = *rc::gen::inRange(0, 30); i > 0; --i) {
    list.push_back({t, *rc::gen::element<uint64_t>(0, 1, 0x4000000000000000, 0x7ff0000000000002)});
    t += *rc::gen::inRange(*rc::gen::inRange(0, 20) == 0 ? -1 : 1, 300);
  }
  writer.append_series("", list);
  std::string response(writer.bytes());
  const auto view = parse_read_response(response).value();
  std::string entries(view.results[0].series[0].samples);
  if (*rc::gen::inRange(0, 3) == 0 && !entries.empty()) {
    entries[*rc::gen::inRange<size_t>(0, entries.size())] ^=
        static_cast<char>(1 << *rc::gen::inRange(0, 8));
  }
  std::vector<model::Sample> read;
  SamplesReader reader(entries);
  for (model::Sample sample; reader.next(sample);) read.push_back(sample);
  bool increasing = reader.ok();
  for (size_t i = 1; i < read.size(); ++i)
    increasing &= read[i - 1].timestamp_ms < read[i].timestamp_ms;
  const auto plain = plain_samples(entries);
  // Behind what is there already, in memory that may be too small, or larger than it needs.
  const size_t before = static_cast<size_t>(*rc::gen::inRange(0, 3));
  std::vector<model::Sample> memory(before + static_cast<size_t>(*rc::gen::inRange(0, 40)), {7, 8});
  const size_t room = memory.size();
  const auto taken = read_plain_samples(entries, memory, before);
  RC_ASSERT(taken.has_value() == plain.has_value());
  RC_ASSERT(memory.size() >= room);
  if (plain) {
    RC_ASSERT(taken->count == plain->count && taken->first_ms == plain->first_ms &&
              taken->last_ms == plain->last_ms);
    for (size_t i = 0; i < before; ++i) RC_ASSERT(memory[i] == (model::Sample{7, 8}));
    RC_ASSERT(
        std::equal(read.begin(), read.end(), memory.begin() + static_cast<std::ptrdiff_t>(before)));
    RC_ASSERT(increasing);
    RC_ASSERT(plain->count == read.size());
    if (!read.empty()) RC_ASSERT(plain->first_ms == read.front().timestamp_ms);
    if (!read.empty()) RC_ASSERT(plain->last_ms == read.back().timestamp_ms);
    return;
  }
  const bool common = std::all_of(read.begin(), read.end(), [](const model::Sample& sample) {
    return sample.timestamp_ms >= int64_t{1} << 35 && sample.timestamp_ms < int64_t{1} << 42;
  });
  if (increasing && common && read == list) RC_FAIL("plain, but not taken for it");
}

// What ReadResponseWriter writes of them, without the header.
std::string entries_of(std::span<const model::Sample> samples) {
  ReadResponseWriter writer;
  writer.begin_result();
  writer.append_series("", samples);
  const std::string response(writer.bytes());
  return std::string(parse_read_response(response)->results.at(0).series.at(0).samples);
}

std::string uncompressed(SnappyElements& elements, size_t size) {
  std::string block;
  append_varint(block, size);
  for (const auto& piece : elements.take()) block.append(piece.memory.get(), piece.size);
  const auto bytes = uncompress(block, UINT32_MAX);
  return bytes ? *bytes : bytes.error().to_string();
}

rc::Gen<std::vector<model::Sample>> regular_samples() {
  const auto values = rc::gen::oneOf(
      rc::gen::element<uint64_t>(1, 0x8000000000000000, 0x3ff0000000000000, 0x4000000000000000,
                                 ~uint64_t{0}),
      rc::gen::map(rc::gen::inRange(1, 1000), [](int n) { return model::Sample::of(0, n).bits; }),
      rc::gen::map(rc::gen::arbitrary<uint64_t>(), [](uint64_t bits) { return bits | 1; }));
  const auto steps =
      rc::gen::oneOf(rc::gen::just<int64_t>(15'000), rc::gen::inRange<int64_t>(1, 100),
                     rc::gen::inRange<int64_t>(1, int64_t{1} << 30));
  const auto pairs =
      rc::gen::container<std::vector<std::pair<int64_t, uint64_t>>>(rc::gen::pair(steps, values));
  return rc::gen::map(pairs, [](const std::vector<std::pair<int64_t, uint64_t>>& in) {
    std::vector<model::Sample> samples;
    int64_t timestamp_ms = now_ms;
    samples.reserve(in.size());
    for (const auto& [step, bits] : in) samples.push_back({timestamp_ms += step, bits});
    return samples;
  });
}

RC_GTEST_PROP(RegularEntriesProperty, UncompressToTheEntries, ()) {
  const auto samples = *regular_samples();
  RC_ASSERT(are_regular(samples));
  SnappyElements elements;
  elements.begin_piece();
  write_regular_entries(elements, samples, static_cast<size_t>(*rc::gen::inRange(1, 4)));
  const std::string entries = entries_of(samples);
  RC_ASSERT(entries.size() == value_entry * samples.size());
  RC_ASSERT(uncompressed(elements, entries.size()) == entries);
}

RC_GTEST_PROP(RegularEntriesProperty, NextToOthersUncompressToTheEntries, ()) {
  const auto others = *regular_samples();
  const auto skipped =
      static_cast<size_t>(*rc::gen::inRange(0, static_cast<int>(others.size()) + 1));
  const auto rest = std::span(others).subspan(skipped);
  std::vector<model::Sample> samples(rest.begin(), rest.end());
  for (auto& sample : samples) {
    if (*rc::gen::inRange(0, 3) == 0)
      sample.bits ^= *rc::gen::element<uint64_t>(2, 0x10000, 0x00ff00ff00ff0000);
  }
  const std::string gap(static_cast<size_t>(*rc::gen::element(0, 1, 200, 3000)), 'g');
  SnappyElements elements;
  elements.begin_piece();
  write_regular_entries(elements, others, 1);
  elements.literal(gap);
  const auto offset = static_cast<uint32_t>(value_entry * rest.size() + gap.size());
  if (!samples.empty()) write_regular_entries_after(elements, samples, rest, offset);
  const std::string all = entries_of(others) + gap + entries_of(samples);
  RC_ASSERT(uncompressed(elements, all.size()) == all);
}

TEST(RegularEntriesTest, AreOfSixByteTimesThatRiseAndNoZeros) {
  const auto are = [](std::initializer_list<model::Sample> samples) {
    return are_regular(std::vector(samples));
  };
  EXPECT_TRUE(are({}));
  EXPECT_TRUE(are({{now_ms, 1}, {now_ms + 1, 1}}));
  EXPECT_TRUE(are({{int64_t{1} << 35, 1}, {(int64_t{1} << 42) - 1, 1}}));
  EXPECT_TRUE(are({{now_ms, 0x8000000000000000}})) << "-0 is written";
  EXPECT_FALSE(are({{now_ms, 0}}));
  EXPECT_FALSE(are({{now_ms, 1}, {now_ms + 1, 0}, {now_ms + 2, 1}}));
  EXPECT_FALSE(are({{now_ms, 1}, {now_ms, 1}}));
  EXPECT_FALSE(are({{now_ms, 1}, {now_ms + 2, 1}, {now_ms + 1, 1}}));
  EXPECT_FALSE(are({{(int64_t{1} << 35) - 1, 1}}));
  EXPECT_FALSE(are({{now_ms, 1}, {int64_t{1} << 42, 1}}));
  EXPECT_FALSE(are({{-1, 1}}));
}

}  // namespace
}  // namespace mread::wire
