#include "mockstore/openmetrics.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "mockstore/promtool.h"

namespace mread::mockstore {
namespace {

using model::Sample;

std::string text_of(const std::vector<model::Series>& all, OpenMetricsWriter::Omitted* omitted = nullptr) {
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
  const std::string text =
      text_of({{{{"__name__", "m"}}, {{0, model::stale_nan_bits}, Sample::of(1, 1)}, {{5, {}}, {6, {}}}}}, &omitted);
  EXPECT_EQ(text, "m 1 0.001\n# EOF\n");
  EXPECT_EQ(omitted.stale_markers, 1U);
  EXPECT_EQ(omitted.histograms, 2U);
}

// Every millisecond of a second, and values that need all their digits, through real blocks and back.
TEST(OpenMetrics, PromtoolMakesBlocksThatHoldTheSameSamples) {
  for (const char* version : {"2.42.0", "2.53.3", "3.5.3"}) {
    const std::string promtool = prometheus_program(version, "promtool");
    if (promtool.empty()) GTEST_SKIP() << "promtool " << version << " is not on this machine";
    model::Series series;
    series.labels = {{"__name__", "m"}, {"odd", "a\"b\\c\nd"}};
    for (int64_t i = 0; i < 1000; ++i)
      series.samples.push_back(Sample::of(1'700'000'000'000 + i * 1001, static_cast<double>(i) / 3));
    const TemporaryFolder folder;
    const std::string file = folder.write("in.txt", text_of({series}));
    const std::string blocks = (folder.path() / "data").string();
    const Outcome made = run(promtool + " tsdb create-blocks-from openmetrics " + file + " " + blocks);
    ASSERT_EQ(made.status, 0) << version << "\n" << made.output;
    std::filesystem::create_directory(blocks + "/wal");  // dump wants one
    const Outcome dump = run("cd " + folder.path().string() + " && mkdir -p data && " + promtool + " tsdb dump data");
    ASSERT_EQ(dump.status, 0) << version << "\n" << dump.output;

    size_t lines = 0;
    size_t at = 0;
    for (size_t end = 0; (end = dump.output.find('\n', at)) != std::string::npos; at = end + 1) {
      const std::string line = dump.output.substr(at, end - at);
      if (!line.starts_with("{__name__=\"m\"")) continue;
      ASSERT_LT(lines, series.samples.size());
      const size_t time_at = line.rfind(' ');
      const size_t value_at = line.rfind(' ', time_at - 1);
      EXPECT_EQ(std::stoll(line.substr(time_at + 1)), series.samples[lines].timestamp_ms);
      EXPECT_EQ(std::stod(line.substr(value_at + 1)), series.samples[lines].value());
      ++lines;
    }
    EXPECT_EQ(lines, series.samples.size()) << version;
  }
}

}  // namespace
}  // namespace mread::mockstore
