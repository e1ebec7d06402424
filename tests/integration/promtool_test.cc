// The notation of input_series against the program that defines it, and OpenMetrics text against
// the one that reads it.

#include "integration/promtool.h"

#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "mockstore/notation/input_series.h"
#include "mockstore/notation/openmetrics.h"
#include "wire/chunk/histogram_chunk.h"

namespace mread::mockstore {
namespace {

using integration::Outcome;
using integration::run;

constexpr const char* version = "3.5";

const std::vector<std::string>& accepted() {
  static const std::vector<std::string> notations = {
      "",
      "   ",
      "1 2 3",
      "  7  8 ",
      "010 08 0_7 1_000 1_000.5 .5 1. 1e3 1E+2 1e-2 -0 +5",
      "1+2x3",
      "0+0.1x9",
      "-4-1x2 10-2.5x4 7x2 -1x0",
      "1e3-2x3 1e+3x2",
      "_ _x3 1 _ 2 _x0 3",
      "stale 1 stale",
      "1 stale _ 2x1",
      "Inf -Inf +Inf inf INF Inf+1x2 -Inf-1x1",
      "9007199254740993 18446744073709551616 0.1 1.7976931348623157e308 5e-324",
      "{{}} {{ }}",
      "{{schema:1 count:4 sum:5.5 z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[1 2]}}",
      "{{schema:0 sum:-5 count:4 buckets:[1 2 1] n_offset:2 n_buckets:[1 2]}}",
      "{{count:1 buckets:[1]}}x3",
      "{{count:3 sum:1 buckets:[1 2]}}+{{count:2 sum:0.1 buckets:[1 0 1] offset:1}}x4",
      "{{schema:0 count:4 sum:1 buckets:[4 4 4]}}-{{schema:0 count:1 sum:0.1 buckets:[1 1]}}x2",
      "{{schema:0 count:3 buckets:[3]}}+{{schema:2 count:4 offset:-3 buckets:[1 2 3 4 5 6 7 8 "
      "9]}}x2",
      "{{schema:0 z_bucket_w:5 z_bucket:2 count:3 offset:3 buckets:[3]}}+{{schema:0 z_bucket_w:5 "
      "z_bucket:1 count:4 "
      "offset:1 buckets:[1 2 3 4]}}x2",
      "{{schema:-53 custom_values:[5 10] count:3 sum:1 buckets:[1 1 1]}} {{schema:-53 "
      "custom_values:[-1 0.5] "
      "buckets:[1 2]}}",
      "{{schema:-53 custom_values:[5 10] buckets:[1 1]}}+{{schema:-53 custom_values:[5 10] "
      "offset:1 buckets:[2 1]}}x2",
      "{{counter_reset_hint:gauge count:3}} {{counter_reset_hint:reset}} "
      "{{counter_reset_hint:not_reset}} "
      "{{counter_reset_hint:unknown}}",
      "{{COUNT:5 Sum:2 buckets:[5 ]}}",
      "{{count:5   sum:2 }}",
      "{{sum:-Inf count:1}} {{sum:Inf}}",
      "1 {{count:1}} _ {{count:2}}x1 stale 5",
  };
  return notations;
}

const std::vector<std::string>& refused() {
  static const std::vector<std::string> notations = {
      "x",
      "1x",
      "1x-1",
      "1x1.5",
      "1x1e3",
      "1+2",
      "1+",
      "+",
      "--1",
      "1 x3",
      "_1",
      "__",
      "_x",
      "1_",
      "1__0",
      "0x10x",
      "abc",
      "stalex3",
      "Infx3",
      "infinity",
      "Stale",
      "1y",
      "1e",
      "1..2",
      "1e5e5",
      "1,2",
      "#",
      "1s",
      "{1}",
      "{{",
      "{{}",
      "{{count}}",
      "{{count:}}",
      "{{bogus:1}}",
      "{{count:1 count:2}}",
      "{{count:1,sum:2}}",
      "{{ count:1}}",
      "{{buckets:[]}}",
      "{{buckets:[ 1]}}",
      "{{buckets:1}}",
      "{{buckets:[1,2]}}",
      "{{schema:1.5}}",
      "{{counter_reset_hint:never}}",
      "{{}}+1x2",
      "{{}}+{{}}",
      "1+{{}}x2",
      "{{}}y",
      "{{schema:1}}+{{schema:0}}x2",
      "{{}}+{{schema:-53 custom_values:[1]}}x1",
      "{{sum:+1}}",
      "{{sum:.5}}",
      "{{buckets:[.5]}}",
      "{{z_bucket:x}}",
      "{{sum:1s}}",
      "{{offset:+1}}",
      "{{schema:-x}}",
      "1{{}}",
      "{{}}1",
      "{{schema:-53 custom_values:[5 10] buckets:[1]}}+{{schema:-53 custom_values:[5 11] "
      "buckets:[1]}}x1",
  };
  return notations;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string yaml_number(double value) {
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  return fmt::format("{}", value);
}

std::string test_group(const std::string& notation) {
  return fmt::format("  - interval: 1m\n    input_series:\n      - series: a\n        values: {}\n",
                     quoted(notation));
}

// A rules test that holds exactly if promtool's expansion is ours, point by point.
std::string rules_test(const std::string& notation, const ValueSequence& sequence) {
  std::string out = test_group(notation) + "    promql_expr_test:\n";
  model::Series series;
  sequence.expand(TimeGrid{0, 60'000}, series);
  // promtool stores the series first, and reads hints as a chunk gives them.
  wire::HistogramChunkWriter writer;
  std::vector<model::HistogramSample> histograms;
  for (const model::HistogramSample& sample : series.histograms) EXPECT_TRUE(writer.append(sample));
  for (const wire::EncodedHistogramChunk& chunk : writer.finish()) {
    const auto samples = wire::decode_histogram_chunk(chunk.is_float, chunk.bytes);
    histograms.insert(histograms.end(), samples->begin(), samples->end());
  }
  for (uint64_t i = 0; i < sequence.size() + 1; ++i) {
    const int64_t at = static_cast<int64_t>(i) * 60'000;
    out += fmt::format(
        "      - expr: 'last_over_time(a[30s])'\n        eval_time: {}m\n        exp_samples:\n",
        i);
    for (const model::Sample& sample : series.samples) {
      if (sample.timestamp_ms == at && !model::is_stale(sample.bits)) {
        out += fmt::format("          - {{labels: a, value: {}}}\n", yaml_number(sample.value()));
      }
    }
    for (const model::HistogramSample& sample : histograms) {
      if (sample.timestamp_ms == at)
        out += fmt::format("          - {{labels: a, histogram: '{}'}}\n",
                           sample.histogram.to_string());
    }
  }
  return out;
}

class Promtool : public testing::Test {
 protected:
  void SetUp() override {
    promtool_ = prometheus_program(version, "promtool");
    ASSERT_FALSE(promtool_.empty())
        << "promtool " << version << " is not on this machine: run ci/setup";
  }
  Outcome test_rules(const std::string& groups) {
    const std::string file =
        folder_.write("test.yml", "evaluation_interval: 1m\ntests:\n" + groups);
    return run(promtool_ + " test rules " + file);
  }

  TemporaryFolder folder_;
  std::string promtool_;
};

TEST_F(Promtool, TakesAndExpandsWhatWeTake) {
  for (const std::string& notation : accepted()) {
    size_t offset = 0;
    const auto sequence = ValueSequence::parse(notation, &offset);
    ASSERT_TRUE(sequence) << notation << " at " << offset << ": " << sequence.error().context;
    const Outcome outcome = test_rules(rules_test(notation, *sequence));
    EXPECT_EQ(outcome.status, 0) << notation << "\n" << outcome.output;
  }
}

TEST_F(Promtool, TheComparisonSeesADifference) {
  const Outcome outcome =
      test_rules(rules_test("1 2 {{count:3}}", *ValueSequence::parse("1 2 {{count:4}}")));
  EXPECT_NE(outcome.status, 0);
}

TEST_F(Promtool, RefusesWhatWeRefuse) {
  for (const std::string& notation : refused()) {
    EXPECT_FALSE(ValueSequence::parse(notation)) << notation;
    const Outcome outcome = test_rules(test_group(notation) +
                                       "    promql_expr_test: [{expr: 'vector(1)', eval_time: 0m, "
                                       "exp_samples: [{labels: '{}', value: 1}]}]\n");
    EXPECT_NE(outcome.status, 0) << notation << " is taken by promtool";
  }
}

std::string text_of(const model::Series& series) {
  OpenMetricsWriter writer;
  writer.append(series);
  writer.finish();
  return writer.take();
}

// Every millisecond of a second, and values that need all their digits, through real blocks and
// back.
TEST(PromtoolBlocks, HoldTheSamplesOfOurOpenMetricsText) {
  for (const char* of_version : {"2.42", "2.53", "3.5"}) {
    const std::string promtool = prometheus_program(of_version, "promtool");
    ASSERT_FALSE(promtool.empty())
        << "promtool " << of_version << " is not on this machine: run ci/setup";
    model::Series series;
    series.labels = {{"__name__", "m"}, {"odd", "a\"b\\c\nd"}};
    for (int64_t i = 0; i < 1000; ++i)
      series.samples.push_back(
          model::Sample::of(1'700'000'000'000 + i * 1001, static_cast<double>(i) / 3));
    const TemporaryFolder folder;
    const std::string file = folder.write("in.txt", text_of(series));
    const std::string blocks = (folder.path() / "data").string();
    const Outcome made =
        run(promtool + " tsdb create-blocks-from openmetrics " + file + " " + blocks);
    ASSERT_EQ(made.status, 0) << of_version << "\n" << made.output;
    std::filesystem::create_directory(blocks + "/wal");  // dump wants one
    const Outcome dump = run("cd " + folder.path().string() + " && mkdir -p data && " + promtool +
                             " tsdb dump data");
    ASSERT_EQ(dump.status, 0) << of_version << "\n" << dump.output;

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
    EXPECT_EQ(lines, series.samples.size()) << of_version;
  }
}

}  // namespace
}  // namespace mread::mockstore
