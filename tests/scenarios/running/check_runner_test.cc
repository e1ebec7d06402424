#include "scenarios/running/check_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

using namespace fakes;
using testing::HasSubstr;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;

class CheckRunnerTest : public testing::Test {
 protected:
  CheckRunnerTest() {
    asker_.on_instant = [this](const std::string& node, auto&, auto) {
      if (node == "oracle") return truth_;
      clock_.pass(10ms);
      return answers_.empty() ? vector_of("foo", 1)
                              : answers_[std::min(asked_++, answers_.size() - 1)];
    };
    asker_.on_read = [](auto&, auto, auto) {
      ReadAnswer read;
      read.series.push_back({model::parse_series("foo").value(), {model::Sample::of(1, 1)}, {}});
      return read;
    };
  }

  std::vector<CheckResult> run(const scenarios::Test& test, const std::string& phase = "before") {
    Oracle oracle(test, "oracle", {}, asker_);
    CheckRunner runner(test, asker_, &oracle, clock_);
    return runner.run_phase(phase, {}, {});
  }

  Events events_;
  FakeClock clock_;
  FakeAsker asker_{events_};
  QueryAnswer truth_ = vector_of("foo", 1);
  std::vector<QueryAnswer> answers_;
  size_t asked_ = 0;
};

scenarios::Invariant invariant(Invariant::Kind kind, const std::string& name) {
  return {kind, name, {"before", "fault"}, {}, "", "", {}, {}};
}

TEST_F(CheckRunnerTest, PollsUntilItPasses) {
  Check c = check("foo");
  c.eventually = 10s;
  answers_ = {QueryAnswer{}, QueryAnswer{}, vector_of("foo", 1)};
  const auto results = run(test_of({c}));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].verdict, Verdict::pass);
  EXPECT_EQ(asked_, 3u);
  EXPECT_LT(clock_.since_start(), 1s);
}

TEST_F(CheckRunnerTest, GivesUpPollingWithTheLastFailure) {
  Check c = check("foo");
  c.eventually = 2s;
  answers_ = {QueryAnswer{}};
  const auto results = run(test_of({c}));
  EXPECT_EQ(results.at(0).verdict, Verdict::fail);
  EXPECT_EQ(results.at(0).detail, "not within 2s");
}

TEST_F(CheckRunnerTest, AsksAsOftenAsRepeatSays) {
  Check c = check("foo");
  c.repeat = 3;
  answers_ = {vector_of("foo", 1), vector_of("foo", 1), vector_of("foo", 2)};
  EXPECT_THAT(run(test_of({c})).at(0).want, HasSubstr("the same answer 3 times"));
}

TEST_F(CheckRunnerTest, CountsTheRequestsOfThisCheckAlone) {
  Check c = check("foo");
  c.requests.emplace("m", comparison("2"));
  size_t total = 7;
  asker_.on_requests = [&](auto&) { return total; };
  asker_.on_instant = [&](auto&, auto&, auto) {
    total += 2;
    return vector_of("foo", 1);
  };
  EXPECT_EQ(run(test_of({c})).at(0).verdict, Verdict::pass);
  asker_.on_instant = [&](auto&, auto&, auto) {
    total += 3;
    return vector_of("foo", 1);
  };
  EXPECT_EQ(run(test_of({c})).at(0).got, "3 requests");
}

TEST_F(CheckRunnerTest, LooksAtAlertsUntilTheyAreThere) {
  Check c = check("{alertname=\"Down\"}");
  c.kind = Check::Kind::alerts;
  c.node = "am";
  c.matchers = model::parse_selector(c.expr).value();
  c.eventually = 10s;
  size_t looks = 0;
  asker_.on_alerts = [&](auto&) {
    AlertsAnswer answer;
    if (++looks == 3) answer.alerts.push_back({{{"alertname", "Down"}}, {}, "active"});
    return answer;
  };
  const auto results = run(test_of({c}));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].verdict, Verdict::pass);
  EXPECT_EQ(results[0].got, "{alertname=\"Down\"}");
  EXPECT_EQ(looks, 3u);
  EXPECT_EQ(events_.list().back(), "alerts am {alertname=\"Down\"}");
}

