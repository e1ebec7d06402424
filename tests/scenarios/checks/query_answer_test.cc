#include "scenarios/checks/query_answer.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

TEST(QueryAnswer, KeepsTheOrderOfTheAnswer) {
  const auto answer = parse_answer(
      R"({"status":"success","data":{"resultType":"vector","result":[)"
      R"({"metric":{"a":"2"},"value":[1,"1"]},{"metric":{"a":"1"},"value":[1,"1"]}]}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->series.front().labels.get("a"), "1");
  ASSERT_EQ(answer->order.size(), 2u);
  EXPECT_EQ(answer->order.front().get("a"), "2");
}

TEST(ParseAnswer, ReadsAVectorSortedByLabels) {
  const auto answer = parse_answer(
      R"({"status":"success","data":{"resultType":"vector","result":[
        {"metric":{"__name__":"up","job":"b"},"value":[1700000000.123,"NaN"]},
        {"metric":{"__name__":"up","job":"a"},"value":[1700000000.123,"0.1"]}]},
        "warnings":["w"],"infos":["i"]})");
  ASSERT_TRUE(answer) << answer.error().to_string();
  ASSERT_EQ(answer->series.size(), 2u);
  EXPECT_EQ(answer->series[0].labels.to_string(), "up{job=\"a\"}");
  EXPECT_EQ(answer->series[0].points[0].value, 0.1);
  EXPECT_EQ(answer->series[0].points[0].timestamp_ms, 1700000000123);
  EXPECT_TRUE(std::isnan(answer->series[1].points[0].value));
  EXPECT_THAT(answer->warnings, testing::ElementsAre("w"));
  EXPECT_THAT(answer->infos, testing::ElementsAre("i"));
  EXPECT_EQ(answer->to_string(), "up{job=\"a\"} 0.1\nup{job=\"b\"} NaN");
}

TEST(ParseAnswer, ReadsEveryOtherType) {
  EXPECT_EQ(
      parse_answer(R"({"status":"success","data":{"resultType":"scalar","result":[1,"+Inf"]}})")
          ->to_string(),
      "{} +Inf");
  EXPECT_EQ(parse_answer(R"({"status":"success","data":{"resultType":"string","result":[1,"x"]}})")
                ->to_string(),
            "\"x\"");
  EXPECT_EQ(parse_answer(R"({"status":"success","data":{"resultType":"vector","result":[]}})")
                ->to_string(),
            "no data");
  const auto matrix = parse_answer(
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"],[2.5,"3"]]}]}})");
  EXPECT_EQ(matrix->to_string(), "{} 2 @1 3 @2.5");
  const auto histogram = parse_answer(
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"3","sum":"4.5",
      "buckets":[[0,"1","2","3"]]}]}]}})");
  EXPECT_EQ(histogram->to_string(), "{} {count:3 sum:4.5 [1,2]:3}");
}

TEST(ParseAnswer, AnErrorIsAnAnswer) {
  const auto answer = parse_answer(
      R"({"status":"error","errorType":"execution","error":"expanding series: deadline"})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error, "execution: expanding series: deadline");
  EXPECT_EQ(answer->to_string(), "error: execution: expanding series: deadline");
}

TEST(ParseAnswer, RefusesWhatIsNone) {
  for (
      const char* body :
      {"", "<html>", "{}", R"({"status":"success"})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}})"}) {
    EXPECT_FALSE(parse_answer(body)) << body;
  }
}

TEST(AnswerText, SaysHowMuchIsLeftOut) {
  QueryAnswer answer;
  answer.type = "vector";
  for (int i = 0; i < 5; ++i)
    answer.series.push_back({model::LabelSet{{"i", std::to_string(i)}}, {{0, 1, {}}}});
  EXPECT_EQ(answer.to_string(2), "{i=\"0\"} 1\n{i=\"1\"} 1\n… 5 series");
}

// What Prometheus 3.5.3 shows for {{schema:0 count:10 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[1 2]
// n_buckets:[5]}}.
TEST(ApiHistogramTest, ShowsBucketsByTheirBounds) {
  model::Histogram h;
  h.is_float = true;
  h.float_count = 10;
  h.sum = 5;
  h.zero_threshold = 0.5;
  h.float_zero_count = 2;
  h.positive_spans = {{0, 2}};
  h.positive_counts = {1, 2};
  h.negative_spans = {{0, 1}};
  h.negative_counts = {5};
  EXPECT_EQ(ApiHistogram::of(h).to_string(),
            "{count:10 sum:5 [-1,-0.5]:5 [-0.5,0.5]:2 [0.5,1]:1 [1,2]:2}");
}

TEST(ApiHistogramTest, CustomBucketsBeginAtMinusInfinity) {
  model::Histogram h;
  h.is_float = true;
  h.schema = model::custom_buckets_schema;
  h.float_count = 6;
  h.custom_values = {5, 10};
  h.positive_spans = {{0, 3}};
  h.positive_counts = {1, 2, 3};
  EXPECT_EQ(ApiHistogram::of(h).to_string(), "{count:6 sum:0 [-Inf,5]:1 [5,10]:2 [10,+Inf]:3}");
}

}  // namespace
}  // namespace mread::scenarios
