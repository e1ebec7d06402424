#include "merger/fan_out/read_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class DescribeFailures : public testing::Test {
 protected:
  std::string described(const std::vector<std::string>& names, const std::string& why,
                        size_t most_bytes) {
    Policy policy;
    std::vector<BackendOutcome> outcomes;
    for (const std::string& name : names) {
      policy.backends.emplace_back();
      policy.backends.back().name = name;
      outcomes.emplace_back();
      outcomes.back().backend = outcomes.size() - 1;
      outcomes.back().error = Error(Errc::unavailable, why);
    }
    return describe_failures(policy, outcomes, most_bytes);
  }
};

TEST_F(DescribeFailures, CountsThoseThatDoNotFit) {
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i) names.push_back("collector-" + std::to_string(i));
  const std::string why(200, 'x');
  const std::string whole = described(names, why, failures_bytes);
  EXPECT_GT(whole.size(), 30 * 200U);
  EXPECT_THAT(whole, EndsWith("collector-29: " + why));
  const std::string cut = described(names, why, failures_in_header_bytes);
  EXPECT_LE(cut.size(), failures_in_header_bytes);
  EXPECT_THAT(cut, StartsWith("collector-0: " + why + ", collector-1: "));
  EXPECT_THAT(cut, EndsWith(why + " … and 26 more"));
}

TEST_F(DescribeFailures, SaysAllThatFits) {
  EXPECT_EQ(described({"a", "b"}, "gone", 1024), "a: gone, b: gone");
  EXPECT_EQ(described({}, "gone", 1024), "");
}

TEST_F(DescribeFailures, ALongFirstNameIsCut) {
  const std::string cut =
      described({std::string(5'000, 'x'), "b"}, "gone", failures_in_header_bytes);
  EXPECT_LE(cut.size(), failures_in_header_bytes + 40);
  EXPECT_THAT(cut, HasSubstr(" bytes cut)"));
}

// ---- limits.query_range

constexpr int64_t day_ms = 86'400'000;

struct RangeCase {
  const char* name;
  model::Query query;
  bool within_400d;
};

model::Query range_of(int64_t start_ms, int64_t end_ms,
                      std::optional<model::ReadHints> hints = std::nullopt) {
  return {start_ms, end_ms, {}, std::move(hints)};
}

model::ReadHints hints_of(int64_t start_ms, int64_t end_ms, std::string func = "") {
  model::ReadHints hints;
  hints.start_ms = start_ms;
  hints.end_ms = end_ms;
  hints.func = std::move(func);
  return hints;
}

class QueryRange : public testing::TestWithParam<RangeCase> {};

TEST_P(QueryRange, IsThatOfTheSamplesAskedFor) {
  Limits limits;
  limits.query_range = std::chrono::hours(24 * 400);
  EXPECT_EQ(is_within_range(limits, GetParam().query), GetParam().within_400d);
  EXPECT_TRUE(is_within_range(Limits{}, GetParam().query)) << "no limit by default";
}

INSTANTIATE_TEST_SUITE_P(
    Table, QueryRange,
    testing::Values(
        RangeCase{"Narrow", range_of(0, day_ms), true},  //
        RangeCase{"AtTheLimit", range_of(0, 400 * day_ms), true},
        RangeCase{"Wide", range_of(0, 401 * day_ms), false},
        RangeCase{"AllOfTime", range_of(INT64_MIN, INT64_MAX), false},
        RangeCase{"AllOfTimeForLabels", range_of(INT64_MIN, INT64_MAX, hints_of(0, 0, "series")),
                  true},
        // `m - m offset 730d`: the query's range holds both selectors, the hints' is the
        // selector's.
        RangeCase{"NarrowHints", range_of(0, 731 * day_ms, hints_of(730 * day_ms, 731 * day_ms)),
                  true},
        RangeCase{"WideHints",
                  range_of(0, 500 * day_ms, hints_of(0, 500 * day_ms, "count_over_time")), false},
        RangeCase{"HintsWithoutARange", range_of(0, 500 * day_ms, hints_of(0, 0, "rate")), false},
        RangeCase{"HintsWiderThanTheQuery", range_of(0, day_ms, hints_of(-900 * day_ms, day_ms)),
                  true},
        RangeCase{"Backwards", range_of(day_ms, 0), true}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::merger
