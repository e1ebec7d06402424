// Requests of many queries: the work, the requests under way, and failures of queries that are
// asked late.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out.h"
#include "merger/fan_out/fan_out_driver.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests
using ::testing::HasSubstr;

constexpr int64_t last_ms = 10'000'000;

std::string name_of(size_t query) { return "q" + std::to_string(query); }

model::ReadRequest many(size_t queries, bool streamed) {
  std::vector<std::string> selectors;
  for (size_t i = 0; i < queries; ++i) selectors.push_back(name_of(i));
  return request(selectors, 0, last_ms, streamed);
}

std::string asked_for(const model::ReadRequest& asked) {
  return asked.queries.at(0).matchers.at(0).value();
}

// Every backend has one series for each query, named after it.
Script one_series(size_t, const model::ReadRequest& asked) {
  return Script::streamed(frame(asked_for(asked), samples(5000, 1000, {1})));
}

struct Shape {
  const char* name;
  const char* config;
  bool streamed;
  bool shuffled;
};
void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }
class ManyQueries : public ::testing::TestWithParam<Shape> {};

constexpr const char* need_one = "groups: [{name: all, members: [a, b], wait: need, need: 1}]\n";
constexpr const char* hedged =
    "groups: [{name: all, members: [a, b], wait: need, need: 1, hedge_after: 10ms}]\n";
constexpr const char* all_at_once = "limits: {queries_at_once: 0}\n";

TEST_P(ManyQueries, TakeWorkThatIsLinear) {
  const config::Config config = config_of(2, GetParam().config);
  const auto visits = [&](size_t queries) {
    FanOutDriver driver(config, one_series);
    if (GetParam().shuffled) driver.shuffle(7);
    const Answer answer = driver.run(many(queries, GetParam().streamed));
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.finished);
    return answer.visits;
  };
  const uint64_t few = visits(1000);
  const uint64_t more = visits(4000);
  EXPECT_GT(few, 1000U);
  EXPECT_LE(static_cast<double>(more), 4.5 * static_cast<double>(few)) << few << " " << more;
}

