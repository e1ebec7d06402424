#include "merger/combine/mixed_samples.h"

#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using model::CounterResetHint;

MixedSample number(uint32_t run, int64_t timestamp_ms, double value) {
  MixedSample sample;
  sample.run = run;
  sample.timestamp_ms = timestamp_ms;
  sample.bits = model::Sample::of(timestamp_ms, value).bits;
  return sample;
}

MixedSample histogram(uint32_t run, int64_t timestamp_ms, uint64_t count,
                      CounterResetHint hint = CounterResetHint::no) {
  MixedSample sample;
  sample.run = run;
  sample.timestamp_ms = timestamp_ms;
  sample.is_histogram = true;
  sample.histogram.count = count;
  sample.histogram.counter_reset_hint = hint;
  return sample;
}

// "RUN@TIME:VALUE", a histogram as hCOUNT with its hint if that is not `no`.
std::string show(const std::vector<MixedSample>& samples) {
  std::string out;
  for (const MixedSample& sample : samples) {
    out += fmt::format("{}{}@{}:", out.empty() ? "" : " ", sample.run, sample.timestamp_ms);
    if (!sample.is_histogram) {
      out += fmt::format("{}", model::Sample{0, sample.bits}.value());
      continue;
    }
    out += fmt::format("h{}", sample.histogram.count);
    if (sample.histogram.counter_reset_hint == CounterResetHint::unknown) out += "?";
    if (sample.histogram.counter_reset_hint == CounterResetHint::gauge) out += "g";
  }
  return out;
}

std::string merged(std::vector<MixedSample> samples, OnConflict rule = OnConflict::first,
                   uint64_t conflicts_wanted = 0) {
  ConflictCount conflicts;
  order_mixed(samples, rule, conflicts);
  merge_mixed(samples, rule, conflicts);
  EXPECT_EQ(conflicts.count(), conflicts_wanted);
  return show(samples);
}

TEST(OrderMixed, SortsEachRunAndNumbersItsSamples) {
  std::vector<MixedSample> samples{number(1, 20, 2), histogram(0, 30, 3), number(1, 10, 1),
                                   number(0, 10, 9)};
  ConflictCount conflicts;
  order_mixed(samples, OnConflict::first, conflicts);
  EXPECT_EQ(show(samples), "0@10:9 0@30:h3 1@10:1 1@20:2");
  EXPECT_EQ(samples[0].position, 0u);
  EXPECT_EQ(samples[1].position, 1u);
  EXPECT_EQ(samples[2].position, 0u);
  EXPECT_EQ(samples[3].position, 1u);
  EXPECT_EQ(conflicts.count(), 0u) << "runs are not compared with each other";
}

TEST(OrderMixed, LeavesOneSampleATimestampByTheRule) {
  const std::vector<MixedSample> samples{number(0, 10, 1), number(0, 10, 5), number(0, 10, 5),
                                         number(0, 10, 3)};
  for (const auto& [rule, wanted] :
       {std::pair(OnConflict::first, "0@10:1"), std::pair(OnConflict::max, "0@10:5"),
        std::pair(OnConflict::min, "0@10:1")}) {
    std::vector<MixedSample> ordered = samples;
    ConflictCount conflicts;
    order_mixed(ordered, rule, conflicts);
    EXPECT_EQ(show(ordered), wanted);
    EXPECT_GE(conflicts.count(), 2u);
    EXPECT_TRUE(conflicts.last().floats);
    EXPECT_EQ(conflicts.last().timestamp_ms, 10);
  }
}

TEST(OrderMixed, EqualSamplesAreNoConflict) {
  std::vector<MixedSample> samples{histogram(0, 10, 4, CounterResetHint::yes),
                                   histogram(0, 10, 4, CounterResetHint::no)};
  ConflictCount conflicts;
  order_mixed(samples, OnConflict::first, conflicts);
  EXPECT_EQ(samples.size(), 1u);
  EXPECT_EQ(conflicts.count(), 0u) << "the hint is no value";
}

