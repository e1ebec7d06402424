#include "scenarios/checks/compare.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/checks/answers.h"

namespace mread::scenarios {
namespace {

std::vector<ExpectedSample> expected(const std::vector<std::pair<std::string, double>>& samples) {
  std::vector<ExpectedSample> out;
  for (const auto& [labels, value] : samples) {
    out.push_back({model::parse_series(labels).value(), labels, value, std::nullopt});
  }
  return out;
}

struct Case {
  const char* name;
  std::vector<std::pair<std::string, double>> want;
  std::vector<std::pair<std::string, double>> got;
  const char* difference;  // Empty: they agree.
};

class CompareSamplesTest : public testing::TestWithParam<Case> {};

TEST_P(CompareSamplesTest, FindsTheDifference) {
  const auto difference = compare_samples(expected(GetParam().want), vector_answer(GetParam().got));
  EXPECT_EQ(difference.value_or(""), GetParam().difference);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, CompareSamplesTest,
    testing::Values(
        Case{"Nothing", {}, {}, ""},
        Case{"OrderDoesNotMatter", {{"b", 2}, {"a", 1}}, {{"a", 1}, {"b", 2}}, ""},
        Case{"NearlyEqual", {{"a", 0.3}}, {{"a", 0.1 + 0.2}}, ""},
        Case{"NaNIsNaN", {{"a", std::nan("")}}, {{"a", std::nan("7")}}, ""},
        Case{"OtherValue", {{"a", 1}}, {{"a", 2}}, "a: 2, want 1"},
        Case{"Missing", {{"a", 1}, {"b", 2}}, {{"a", 1}}, "missing b"},
        Case{"NotWanted", {{"a", 1}}, {{"a", 1}, {"b", 2}}, "not wanted b"},
        Case{"LabelsAreExact", {{"a{x=\"1\"}", 1}}, {{"a", 1}}, "not wanted a\nmissing a{x=\"1\"}"},
        Case{"TwiceIsNotOnce", {{"a", 1}}, {{"a", 1}, {"a", 1}}, "not wanted a"},
        Case{"EmptyAnswer", {{"a", 1}}, {}, "missing a"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(CompareSamples, OfAnErrorDiffers) {
  QueryAnswer answer;
  answer.error = "execution: x";
  EXPECT_TRUE(compare_samples({}, answer));
}

TEST(CompareAnswers, BitwiseIsStricter) {
  const QueryAnswer a = vector_answer({{"a", 0.3}});
  const QueryAnswer b = vector_answer({{"a", 0.1 + 0.2}});
  EXPECT_FALSE(compare_answers(a, b, Exactness::nearly));
  EXPECT_TRUE(compare_answers(a, b, Exactness::bitwise));
}

TEST(CompareSamples, IsAsNearAsItIsTold) {
  const double next = std::nextafter(0.3, 1);
  const auto differs = [](double want, double got, Exactness exactness) {
    return compare_samples(expected({{"a", want}}), vector_answer({{"a", got}}), exactness)
        .has_value();
  };
  EXPECT_FALSE(differs(0.3, 0.3, Exactness::exact));
  EXPECT_FALSE(differs(0.0, -0.0, Exactness::exact));
  EXPECT_TRUE(differs(0.3, next, Exactness::exact));
  EXPECT_FALSE(differs(0.3, next, Exactness::last_bit));
  EXPECT_TRUE(differs(0.3, std::nextafter(next, 1), Exactness::last_bit));
  EXPECT_FALSE(differs(1, 1 + 5e-7, Exactness::loose));
  EXPECT_TRUE(differs(1, 1 + 5e-6, Exactness::loose));
  EXPECT_TRUE(differs(0, 1e-9, Exactness::loose));
  EXPECT_FALSE(differs(INFINITY, INFINITY, Exactness::loose));
}

TEST(AnswerOf, IsAMatrixInOrder) {
  model::Series late{{{"a", "2"}}, {model::Sample::of(1000, 1)}, {}};
  model::Series early{{{"a", "1"}}, {model::Sample::of(1000, 1), model::Sample::of(2000, 3)}, {}};
  QueryAnswer got;
  got.type = "matrix";
  got.series = {{early.labels, {{1000, 1, {}}, {2000, 3, {}}}}, {late.labels, {{1000, 1, {}}}}};
  EXPECT_FALSE(compare_answers(answer_of({late, early}), got, Exactness::exact));
}

TEST(CompareAnswers, LooksAtEveryPointOfAMatrix) {
  QueryAnswer want;
  want.type = "matrix";
  want.series.push_back({model::LabelSet{}, {{1000, 1, {}}, {2000, 2, {}}}});
  QueryAnswer got = want;
  EXPECT_FALSE(compare_answers(want, got, Exactness::bitwise));
  got.series[0].points[1].value = 3;
  EXPECT_EQ(compare_answers(want, got, Exactness::bitwise), "{}: 3, want 2 at 2000 ms");
  got.series[0].points[1] = {2001, 2, {}};
  EXPECT_EQ(compare_answers(want, got, Exactness::bitwise), "{}: point 1 at 2001 ms, want 2000");
  got.series[0].points.pop_back();
  EXPECT_EQ(compare_answers(want, got, Exactness::bitwise), "{}: 1 points, want 2");
}

TEST(CompareAnswers, SaysHowManyDifferencesThereAre) {
  std::vector<std::pair<std::string, double>> many;
  for (int i = 0; i < 20; ++i) many.emplace_back("s" + std::to_string(i), 1);
  const auto difference =
      compare_answers(vector_answer(many), vector_answer({}), Exactness::nearly);
  EXPECT_THAT(difference.value_or(""), testing::EndsWith("… 20 differences"));
}

TEST(PlainSelect, IsASelectorWithOrWithoutRange) {
  for (const char* expr :
       {"up", "up{job=\"a\"}", "up[5m]", "{__name__=~\"a.*\"}", "up{job=\"]\"} "}) {
    EXPECT_TRUE(is_plain_select(expr)) << expr;
  }
  for (const char* expr :
       {"sum(up)", "up + up", "up == 0", "rate(up[5m])", "up[5m:1m]", "-up", "up offset 5m"}) {
    EXPECT_FALSE(is_plain_select(expr)) << expr;
  }
}

}  // namespace
}  // namespace mread::scenarios