INSTANTIATE_TEST_SUITE_P(Shapes, ManyQueries,
                         ::testing::Values(Shape{"Streamed", "", true, false},
                                           Shape{"Samples", "", false, false},
                                           Shape{"Shuffled", "", true, true},
                                           Shape{"AllAtOnce", all_at_once, true, false},
                                           Shape{"AllAtOnceShuffled", all_at_once, false, true},
                                           Shape{"NeedOne", need_one, true, true},
                                           Shape{"Hedged", hedged, true, true}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(QueriesAtOnce, BoundTheRequestsUnderWay) {
  for (const bool streamed : {true, false}) {
    const config::Config config = config_of(3, "limits: {queries_at_once: 4}\n");
    FanOutDriver driver(config, one_series);
    driver.shuffle(3);
    const Answer answer = driver.run(many(50, streamed));
    EXPECT_EQ(answer.asks, 150U);
    EXPECT_EQ(answer.most_open, 12U);
    for (size_t i = 0; i < 50; ++i) {
      const auto series =
          streamed ? read_streamed(answer.body, i) : read_samples(answer.body).at(i);
      EXPECT_EQ(show(series), name_of(i) + " 1@5000\n");
    }
  }
}

TEST(QueriesAtOnce, AnAnswerThatIsLargeHoldsItsPlaceUntilItIsMerged) {
  const config::Config config = config_of(1, "limits: {queries_at_once: 2}\n");
  const auto large = [](size_t, const model::ReadRequest& asked) {
    std::string body;
    for (int i = 1000; i < 1400; ++i) {
      body +=
          frame(asked_for(asked) + "{n=\"" + std::to_string(i) + "\"}", samples(5000, 1000, {1}));
    }
    Script script = Script::streamed(body);
    script.piece_bytes = 1000;
    return script;
  };
  FanOutDriver driver(config, large);
  driver.options.window_bytes = 4000;
  driver.options.read_ahead_bytes = 2000;
  const Answer answer = driver.run(many(6, true));
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.asks, 6U);
  EXPECT_EQ(answer.most_open, 2U);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(read_streamed(answer.body, i).size(), 400U);
}

// The last query's backend fails, when queries before it have been answered or not.
Answer last_fails(const config::Config& config, bool streamed, bool large) {
  const auto scripts = [large](size_t backend, const model::ReadRequest& asked) {
    if (asked_for(asked) == name_of(9) && backend == 0) return Script::refused();
    std::string body;
    for (int i = 1000; i < (large ? 1400 : 1001); ++i) {
      body +=
          frame(asked_for(asked) + "{n=\"" + std::to_string(i) + "\"}", samples(5000, 1000, {1}));
    }
    Script script = Script::streamed(body);
    script.piece_bytes = 1000;
    return script;
  };
  FanOutDriver driver(config, scripts);
  driver.options.window_bytes = 4000;
  driver.options.read_ahead_bytes = 2000;
  driver.options.batch_bytes = 1000;
  return driver.run(many(10, streamed));
}

TEST(QueriesAtOnce, AFailureIsToldInTheHeadWhereNothingWasSentYet) {
  const config::Config config = config_of(2, "partial: all\nlimits: {queries_at_once: 2}\n");
  for (const auto& [streamed, large] : {std::pair(false, false), {false, true}, {true, false}}) {
    const Answer answer = last_fails(config, streamed, large);
    EXPECT_EQ(answer.status, 503) << streamed << large;
    EXPECT_EQ(answer.body, "a: connection refused\n");
  }
}

TEST(QueriesAtOnce, AFailureAfterTheHeadAbortsTheAnswer) {
  const config::Config config = config_of(2, "partial: all\nlimits: {queries_at_once: 2}\n");
  const Answer answer = last_fails(config, true, true);
  EXPECT_EQ(answer.status, 200);
  ASSERT_TRUE(answer.aborted);
  EXPECT_THAT(answer.aborted->to_string(), HasSubstr("a: connection refused"));
}

TEST(QueriesAtOnce, AFailureThatOthersMakeGoodIsToldAtTheEnd) {
  const config::Config config =
      config_of(2, "groups: [{name: all, members: [a, b]}]\nlimits: {queries_at_once: 2}\n");
  const Answer answer = last_fails(config, true, true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.trailer, "a: connection refused");
  EXPECT_EQ(read_streamed(answer.body, 9).size(), 400U);
}

TEST(QueriesAtOnce, ADeadlineBeginsWhenItsQueryIsAsked) {
  const config::Config config = config_of(1, "limits: {queries_at_once: 1}\n");
  const auto slow = [](size_t backend, const model::ReadRequest& asked) {
    Script script = one_series(backend, asked);
    script.response_after = milliseconds(5000);
    return script;
  };
  const Answer answer = FanOutDriver(config, slow).run(many(4, true));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.took, milliseconds(20'000));
}

// With small batches the head has left before the second query's series are merged.
TEST(LaterQueries, AFailureThatTheHeadTellsOfBreaksNothingOff) {
  const config::Config config = config_of(2, "partial: any\n");
  for (const bool early : {true, false}) {
    std::string body;
    for (int i = 0; i < 200; ++i)
      body += frame("up{n=\"" + std::to_string(1000 + i) + "\"}", samples(5000, 1, {1}));
    Script failing = early ? Script::refused() : Script::streamed(body);
    if (!early) failing.break_at = 0;
    FanOutDriver driver(config, {Script::streamed(body), failing});
    driver.options.window_bytes = driver.options.read_ahead_bytes = driver.options.batch_bytes =
        1000;
    const Answer answer = driver.run(many(2, true));
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.finished) << answer.aborted->to_string();
    EXPECT_EQ(answer.partial, early ? "b: connection refused" : "b: connection closed in mid-body");
    EXPECT_EQ(read_streamed(answer.body, 0).size(), 200);
    EXPECT_EQ(read_streamed(answer.body, 1).size(), 200);
  }
}

}  // namespace
}  // namespace mread::merger
