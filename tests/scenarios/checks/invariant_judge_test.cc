#include "scenarios/checks/invariant_judge.h"

#include <gtest/gtest.h>

#include "scenarios/checks/answers.h"

namespace mread::scenarios {
namespace {

using Kind = Invariant::Kind;

ReadAnswer read_of(const std::vector<std::pair<std::string, std::vector<int64_t>>>& series) {
  ReadAnswer read;
  for (const auto& [labels, times] : series) {
    model::Series one{model::parse_series(labels).value(), {}, {}};
    for (const int64_t time_ms : times) one.samples.push_back(model::Sample::of(time_ms, 1));
    read.series.push_back(std::move(one));
  }
  return read;
}

QueryAnswer matrix_of(const std::vector<std::pair<int64_t, double>>& points) {
  QueryAnswer answer;
  answer.type = "matrix";
  answer.series.push_back({model::parse_series("foo").value(), {}});
  for (const auto& [time_ms, value] : points)
    answer.series.back().points.push_back({time_ms, value, std::nullopt});
  return answer;
}

Invariant of_samples(Kind kind) {
  Invariant invariant;
  invariant.kind = kind;
  invariant.interval = std::chrono::milliseconds(1000);
  return invariant;
}

TEST(InvariantJudge, ASeriesTwiceIsADuplicate) {
  EXPECT_FALSE(breach_in(vector_answer({{"a", 1}, {"b", 1}}), Kind::no_duplicate));
  EXPECT_FALSE(breach_in(vector_answer({}), Kind::no_duplicate));
  const auto twice = breach_in(vector_answer({{"a", 1}, {"a", 2}}), Kind::no_duplicate);
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->want, "every series once");
  EXPECT_EQ(twice->got, "a twice");
}

TEST(InvariantJudge, ATimeTwiceInAReadIsADuplicate) {
  EXPECT_FALSE(breach_in(read_of({{"a", {1, 2}}, {"b", {1, 2}}}), Kind::no_duplicate));
  EXPECT_EQ(breach_in(read_of({{"a", {1}}, {"b", {1}}, {"a", {2}}}), Kind::no_duplicate)->got,
            "a twice");
  EXPECT_EQ(breach_in(read_of({{"a", {1, 2, 2}}}), Kind::no_duplicate)->got, "a at 2 ms twice");
}

TEST(InvariantJudge, OtherInvariantsAreNotOfEachAnswer) {
  const QueryAnswer twice = vector_answer({{"a", 1}, {"a", 2}});
  for (const Kind kind : {Kind::union_oracle, Kind::no_silent_partial, Kind::no_gap})
    EXPECT_FALSE(breach_in(twice, kind));
}

TEST(InvariantJudge, AGapIsLongerThanOneAndAHalfIntervals) {
  const Invariant no_gap = of_samples(Kind::no_gap);
  EXPECT_EQ(wanted_of_samples(no_gap), "a sample at least every 1s");
  EXPECT_EQ(breach_in_samples(no_gap, matrix_of({{1000, 1}, {2500, 1}}), 4000), "");
  EXPECT_EQ(breach_in_samples(no_gap, matrix_of({{1000, 1}, {2501, 1}}), 3000),
            "foo: 1501 ms without a sample after 1000");
  EXPECT_EQ(breach_in_samples(no_gap, matrix_of({{1000, 1}, {2000, 1}}), 3501),
            "foo: no sample in the last 1501 ms");
}

TEST(InvariantJudge, AMonotonicSeriesNeverFalls) {
  const Invariant monotonic = of_samples(Kind::monotonic);
  EXPECT_EQ(wanted_of_samples(monotonic), "values that never fall");
  EXPECT_EQ(breach_in_samples(monotonic, matrix_of({{1, 1}, {2, 1}, {9000, 2}}), 99'000), "");
  EXPECT_EQ(breach_in_samples(monotonic, matrix_of({{1, 1}, {2, 3}, {3, 2.5}}), 3),
            "foo: 2.5 after 3");
}

}  // namespace
}  // namespace mread::scenarios
