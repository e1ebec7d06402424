#include "merger/answer/client_class.h"

#include <gtest/gtest.h>

#include "merger/answers.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests

struct LabelCase {
  const char* name;
  std::vector<model::Label> labels;
  std::optional<Refusal> refused;
};

class RefusedLabel : public ::testing::TestWithParam<LabelCase> {};

TEST_P(RefusedLabel, IsWhatTheGenerationRefuses) {
  const std::string wire = raw_labels(GetParam().labels);
  EXPECT_EQ(refused_label(ClientClass::v2_42, wire), GetParam().refused);
  EXPECT_EQ(refused_label(ClientClass::v2_53, wire), GetParam().refused);
  EXPECT_EQ(refused_label(ClientClass::v3_5, wire), std::nullopt);
}

// Each was seen with real query nodes: docs/reference/prometheus-facts.md, "What a client refuses".
INSTANTIATE_TEST_SUITE_P(
    Table, RefusedLabel,
    ::testing::Values(
        LabelCase{"NoLabels", {}, std::nullopt},
        LabelCase{
            "Classic", {{"__name__", "http_requests:rate5m"}, {"_job9", "x y"}}, std::nullopt},
        LabelCase{"NoMetricName", {{"job", "x"}}, std::nullopt},
        LabelCase{"DotInMetric", {{"__name__", "m.x"}, {"job", "x"}}, Refusal::metric_name},
        LabelCase{"DigitBeforeMetric", {{"__name__", "0m"}}, Refusal::metric_name},
        LabelCase{"BytesInMetric", {{"__name__", "m\xff"}}, Refusal::metric_name},
        LabelCase{"DotInName", {{"__name__", "m"}, {"http.method", "GET"}}, Refusal::label_name},
        LabelCase{"ColonInName", {{"__name__", "m"}, {"a:b", "x"}}, Refusal::label_name},
        LabelCase{"DigitBeforeName", {{"0b", "x"}, {"__name__", "m"}}, Refusal::label_name},
        LabelCase{"UmlautInName",
                  {{"__name__", "m"},
                   {"gr\xc3\xb6\xc3\x9f"
                    "e",
                    "x"}},
                  Refusal::label_name},
        LabelCase{"Utf8InValue",
                  {{"a", "\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd"}},
                  std::nullopt},
        LabelCase{"NulInValue", {{"a", std::string("\0", 1)}}, std::nullopt},
        LabelCase{"HighestCharacter", {{"a", "\xf4\x8f\xbf\xbf"}}, std::nullopt},
        LabelCase{"AboveTheHighest", {{"a", "\xf4\x90\x80\x80"}}, Refusal::label_value},
        LabelCase{"ByteInValue", {{"a", "x\xff"}}, Refusal::label_value},
        LabelCase{"Surrogate", {{"a", "\xed\xa0\x80"}}, Refusal::label_value},
        LabelCase{"LongForm", {{"a", "\xc0\xaf"}}, Refusal::label_value},
        LabelCase{"LongFormOfThree", {{"a", "\xe0\x80\xaf"}}, Refusal::label_value},
        LabelCase{"LongFormOfFour", {{"a", "\xf0\x80\x80\xaf"}}, Refusal::label_value},
        LabelCase{"CutCharacter", {{"a", "\xe2\x82"}}, Refusal::label_value},
        LabelCase{"CutPair", {{"a", "\xc3"}}, Refusal::label_value},
        LabelCase{"FollowerAlone", {{"a", "\x80"}}, Refusal::label_value}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ClientClassTest, OnlyTheMiddleOneFailsOnFloatHistograms) {
  EXPECT_FALSE(refuses_float_histograms(ClientClass::v2_42));
  EXPECT_TRUE(refuses_float_histograms(ClientClass::v2_53));
  EXPECT_FALSE(refuses_float_histograms(ClientClass::v3_5));
}

TEST(ClientClassTest, FollowsTheVersionOfAPrometheus) {
  for (const char* agent :
       {"Prometheus/2.42.0", "Prometheus/2.43.1+ds1", "Prometheus/2.5.0", "Prometheus/1.8.2"}) {
    EXPECT_EQ(class_of_user_agent(agent), ClientClass::v2_42) << agent;
  }
  for (const char* agent :
       {"Prometheus/2.44.0", "Prometheus/2.53.3 (linux)", "Prometheus/2.55.1"}) {
    EXPECT_EQ(class_of_user_agent(agent), ClientClass::v2_53) << agent;
  }
  for (const char* agent :
       {"Prometheus/3.5.3", "Prometheus/3.0.0-rc.1", "Prometheus/10.2.0", "Prometheus/",
        "Prometheus/2", "Prometheus/2.", "Prometheus/x.y", "Prometheus/2.99999999999",
        "prometheus/2.42.0", "vmctl", "curl/7.88 Prometheus/2.42.0", ""}) {
    EXPECT_EQ(class_of_user_agent(agent), ClientClass::v3_5) << agent;
  }
}

TEST(ClientClassTest, NamesWhatWasLeftOut) {
  EXPECT_EQ(describe_left_out(ClientClass::v2_42, {}), "");
  EXPECT_EQ(describe_left_out(ClientClass::v2_42, {0, 3, 0, 0}),
            "3 series that Prometheus 2.42 refuses: a label's name");
  EXPECT_EQ(describe_left_out(ClientClass::v2_53, {1, 0, 2, 4}),
            "7 series that Prometheus 2.53 refuses: 1 for the metric's name, 2 for a label's "
            "value, 4 for float "
            "histograms");
  EXPECT_EQ(total({1, 0, 2, 4}), 7U);
}

}  // namespace
}  // namespace mread::merger