TEST_F(CheckRunnerTest, SilentPartialDataFail) {
  scenarios::Test test = test_of({check("foo")});
  test.invariants = {invariant(Invariant::Kind::no_silent_partial, "no_silent_partial")};
  truth_.series.push_back({model::parse_series("goo").value(), {{0, 1, {}}}});
  auto results = run(test);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[1].verdict, Verdict::fail);
  EXPECT_THAT(results[1].detail, testing::StartsWith("missing goo\n"));
  EXPECT_THAT(results[1].got, HasSubstr("without a warning"));

  QueryAnswer warned = vector_of("foo", 1);
  warned.warnings = {"a: deadline"};
  answers_ = {warned};
  results = run(test);
  EXPECT_EQ(results[1].verdict, Verdict::pass);
  EXPECT_EQ(results[1].got, "1 answers hold, 1 of them by a warning or an error");
}

TEST_F(CheckRunnerTest, ACollectorDoesNotAnswerForAll) {
  Check c = check("foo");
  c.node = "a";
  scenarios::Test test = test_of({c});
  test.invariants = {invariant(Invariant::Kind::union_oracle, "union_oracle")};
  truth_ = vector_of("foo", 2);
  asker_.on_instant = [](auto&, auto&, auto) { return vector_of("foo", 1); };
  EXPECT_EQ(run(test).size(), 1u);
}

TEST_F(CheckRunnerTest, AComparisonThatCannotFailFails) {
  Check c = check("foo");
  c.count.reset();
  scenarios::Test test = test_of({c});
  test.invariants = {invariant(Invariant::Kind::union_oracle, "union_oracle")};
  truth_ = QueryAnswer{};
  truth_.type = "vector";
  answers_ = {truth_};
  EXPECT_THAT(run(test).at(1).got, HasSubstr("the comparison could not fail"));
}

TEST_F(CheckRunnerTest, ACheckCanBeKeptFromTheOracle) {
  scenarios::Test test = test_of({check("foo"), check("foo")});
  test.checks[0].oracle = false;
  test.invariants = {invariant(Invariant::Kind::union_oracle, "union_oracle")};
  truth_ = vector_of("foo", 2);
  const auto results = run(test);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[2].verdict, Verdict::fail);
  EXPECT_THAT(results[2].detail, HasSubstr("oracle: false")) << "it says what can be done";
  test.checks.pop_back();
  EXPECT_EQ(run(test).size(), 1u);
}

TEST_F(CheckRunnerTest, WhatOnlyRulesOfTheQueryNodeMakeIsNotTheOracles) {
  scenarios::Test test = test_of({check("ALERTS"), check("foo")});
  auto query = std::make_shared<FakeNode>("query", "prometheus", "v3.5", true);
  query->rules = {"ALERTS", "ALERTS_FOR_STATE", "job:up:sum"};
  test.nodes[0].node = query;
  test.invariants = {invariant(Invariant::Kind::union_oracle, "union_oracle")};
  asker_.on_instant = [](const std::string& node, const std::string& expr, auto) {
    return expr == "ALERTS" ? vector_of("ALERTS", node == "oracle" ? 2 : 1) : vector_of("foo", 1);
  };
  Oracle oracle(test, "oracle", {}, asker_);
  CheckRunner runner(test, asker_, &oracle, clock_);
  const auto results = runner.run_phase("before", {}, {});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[2].verdict, Verdict::pass);
  EXPECT_EQ(results[2].got, "1 answers hold, 1 checks are not the oracle's");
  ASSERT_EQ(runner.notes().size(), 1u);
  EXPECT_EQ(*runner.notes().begin(),
            "union_oracle does not judge ALERTS: ALERTS is made by the rules of query, and the "
            "oracle has only what data "
            "nodes hold");
}

