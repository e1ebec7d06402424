#include "probe/series_output.h"

#include <limits>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/nasty_texts.h"
#include "base/printable.h"

namespace mread::probe {
namespace {

using testing::HasSubstr;

model::Histogram histogram(uint64_t count) {
  model::Histogram out;
  out.count = count;
  return out;
}

std::vector<model::Series> mixed() {
  model::Series series;
  series.labels = {{"__name__", "m"}, {"path", "C:\\a\n\x1b[31mred"}};
  series.samples = {model::Sample::of(1500, 1),
                    {3000, model::stale_nan_bits},
                    {4000, model::normal_nan_bits},
                    model::Sample::of(-250, -std::numeric_limits<double>::infinity())};
  std::sort(series.samples.begin(), series.samples.end(),
            [](const auto& a, const auto& b) { return a.timestamp_ms < b.timestamp_ms; });
  series.histograms = {{2000, histogram(7)}, {5000, model::Histogram::stale(false)}};
  return {series};
}

TEST(SeriesOutput, CsvIsInOrderOfTime) {
  EXPECT_THAT(csv(mixed()), HasSubstr(",-250,-Inf\n"));
  const std::string text = csv(mixed());
  EXPECT_LT(text.find(",1500,1\n"), text.find(",2000,{{count:7}}\n"));
  EXPECT_LT(text.find(",2000,{{count:7}}\n"), text.find(",3000,StaleNaN\n"));
  EXPECT_THAT(text, HasSubstr(",4000,NaN\n"));
  EXPECT_THAT(text, HasSubstr(",5000,StaleNaN\n"));
}

TEST(SeriesOutput, JsonHasValuesAndHistograms) {
  EXPECT_THAT(
      json(mixed()),
      HasSubstr(
          R"("values":[[-0.250,"-Inf"],[1.500,"1"],[3,"StaleNaN"],[4,"NaN"]],"histograms":[[2,"{{count:7}}"],[5,"StaleNaN"]]})"));
  EXPECT_EQ(json({}), "{\"resultType\":\"matrix\",\"result\":[]}\n");
}

TEST(SeriesOutput, OpenMetricsTellsWhatItLeftOut) {
  EXPECT_THAT(openmetrics(mixed()),
              HasSubstr("# left out: 1 staleness markers, 2 native histograms\n# EOF\n"));
  EXPECT_EQ(openmetrics({}), "# EOF\n");
}

TEST(SeriesOutput, ATableDoesNotSteerTheTerminal) {
  const std::string plain = table(mixed(), {});
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  EXPECT_THAT(plain, HasSubstr("      6  1969-12-31T23:59:59.750Z  1970-01-01T00:00:05Z"));
  const std::string coloured = table(mixed(), {.colour = true, .values = true});
  EXPECT_THAT(coloured, HasSubstr("\x1b[1mSERIES"));
  EXPECT_EQ(coloured.find("\x1b[31m"), std::string::npos);
  EXPECT_EQ(table({}, {}), "no series\n");
}

std::vector<model::Series> nasty_series(const std::string& text) {
  model::Series series;
  series.labels = {{"__name__", text}, {"a" + text, text}, {"job", text}};
  series.samples = {model::Sample::of(1500, 1)};
  return {series};
}

TEST(SeriesOutput, IsHarmlessAndExactWhateverALabelHolds) {
  for (const std::string& text : nasty::texts()) {
    const auto series = nasty_series(text);
    EXPECT_TRUE(nasty::is_harmless(table(series, {.values = true}), true));
    EXPECT_TRUE(nasty::is_harmless(csv(series), true));
    EXPECT_TRUE(nasty::is_harmless(json(series), true));
    EXPECT_EQ(*model::parse_series(series[0].labels.to_string()), series[0].labels);
    boost::system::error_code code;
    const auto parsed = boost::json::parse(json(series), code);
    ASSERT_FALSE(code) << json(series);
    EXPECT_EQ(parsed.at("result").at(0).at("metric").at("job").as_string(), valid_utf8(text));
    EXPECT_EQ(openmetrics(series), valid_utf8(openmetrics(series)));
  }
}

TEST(SeriesOutput, ASeriesWithoutSamplesHasALine) {
  EXPECT_THAT(table({{{{"__name__", "up"}}, {}, {}}}, {}), HasSubstr("\nup            0"));
}

}  // namespace
}  // namespace mread::probe
