#include "mockstore/notation/value_sequence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::mockstore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// "t:value" for each sample, t in intervals.
std::vector<std::string> points(const model::Series& series, int64_t interval_ms = 60'000) {
  std::vector<std::string> out;
  for (const model::Sample& sample : series.samples) {
    const std::string value =
        model::is_stale(sample.bits) ? "stale" : std::to_string(static_cast<int>(sample.value()));
    out.push_back(std::to_string(sample.timestamp_ms / interval_ms) + ":" + value);
  }
  return out;
}

model::Series expand(const std::string& notation, TimeGrid grid = {}, int64_t first_ms = INT64_MIN,
                     int64_t last_ms = INT64_MAX) {
  model::Series series;
  const auto sequence = ValueSequence::parse(notation);
  EXPECT_TRUE(sequence) << notation << ": " << sequence.error().to_string();
  if (sequence) sequence->expand(grid, series, first_ms, last_ms);
  return series;
}

TEST(ValueSequence, ExpandsOnTheClock) {
  EXPECT_THAT(points(expand("1 _ 2+1x2 _x2 stale 7x1")),
              ElementsAre("0:1", "2:2", "3:3", "4:4", "7:stale", "8:7", "9:7"));
  const model::Series series = expand("1 2 3", TimeGrid{-1000, 500});
  EXPECT_EQ(series.samples[0].timestamp_ms, -1000);
  EXPECT_EQ(series.samples[2].timestamp_ms, 0);
}

TEST(ValueSequence, StepsAreAddedOneAfterAnother) {
  const model::Series series = expand("0+0.1x3");
  EXPECT_EQ(series.samples[3].value(), 0.1 + 0.1 + 0.1);
  EXPECT_NE(series.samples[3].value(), 0.3);
}

TEST(ValueSequence, KeepsTheBitsOfNaNAndZero) {
  const model::Series series = expand("NaN stale -0");
  EXPECT_EQ(series.samples[0].bits, model::normal_nan_bits);
  EXPECT_EQ(series.samples[1].bits, model::stale_nan_bits);
  EXPECT_EQ(series.samples[2].bits, uint64_t{1} << 63);
}

TEST(ValueSequence, ARangeGivesTheSameSamplesAsTheWhole) {
  const std::string notation = "1+1x9 _x5 0.5-0.1x20 {{count:1}}+{{count:2}}x4 stale";
  const model::Series whole = expand(notation);
  for (const auto& [first, last] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 0}, {60'001, 900'000}, {1'000'000, 5'000'000}, {-5, -1}}) {
    const model::Series part = expand(notation, {}, first, last);
    std::vector<model::Sample> want;
    for (const model::Sample& sample : whole.samples) {
      if (sample.timestamp_ms >= first && sample.timestamp_ms <= last) want.push_back(sample);
    }
    std::vector<model::HistogramSample> want_histograms;
    for (const model::HistogramSample& sample : whole.histograms) {
      if (sample.timestamp_ms >= first && sample.timestamp_ms <= last)
        want_histograms.push_back(sample);
    }
    EXPECT_EQ(part.samples, want);
    EXPECT_EQ(part.histograms, want_histograms);
  }
}

TEST(ValueSequence, HistogramsComeOutAsTheirNotation) {
  for (const std::string notation :
       {"{{}}",
        "{{schema:1 count:4 sum:5.5 z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[1 2] "
        "n_buckets:[3] counter_reset_hint:gauge}}",
        "{{schema:-53 custom_values:[1 2.5] buckets:[1 0 2]}}"}) {
    const model::Series series = expand(notation);
    ASSERT_EQ(series.histograms.size(), 1U);
    EXPECT_TRUE(series.histograms[0].histogram.is_float);
    EXPECT_EQ(series.histograms[0].histogram.to_string(), notation);
  }
}

struct ErrorCase {
  std::string notation;
  size_t offset;
  std::string want;
};

TEST(ValueSequence, ErrorsNameTheOffset) {
  for (const ErrorCase& c : std::vector<ErrorCase>{
           {"1 2 abc", 4, "unexpected 'abc'"},
           {"1 2x", 4, "a number is missing before the end"},
           {"1 2+1", 5, "expected xN after the step, got the end"},
           {"1,2", 1, "expected a space, got ','"},
           {"0x99999999999", 2, "above the limit"},
           {"1x10000000 5", 0, "more than 10000000 points"},
           {"1 {{count:1 bogus:2}}", 12, "unexpected 'bogus' in a histogram"},
           {"{{count:1 count:2}}", 10, "duplicate 'count'"},
           {"{{count:1", 9, "not closed"},
           {"{{schema:1}}+{{}}x2", 12, "from schema 0 to 1"},
       }) {
    size_t offset = 0;
    const auto sequence = ValueSequence::parse(c.notation, &offset);
    ASSERT_FALSE(sequence) << c.notation;
    EXPECT_EQ(offset, c.offset) << c.notation;
    EXPECT_THAT(sequence.error().context, HasSubstr(c.want)) << c.notation;
    EXPECT_THAT(ValueSequence::parse(c.notation).error().context,
                HasSubstr("offset " + std::to_string(c.offset) + ": "));
  }
}

TEST(ValueSequence, ALongSequenceCostsNothingUntilItIsExpanded) {
  const auto sequence = ValueSequence::parse("0+1x9999999");
  ASSERT_TRUE(sequence);
  EXPECT_EQ(sequence->size(), ValueSequence::max_points);
  EXPECT_EQ(expand("0+1x9999999", TimeGrid{0, 1000}, 1000, 3000).samples.size(), 3U);
}

TEST(ValueSequence, SchemasOfAnyDistanceAreCombined) {
  // Not a shift by more bits than there are.
  EXPECT_TRUE(
      ValueSequence::parse("{{schema:0 buckets:[1 2]}}+{{schema:2000000000 buckets:[1 2]}}x2"));
  EXPECT_TRUE(ValueSequence::parse(
      "{{schema:-2000000000 buckets:[1]}}+{{schema:2000000000 buckets:[1]}}x1"));
}

}  // namespace
}  // namespace mread::mockstore
