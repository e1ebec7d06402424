#include "rehearse/data/example_data.h"

#include <map>
#include <set>

#include <gmock/gmock.h>

#include "model/promql_uses.h"

namespace mread::rehearse {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ExampleData data_for(const std::vector<std::string>& expressions, size_t groups = 1) {
  std::vector<Question> questions;
  questions.reserve(expressions.size());
  for (const std::string& one : expressions) questions.push_back({one, one, "--query"});
  return make_example_data(questions, groups);
}

TEST(ExampleData, EachSelectorFindsSeriesInEachGroup) {
  const std::vector<std::string> expressions{
      "up == 0", "sum by (cluster) (rate(http_requests_total{code=~\"5..\", job!=\"x\"}[5m]))",
      "histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))",
      "{__name__=~\"a|b\", env=\"prod\"}"};
  const ExampleData data = data_for(expressions, 3);
  EXPECT_THAT(data.notes, IsEmpty());
  for (const std::string& expression : expressions) {
    const auto uses = model::promql_uses(expression);
    for (const auto& [selector, range] : uses->selectors) {
      std::set<size_t> groups;
      for (const ExampleSeries& series : data.series) {
        if (model::matches(selector, series.labels)) groups.insert(series.group);
      }
      EXPECT_EQ(groups.size(), 3U) << model::to_string(selector);
    }
  }
}

TEST(ExampleData, HasNoSeriesTwiceAndIsTheSameEachTime) {
  const auto texts = [] {
    std::vector<std::string> out;
    for (const ExampleSeries& one : data_for({"up", "up{job=\"job\"}", "sum(up) by (x)"}).series)
      out.push_back(one.labels.to_string() + " " + one.values);
    return out;
  };
  const auto first = texts();
  EXPECT_EQ(first, texts());
  EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), first.size());
}

TEST(ExampleData, ValuesLieOnBothSidesOfAThreshold) {
  std::map<std::string, std::set<std::string>> values;
  for (const ExampleSeries& one : data_for({"up", "errors_total", "free_bytes"}, 2).series)
    values[std::string(one.labels.get("__name__"))].insert(one.values);
  EXPECT_THAT(values["up"], ElementsAre("0x240", "1x240"));
  EXPECT_EQ(values["errors_total"].size(), 200U) << "no two instances are the same";
  EXPECT_TRUE(values["free_bytes"].contains("0x240"));
  EXPECT_TRUE(values["free_bytes"].contains("1000006x240"));
}

TEST(ExampleData, BucketsHaveBounds) {
  std::set<std::string> bounds;
  for (const ExampleSeries& one : data_for({"x_bucket"}).series)
    bounds.emplace(one.labels.get("le"));
  EXPECT_THAT(bounds, ElementsAre("+Inf", "0.1", "1"));
}

TEST(ExampleData, LabelsByWhichAreGroupedAreThere) {
  const ExampleData data = data_for({"sum by (cluster) (up)"});
  EXPECT_EQ(data.series.front().labels.get("cluster"), "cluster-1");
}

TEST(ExampleData, SaysForWhatThereIsNone) {
  const ExampleData data = data_for({"up{a=\"b\",a=\"c\"}", "up{"});
  EXPECT_THAT(data.series, IsEmpty());
  ASSERT_EQ(data.notes.size(), 2U);
  EXPECT_THAT(data.notes[0], HasSubstr("no series is made for up{a=\"b\",a=\"c\"}"));
  EXPECT_THAT(data.notes[1], HasSubstr("a brace without an end"));
}

TEST(ExampleData, StaysSmallForManySelectors) {
  std::vector<std::string> expressions;
  expressions.reserve(500);
  for (int i = 0; i < 500; ++i) expressions.push_back("m" + std::to_string(i));
  const size_t series = data_for(expressions).series.size();
  EXPECT_LE(series, 20'000U);
  EXPECT_GE(series, 500U * 8);
}

}  // namespace
}  // namespace mread::rehearse
