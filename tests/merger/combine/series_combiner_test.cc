#include "merger/combine/series_combiner.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "merger/answers.h"
#include "merger/source/samples_answer.h"

namespace mread::merger {
namespace {

using ::testing::HasSubstr;
using tests::histogram_chunk;
using tests::labels;
using tests::RawChunk;
using tests::Samples;
using tests::samples;
using tests::samples_body;
using tests::xor_chunk;

// A streamed fragment with these chunks.
Fragment fragment_of(uint32_t source, const std::vector<RawChunk>& chunks, uint32_t group = 0) {
  std::string entries;
  for (const RawChunk& chunk : chunks)
    wire::append_chunk(entries, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.data);
  Fragment fragment;
  fragment.pin = pin_copy(std::move(entries), fragment.entries, {});
  fragment.source = source;
  fragment.group = group;
  return fragment;
}

// A fragment of a SAMPLES answer.
Fragment samples_fragment(uint32_t source, const Samples& list) {
  SourceOptions options;
  options.account = AccountPtr(new Account());
  SamplesAnswer answer;
  EXPECT_TRUE(answer.feed(std::make_shared<const std::string>(samples_body("up", list)), options));
  EXPECT_TRUE(answer.end(source, options));
  std::vector<Fragment> fragments;
  answer.pop_series(fragments);
  return fragments.at(0);
}

std::string show(std::span<const model::Sample> list) {
  std::string out;
  for (const model::Sample& sample : list)
    out += fmt::format(" {}@{}", sample.value(), sample.timestamp_ms);
  return out;
}

// A line for each part: "chunk of 0: 1000-2000", "decoded of 1: …", "samples …", "mixed N".
class Parts final : public SeriesParts {
 public:
  SourceResult<void> chunk(const wire::ChunkView& chunk, uint32_t source) override {
    lines.push_back(
        fmt::format("chunk of {}: {}-{}", source, chunk.min_time_ms, chunk.max_time_ms));
    return {};
  }
  SourceResult<void> decoded_chunk(const wire::ChunkView&, uint32_t source,
                                   std::span<const model::Sample> list) override {
    lines.push_back(fmt::format("decoded of {}:{}", source, show(list)));
    return {};
  }
  SourceResult<void> samples(std::span<const model::Sample> list) override {
    lines.push_back("samples" + show(list));
    return {};
  }
  SourceResult<void> mixed(std::span<const MixedSample> list) override {
    lines.push_back(fmt::format("mixed {}", list.size()));
    return {};
  }
  std::vector<std::string> lines;
};

class SeriesCombinerTest : public ::testing::Test {
 protected:
  using Lines = std::vector<std::string>;

  Lines combine(const std::vector<Fragment>& fragments) {
    Parts parts;
    const auto combined = combiner_.combine(fragments, parts);
    if (!combined) {
      parts.lines.push_back(fmt::format("error of {}: {}",
                                        static_cast<int64_t>(combined.error().source),
                                        combined.error().error.to_string()));
    }
    return parts.lines;
  }