TEST(MergeMixed, OnATieTheLowestRunWinsWhateverTheKinds) {
  EXPECT_EQ(merged({histogram(1, 10, 7), number(0, 10, 1)}, OnConflict::first, 1), "0@10:1");
  EXPECT_EQ(merged({number(1, 10, 1), histogram(0, 10, 7)}, OnConflict::first, 1), "0@10:h7?");
  EXPECT_EQ(merged({number(1, 10, 9), histogram(0, 10, 7)}, OnConflict::max, 1), "0@10:h7?")
      << "max compares floats only";
  EXPECT_EQ(merged({number(1, 10, 9), number(0, 10, 7)}, OnConflict::max, 1), "1@10:9");
  EXPECT_EQ(merged({number(1, 10, 9), number(0, 10, 7)}, OnConflict::min, 1), "0@10:7");
}

TEST(MergeMixed, LivePrefersTheFirstThatIsNotStale) {
  MixedSample stale = histogram(0, 10, 0);
  stale.histogram = model::Histogram::stale(false);
  EXPECT_EQ(merged({stale, histogram(1, 10, 7), histogram(2, 10, 8)}, OnConflict::live, 2),
            "1@10:h7?");
}

TEST(MergeMixed, EachConflictWithTheFirstCountsOnce) {
  EXPECT_EQ(merged({number(0, 10, 1), number(1, 10, 2), number(2, 10, 1), number(3, 10, 3)},
                   OnConflict::first, 2),
            "0@10:1");
}

// A hint speaks of the sample before in the same run.
TEST(MergeMixed, AHintHoldsBetweenNeighboursOfOneRunOnly) {
  EXPECT_EQ(merged({histogram(0, 10, 1), histogram(0, 20, 2), histogram(0, 30, 3)}),
            "0@10:h1? 0@20:h2 0@30:h3");
  EXPECT_EQ(merged({histogram(0, 10, 1), histogram(0, 30, 3), histogram(1, 20, 2)}),
            "0@10:h1? 1@20:h2? 0@30:h3?")
      << "another's sample stands between";
  EXPECT_EQ(merged({histogram(0, 10, 1), number(0, 20, 2), histogram(0, 30, 3)}),
            "0@10:h1? 0@20:2 0@30:h3?")
      << "a float stands between";
  EXPECT_EQ(merged({histogram(0, 10, 1, CounterResetHint::gauge),
                    histogram(1, 20, 2, CounterResetHint::gauge)}),
            "0@10:h1g 1@20:h2g")
      << "gauges stay gauges";
}

TEST(MergeMixed, AHintDoesNotSkipASampleThatWasDroppedInItsRun) {
  EXPECT_EQ(
      merged({histogram(0, 10, 1), histogram(0, 10, 5), histogram(0, 20, 6)}, OnConflict::first, 1),
      "0@10:h1? 0@20:h6?")
      << "6 was compared with 5, which is not there any more";
}

TEST(FillMixedGaps, FillsTheGroupsFirstRunAndLeavesOthersAlone) {
  std::vector<MixedSample> samples;
  // Run 0 is another group's. Run 1 lacks 4 and 5 minutes, which run 2 has.
  for (int64_t minute = 0; minute < 10; ++minute) {
    samples.push_back(number(0, minute * 60'000, 0));
    if (minute != 4 && minute != 5)
      samples.push_back(histogram(1, minute * 60'000, 10 + static_cast<uint64_t>(minute)));
    samples.push_back(histogram(2, minute * 60'000 + 5'000, 10 + static_cast<uint64_t>(minute)));
  }
  ConflictCount conflicts;
  order_mixed(samples, OnConflict::first, conflicts);
  GapFill gap_fill;
  fill_mixed_gaps(samples, 1, 3, gap_fill);
  std::vector<size_t> of_run(3);
  std::vector<int64_t> filled;
  for (const MixedSample& sample : samples) {
    ++of_run[sample.run];
    if (sample.run == 2) filled.push_back(sample.timestamp_ms);
  }
  EXPECT_EQ(of_run, (std::vector<size_t>{10, 8, 2}));
  EXPECT_EQ(filled, (std::vector<int64_t>{245'000, 305'000}));
}

TEST(MemoryWith, CountsTheListsOfAHistogram) {
  EXPECT_EQ(memory_with(number(0, 1, 1)), 0u);
  MixedSample sample = histogram(0, 1, 1);
  EXPECT_EQ(memory_with(sample), 0u);
  sample.histogram.positive_spans.resize(3);
  sample.histogram.negative_deltas.resize(100);
  EXPECT_GE(memory_with(sample), 3 * sizeof(model::BucketSpan) + 100 * sizeof(int64_t));
}

}  // namespace
}  // namespace mread::merger
