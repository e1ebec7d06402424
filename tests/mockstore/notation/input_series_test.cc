#include "mockstore/notation/input_series.h"

#include <bit>

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

std::vector<InputSeries> read(const std::string& text) {
  return read_input_series(yaml::Node::parse(text, "test.yaml"));
}

TEST(InputSeries, RepeatMakesTheProduct) {
  const auto entries = read(
      "- series: 'cpu{mode=\"idle\"}'\n  values: 1x3\n  repeat: {host: 3, cpu: {count: 2, prefix: "
      "''}}\n");
  ASSERT_EQ(entries.size(), 1U);
  ASSERT_EQ(entries[0].series_count(), 6U);
  EXPECT_EQ(entries[0].labels(0).to_string(), R"(cpu{cpu="0", host="host-0", mode="idle"})");
  EXPECT_EQ(entries[0].labels(1).to_string(), R"(cpu{cpu="1", host="host-0", mode="idle"})");
  EXPECT_EQ(entries[0].labels(5).to_string(), R"(cpu{cpu="1", host="host-2", mode="idle"})");
  EXPECT_EQ(entries[0].series(5, TimeGrid{}).samples.size(), 4U);
  const auto all = expand_input_series(entries, TimeGrid{});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 6U);
  for (size_t i = 1; i < all->size(); ++i) EXPECT_LT((*all)[i - 1].labels, (*all)[i].labels);
}

TEST(InputSeries, AHundredThousandSeriesAreOneEntry) {
  const auto entries = read("- {series: m, values: 1x3, repeat: {a: 1000, b: 100}}\n");
  EXPECT_EQ(entries[0].series_count(), 100'000U);
  EXPECT_EQ(entries[0].labels(99'999).to_string(), R"(m{a="a-999", b="b-99"})");
}

TEST(InputSeries, WhatDoesNotFitIsRefusedBeforeItIsExpanded) {
  for (const char* text : {"- {series: m, values: 0+1x9999999, repeat: {a: 100}}\n",
                           "- {series: m, values: 1x3, repeat: {a: 1e7}}\n"
                           "- {series: n, values: 1x3, repeat: {a: 1e7}}\n",
                           "- {series: m, values: '{{schema:0 count:1 buckets:[1 2 3]}}x9999999', "
                           "repeat: {a: 3}}\n"}) {
    const auto all = expand_input_series(read(text), TimeGrid{0, 1});
    ASSERT_FALSE(all) << text;
    EXPECT_TRUE(all.error().is(Errc::limit));
    EXPECT_THAT(all.error().context, HasSubstr("more than 4 GiB"));
  }
}

TEST(ValueSequence, SchemasOfAnyDistanceAreCombined) {
  // Not a shift by more bits than there are.
  EXPECT_TRUE(
      ValueSequence::parse("{{schema:0 buckets:[1 2]}}+{{schema:2000000000 buckets:[1 2]}}x2"));
  EXPECT_TRUE(ValueSequence::parse(
      "{{schema:-2000000000 buckets:[1]}}+{{schema:2000000000 buckets:[1]}}x1"));
}

struct YamlCase {
  std::string text;
  std::string want;
};

TEST(InputSeries, ErrorsHaveAPlace) {
  for (const YamlCase& c : std::vector<YamlCase>{
           {"- {series: up}", "values"},
           {"- series: up\n  values: '1 2 x'\n", "test.yaml:2:16: unexpected 'x'"},
           {"- series: 'up{'\n  values: '1'\n", "test.yaml:1:"},
           {"- {series: up, values: 1, repaet: {a: 1}}", "repeat"},
           {"- {series: up, values: 1, repeat: {a: 0}}", "at least 1"},
           {"- {series: 'up{a=\"1\"}', values: 1, repeat: {a: 2}}", "has the label 'a' already"},
           {"- {series: up, values: 1, repeat: {a: 5e6, b: 5e6}}", "more than 10000000 series"},
           {"- {series: up, values: 1}\n- {series: up, values: 2}\n",
            "test.yaml:2:12: the series up is listed twice"},
       }) {
    try {
      read(c.text);
      ADD_FAILURE() << c.text << " is taken";
    } catch (const yaml::ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr(c.want)) << c.text;
    }
  }
}

TEST(InputSeries, TwoEntriesMayNotMeet) {
  const auto entries =
      read("- {series: m, values: 1, repeat: {a: 2}}\n- {series: 'm{a=\"a-1\"}', values: 2}\n");
  const auto all = expand_input_series(entries, TimeGrid{});
  ASSERT_FALSE(all);
  EXPECT_THAT(all.error().context, HasSubstr("m{a=\"a-1\"} is listed twice"));
}

TEST(InputSeries, ParsesWithoutYaml) {
  EXPECT_EQ(InputSeries::parse("up", "1 2")->series(0, {}).samples.size(), 2U);
  EXPECT_THAT(InputSeries::parse("up", "1 y").error().context, HasSubstr("values: offset 2: "));
  EXPECT_THAT(InputSeries::parse("up{", "1").error().context, HasSubstr("series: offset"));
  EXPECT_FALSE(InputSeries::parse("up", "1", {{"a", 0, ""}}));
}

}  // namespace
}  // namespace mread::mockstore