  const boost::intrusive_ptr<Budget> budget_{new Budget()};
  SeriesCombiner combiner_{OnConflict::first, Dedup::union_, *budget_};
};

TEST_F(SeriesCombinerTest, ChunksApartInTimeGoOutAsTheyCameInOrderOfTime) {
  const auto early = xor_chunk(samples(1000, 1000, {1, 2}));
  const auto middle = xor_chunk(samples(3000, 1000, {3}));
  const auto late = xor_chunk(samples(5000, 1000, {5, 6}));
  EXPECT_EQ(combine({fragment_of(0, {middle, late}), fragment_of(2, {early})}),
            (Lines{"chunk of 2: 1000-2000", "chunk of 0: 3000-3000", "chunk of 0: 5000-6000"}));
}

TEST_F(SeriesCombinerTest, AChunkThatIsAloneIsNotLookedInto) {
  const RawChunk broken{1000, 2000, wire::ChunkEncoding::xor_, "no chunk"};
  EXPECT_EQ(combine({fragment_of(0, {broken})}), Lines{"chunk of 0: 1000-2000"});
}

TEST_F(SeriesCombinerTest, IdenticalChunksGoOutOnceOfTheFirstSource) {
  const auto chunk = xor_chunk(samples(1000, 1000, {1, 2}));
  EXPECT_EQ(combine({fragment_of(1, {chunk}), fragment_of(3, {chunk}), fragment_of(4, {chunk})}),
            Lines{"chunk of 1: 1000-2000"});
  EXPECT_EQ(combiner_.conflicts(), 0u);
}

TEST_F(SeriesCombinerTest, OnlyTheOverlapIsDecoded) {
  EXPECT_EQ(combine({fragment_of(0, {xor_chunk(samples(1000, 1000, {1, 2})),
                                     xor_chunk(samples(5000, 2000, {5, 7}))}),
                     fragment_of(1, {xor_chunk(samples(6000, 2000, {6, 8})),
                                     xor_chunk(samples(9000, 1000, {9}))})}),
            (Lines{"chunk of 0: 1000-2000", "samples 5@5000 6@6000 7@7000 8@8000",
                   "chunk of 1: 9000-9000"}));
}

TEST_F(SeriesCombinerTest, OfDifferentSamplesTheFirstSourcesIsKeptAndTheConflictTold) {
  EXPECT_EQ(combine({fragment_of(0, {xor_chunk(samples(1000, 1000, {1, 2}))}),
                     fragment_of(1, {xor_chunk(samples(2000, 1000, {20, 30}))})}),
            Lines{"samples 1@1000 2@2000 30@3000"});
  EXPECT_EQ(combiner_.conflicts(), 1u);
  EXPECT_EQ(combiner_.last_conflict().timestamp_ms, 2000);
  EXPECT_EQ(combiner_.last_conflict().first_bits, model::Sample::of(0, 2).bits);
  EXPECT_EQ(combiner_.last_conflict().other_bits, model::Sample::of(0, 20).bits);
}

TEST_F(SeriesCombinerTest, TheChunksOfARunThatHasAllStandForTheMerge) {
  EXPECT_EQ(combine({fragment_of(0, {xor_chunk(samples(2000, 1000, {2, 3}))}),
                     fragment_of(1, {xor_chunk(samples(1000, 1000, {1, 2, 3})),
                                     xor_chunk(samples(4000, 1000, {4}))}),
                     fragment_of(2, {xor_chunk(samples(3000, 1000, {3, 4}))})}),
            (Lines{"decoded of 1: 1@1000 2@2000 3@3000", "decoded of 1: 4@4000"}));
}

TEST_F(SeriesCombinerTest, SamplesAndChunksAreMergedTogether) {
  EXPECT_EQ(combine({samples_fragment(0, samples(1000, 2000, {1, 3})),
                     fragment_of(1, {xor_chunk(samples(2000, 1000, {2, 3}))})}),
            Lines{"samples 1@1000 2@2000 3@3000"});
}

TEST_F(SeriesCombinerTest, ASourceThatIsOutOfOrderIsSorted) {
  EXPECT_EQ(combine({fragment_of(0, {xor_chunk(samples(3000, 1000, {3, 4})),
                                     xor_chunk(samples(2000, 1000, {2, 30}))}),
                     fragment_of(1, {xor_chunk(samples(1000, 4000, {1, 5}))})}),
            Lines{"samples 1@1000 2@2000 30@3000 4@4000 5@5000"});
  EXPECT_EQ(combiner_.conflicts(), 1u) << "3 and 30, both of source 0";
}

TEST_F(SeriesCombinerTest, AChunkThatDoesNotDecodeBlamesItsSource) {
  const RawChunk broken{1000, 2000, wire::ChunkEncoding::xor_, std::string("\x00\x05", 2)};
  const auto lines =
      combine({fragment_of(0, {xor_chunk(samples(1000, 1000, {1, 2}))}), fragment_of(4, {broken})});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("error of 4: "));
}

TEST_F(SeriesCombinerTest, ASampleOutsideOfTheChunksTimesBlamesItsSource) {
  RawChunk wrong = xor_chunk(samples(1000, 1000, {1, 2, 3}));
  wrong.max_time_ms = 2000;
  const auto lines =
      combine({fragment_of(0, {xor_chunk(samples(1000, 1000, {1, 2}))}), fragment_of(2, {wrong})});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("error of 2: "));
}

TEST_F(SeriesCombinerTest, HistogramsAreMergedWithFloats) {
  model::Histogram histogram;
  histogram.count = 3;
  histogram.zero_count = 3;
  histogram.sum = 1;
  EXPECT_EQ(combine({fragment_of(0, {xor_chunk(samples(1000, 1000, {1, 2, 3}))}),
                     fragment_of(1, {histogram_chunk({{2000, histogram}, {4000, histogram}})})}),
            Lines{"mixed 4"});
  EXPECT_EQ(combiner_.conflicts(), 1u);
  EXPECT_FALSE(combiner_.last_conflict().floats);
}