TEST_F(CheckRunnerTest, NoDataSaysForWhichTimeAndWhereTheDataEnd) {
  Check c = check("foo");
  c.eval_time = 5min;
  scenarios::Test test = test_of({c});
  test.start_ms = 1'700'000'000'000;
  auto a = std::make_shared<FakeNode>("a", "prometheus", "v3.5", false);
  a->input_.push_back(mockstore::InputSeries::parse("up", "1x4").value());
  test.nodes[1].node = a;
  QueryAnswer none;
  none.type = "vector";
  answers_ = {none};
  CheckRunner runner(test, asker_, nullptr, clock_);
  EXPECT_EQ(runner.run_phase("before", {}, {}).at(0).got,
            "0 series\nno data at 2023-11-14T22:18:20Z; the data end at 2023-11-14T22:14:20Z");
}

TEST_F(CheckRunnerTest, DuplicateSeriesFail) {
  scenarios::Test test = test_of({check("foo")});
  test.invariants = {invariant(Invariant::Kind::no_duplicate, "no_duplicate")};
  QueryAnswer twice = vector_of("foo", 1);
  twice.series.push_back(twice.series.front());
  answers_ = {twice};
  const auto results = run(test);
  EXPECT_EQ(results.at(1).verdict, Verdict::fail);
  EXPECT_EQ(results.at(1).got, "foo twice");
}

TEST_F(CheckRunnerTest, GapsAndFallingValues) {
  QueryAnswer samples;
  samples.type = "matrix";
  const int64_t now_ms = clock_.wall_ms() - 2000;
  samples.series.push_back(
      {model::LabelSet{}, {{now_ms - 4000, 1, {}}, {now_ms - 3000, 3, {}}, {now_ms - 500, 2, {}}}});
  asker_.on_instant = [&](auto&, auto&, auto) { return samples; };
  Invariant gap = invariant(Invariant::Kind::no_gap, "no_gap");
  gap.expr = "foo";
  gap.node = "query";
  gap.range = 1min;
  gap.interval = 1s;
  Invariant rising = gap;
  rising.kind = Invariant::Kind::monotonic;
  scenarios::Test test = test_of({});
  test.invariants = {gap, rising};
  auto results = run(test);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_THAT(results[0].detail, HasSubstr("2500 ms without a sample"));
  EXPECT_THAT(results[1].detail, HasSubstr("2 after 3"));
  test.invariants[0].interval = 2s;
  EXPECT_EQ(run(test)[0].verdict, Verdict::pass);
  samples.series[0].points.pop_back();
  test.invariants[0].interval = 1s;
  EXPECT_THAT(run(test)[0].detail, HasSubstr("no sample in the last 3000 ms"))
      << "a gap that has no other end";
  samples.series.clear();
  EXPECT_EQ(run(test)[0].verdict, Verdict::fail) << "no samples prove nothing";
}

TEST_F(CheckRunnerTest, BoundsByTheBaselineOfThePhaseBefore) {
  Check c = check("foo");
  c.max_duration = DurationBound{0ms, 2, "baseline * 2"};
  scenarios::Test test = test_of({c});
  CheckRunner runner(test, asker_, nullptr, clock_);
  asker_.on_instant = [](auto&, auto&, auto) {
    QueryAnswer answer = vector_of("foo", 1);
    answer.duration = 10ms;
    return answer;
  };
  EXPECT_EQ(runner.run_phase("before", {}, {}).at(0).verdict, Verdict::fail)
      << "there is no baseline yet";
  EXPECT_EQ(runner.run_phase("fault", {}, {}).at(0).verdict, Verdict::pass);
  asker_.on_instant = [](auto&, auto&, auto) {
    QueryAnswer answer = vector_of("foo", 1);
    answer.duration = 21ms;
    return answer;
  };
  EXPECT_EQ(runner.run_phase("fault", {}, {}).at(0).verdict, Verdict::fail);
}

}  // namespace
}  // namespace mread::scenarios
