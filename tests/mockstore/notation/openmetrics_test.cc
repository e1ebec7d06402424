#include "mockstore/notation/openmetrics.h"

#include <limits>

#include <gtest/gtest.h>

namespace mread::mockstore {
namespace {

using model::Sample;

std::string text_of(const std::vector<model::Series>& all,
                    OpenMetricsWriter::Omitted* omitted = nullptr) {
  OpenMetricsWriter writer;
  for (const model::Series& series : all) writer.append(series);
  writer.finish();
  if (omitted != nullptr) *omitted = writer.omitted();
  return writer.take();
}

TEST(OpenMetrics, WritesALineForEachSample) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<model::Series> all = {
      {{{"__name__", "up"}},
       {Sample::of(1000, 1), Sample::of(1001, 0.1), Sample::of(-1, -0.0), Sample::of(0, infinity),
        Sample::of(5, -infinity)},
       {}},
      {{{"__name__", "up"}, {"job", "a\"b\\c\nd\te"}}, {Sample::of(1'700'000'000'050, 1e300)}, {}},
      {{{"__name__", "http.requests"}, {"http.status", "200"}}, {Sample::of(0, 3)}, {}},
      {{{"job", "x"}}, {{7, model::normal_nan_bits}}, {}},
      {{{"__name__", "none"}}, {}, {}},
  };
  EXPECT_EQ(text_of(all),
            "up 1 1\n"
            "up 0.1 1.001\n"
            "up -0 -0.001\n"
            "up +Inf 0\n"
            "up -Inf 0.005\n"
            "up{job=\"a\\\"b\\\\c\\nd\te\"} 1e+300 1700000000.050\n"
            "{\"http.requests\",\"http.status\"=\"200\"} 3 0\n"
            "{job=\"x\"} NaN 0.007\n"
            "# EOF\n");
}

TEST(OpenMetrics, CountsWhatItCannotSay) {
  OpenMetricsWriter::Omitted omitted;
  const std::string text = text_of(
      {{{{"__name__", "m"}}, {{0, model::stale_nan_bits}, Sample::of(1, 1)}, {{5, {}}, {6, {}}}}},
      &omitted);
  EXPECT_EQ(text, "m 1 0.001\n# EOF\n");
  EXPECT_EQ(omitted.stale_markers, 1U);
  EXPECT_EQ(omitted.histograms, 2U);
}

}  // namespace
}  // namespace mread::mockstore