TEST_F(SeriesCombinerTest, MemoryIsGivenBack) {
  std::vector<double> values(10'000, 1.5);
  combine({fragment_of(0, {xor_chunk(samples(1000, 1000, values))}),
           fragment_of(1, {xor_chunk(samples(1500, 1000, values))})});
  EXPECT_GE(combiner_.memory(), 2 * values.size() * sizeof(model::Sample));
  EXPECT_TRUE(combiner_.has_grown());
  combiner_.release();
  EXPECT_LT(combiner_.memory(), 4096u);
  EXPECT_EQ(combine({fragment_of(0, {xor_chunk(samples(1000, 1000, {1, 2}))}),
                     fragment_of(1, {xor_chunk(samples(1500, 1000, {3}))})}),
            Lines{"samples 1@1000 3@1500 2@2000"})
      << "it goes on after that";
}

TEST(SeriesCombinerBudget, WithoutRoomTheSourceThatHasMuchIsToBlameAndElseNone) {
  const boost::intrusive_ptr<Budget> budget(new Budget(64 << 10));
  SeriesCombiner combiner(OnConflict::first, Dedup::union_, *budget);
  const std::vector<double> many(20'000, 1);
  Parts parts;
  const auto heavy = combiner.combine(
      std::vector<Fragment>{fragment_of(0, {xor_chunk(samples(1000, 1000, {1, 2}))}),
                            fragment_of(5, {xor_chunk(samples(1000, 1000, many))})},
      parts);
  ASSERT_FALSE(heavy);
  EXPECT_EQ(heavy.error().source, 5u);
  EXPECT_TRUE(heavy.error().error.is(Errc::limit));
  EXPECT_TRUE(parts.lines.empty());

  const AccountPtr account(new Account(budget));
  const Charge others(account, (64 << 10) - 16);
  const auto light = combiner.combine(
      std::vector<Fragment>{fragment_of(0, {xor_chunk(samples(1000, 1000, {1, 2}))}),
                            fragment_of(5, {xor_chunk(samples(1000, 1000, {1, 3}))})},
      parts);
  ASSERT_FALSE(light);
  EXPECT_EQ(light.error().source, SIZE_MAX) << "neither holds much";
  EXPECT_THAT(light.error().error.to_string(), HasSubstr("limits.bytes_in_flight"));
}

TEST(SeriesCombinerGapFill, AReplicasChunksStandWhereItHasAll) {
  const boost::intrusive_ptr<Budget> budget(new Budget());
  SeriesCombiner combiner(OnConflict::first, Dedup::gapfill, *budget);
  Parts parts;
  const auto first = xor_chunk(samples(0, 60'000, {1, 2, 3}));
  const auto second = xor_chunk(samples(180'000, 60'000, {4, 5, 6}));
  ASSERT_TRUE(combiner.combine(
      std::vector<Fragment>{fragment_of(0, {first}), fragment_of(1, {first, second})}, parts));
  EXPECT_EQ(parts.lines,
            (std::vector<std::string>{"chunk of 1: 0-120000", "chunk of 1: 180000-300000"}));
}

TEST(SeriesCombinerGapFill, AnotherReplicaFillsGapsOnly) {
  const boost::intrusive_ptr<Budget> budget(new Budget());
  SeriesCombiner combiner(OnConflict::first, Dedup::gapfill, *budget);
  Parts parts;
  Samples with_gap = samples(0, 60'000, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  with_gap.erase(with_gap.begin() + 5);
  const Samples shifted = samples(10'000, 60'000, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  ASSERT_TRUE(combiner.combine(std::vector<Fragment>{fragment_of(0, {xor_chunk(with_gap)}),
                                                     fragment_of(1, {xor_chunk(shifted)})},
                               parts));
  ASSERT_EQ(parts.lines.size(), 1u);
  EXPECT_THAT(parts.lines[0], HasSubstr(" 4@240000 5@310000 6@360000 "));
  EXPECT_THAT(parts.lines[0], ::testing::Not(HasSubstr("@70000"))) << "there is no gap";
}

TEST(AppendSamples, AddsTheSamplesOfOneChunkBehindThoseThatAreThere) {
  const RawChunk raw = xor_chunk(samples(2000, 1000, {2, 3}));
  wire::ChunkView chunk;
  chunk.encoding = wire::ChunkEncoding::xor_;
  chunk.data = raw.data;
  Samples out = samples(1000, 1000, {1});
  ASSERT_TRUE(append_samples(chunk, out));
  EXPECT_EQ(out, samples(1000, 1000, {1, 2, 3}));
  chunk.data = chunk.data.substr(0, 3);
  EXPECT_FALSE(append_samples(chunk, out));
}

}  // namespace
}  // namespace mread::merger
