#include "mockstore/notation/input_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::mockstore {
namespace {

using testing::HasSubstr;

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
