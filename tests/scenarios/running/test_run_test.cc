#include "scenarios/running/test_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

using namespace fakes;
using testing::ElementsAre;
using testing::HasSubstr;
using std::chrono_literals::operator""s;

class RunTestTest : public testing::Test {
 protected:
  TestResult run(const scenarios::Test& test) {
    NodeContext context;
    TestSurroundings surroundings{engine_, clock_, "run", context};
    surroundings.nodes_at_once = 1;  // So that events have one order.
    surroundings.make_asker = [this](const Topology&, std::map<std::string, NodePorts>) {
      auto asker = std::make_unique<FakeAsker>(events_);
      asker->on_instant = on_instant_;
      asker->on_read = on_read_;
      asker->on_journal = on_journal_;
      return asker;
    };
    surroundings.make_oracle = [](const std::string& name, const std::string&,
                                  const NodeContext&) -> Result<NodeSpec> {
      NodeSpec spec;
      spec.name = name;
      spec.ports = {9090};
      return spec;
    };
    return run_test(test, surroundings, stop_.get_token());
  }

  Events events_;
  FakeClock clock_;
  FakeEngine engine_{events_, clock_};
  std::stop_source stop_;
  std::function<QueryAnswer(const std::string&, const std::string&, int64_t)> on_instant_ =
      [](auto&, auto&, auto) { return vector_of("foo", 1); };
  std::function<std::string(const std::string&)> on_journal_ = [](auto&) { return ""; };
  std::function<ReadAnswer(const std::string&, int64_t, int64_t)> on_read_ = [](auto&, auto, auto) {
    ReadAnswer read;
    read.series.push_back({model::parse_series("foo").value(), {model::Sample::of(1, 1)}, {}});
    return read;
  };
};

TEST_F(RunTestTest, StartsDataNodesFirstAndRemovesEverything) {
  const TestResult result = run(test_of({check("foo", {"before"})}));
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_THAT(events_.list(),
              ElementsAre("start a", "start m", "start query", "ask query foo", "removed"));
  ASSERT_EQ(result.nodes.size(), 3u);
  EXPECT_EQ(result.nodes[0].version, "3.5.3");
  EXPECT_EQ(result.nodes[0].log, "nodes/t/query.log");
  EXPECT_EQ(result.nodes[0].files.at("nodes/t/query.log"), "log of query");
}

// The oracle and the checks see the node itself, other nodes the proxy.
TEST_F(RunTestTest, ANodeWithFaultsGetsAProxyInFront) {
  std::set<std::string> journals;
  on_journal_ = [&](const std::string& node) {
    journals.insert(node);
    return std::string();
  };
  scenarios::Test test = test_of({check("foo")});
  test.nodes.push_back(node("a-itself", "prometheus"));
  test.find("a")->has_front = true;
  test.find("a-itself")->has_front = true;
  TimelineEntry entry;
  entry.phase = "fault";
  entry.node = "a";
  entry.fault = R"({"latency":"3s"})";
  test.timeline = {entry};
  const TestResult result = run(test);
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_THAT(events_.list(),
              ElementsAre("start a-itself-itself", "start a", "start m",
                          "start a-itself-itself-itself", "start a-itself", "start query",
                          "ask query foo", R"(faults a [{"latency":"3s"}])", "ask query foo",
                          "faults a []", "ask query foo", "removed"));
  EXPECT_THAT(journals, ElementsAre("a", "a-itself", "m")) << "a proxy has one";
  EXPECT_EQ(result.nodes.at(1).files.at("nodes/t/a.log"), "log of a-itself-itself");
}

// A mock that is killed loses its journal, so it is read after each phase; one under an act is not
// asked.
TEST_F(RunTestTest, KeepsTheRequestsOfMocks) {
  int asked = 0;
  on_journal_ = [&](const std::string& mock) {
    EXPECT_EQ(mock, "m");
    const std::string arrived =
        R"({"time": "2023-11-14T22:13:2)" + std::to_string(++asked) + R"(Z", "since_start_s": 1})";
    return R"({"requests": [{"ordinal": 0, "arrived": )" + arrived + R"(, "end": null, "queries": [
      {"selector": "up"}], "faults": [], "refused": "", "status": 0, "bytes": 0, "series": 0,
      "outcome": "in_progress"}]})";
  };
  scenarios::Test test = test_of({check("foo")});
  test.timeline = {act_at(1s, "m", Act::kill)};
  const TestResult result = run(test);
  EXPECT_EQ(asked, 3);  // After "before" and "after", and at the end.
  const NodeResult& mock = result.nodes.at(2);
  ASSERT_EQ(mock.requests.size(), 3U);
  EXPECT_DOUBLE_EQ(mock.requests[0].at_s, 1);
  EXPECT_DOUBLE_EQ(mock.requests[2].at_s, 3);
  EXPECT_EQ(mock.requests[0].query, "up");
  EXPECT_EQ(mock.more_requests, 0U);
  EXPECT_TRUE(result.nodes.at(0).requests.empty());
}

TEST_F(RunTestTest, ANodeThatEndsByItselfFailsTheTestWhateverTheChecksSay) {
  engine_.lost = "a";
  TestResult result = run(test_of({check("foo", {"before"})}));
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_THAT(
      result.reason,
      HasSubstr("node a ended (killed by signal 9 (Killed)) 2.1s after its start, not by the "
                "timeline"));
  EXPECT_THAT(result.reason, HasSubstr("log of a"));
  // Nor does a known issue cover it.
  scenarios::Test test = test_of({check("foo", {"before"})});
  test.known_issues = {KnownIssue{}};
  on_instant_ = [](auto&, auto&, auto) { return QueryAnswer{}; };
  result = run(test);
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_THAT(result.reason, HasSubstr("node a ended"));
}

TEST_F(RunTestTest, RunsEachCheckOnceAPhaseAndUndoesWhatWasDone) {
  scenarios::Test test = test_of({check("foo")});
  test.timeline = {act_at(0s, "a", Act::pause)};
  const TestResult result = run(test);
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_THAT(events_.list(),
              ElementsAre("start a", "start m", "start query", "ask query foo", "0 pause a",
                          "ask query foo", "0 resume a", "ask query foo", "removed"));
  ASSERT_EQ(result.checks.size(), 3u);
  EXPECT_EQ(result.checks[1].phase, "fault");
}

TEST_F(RunTestTest, KeepsTheTimesOfTheTimeline) {
  scenarios::Test test = test_of({check("foo", {"fault", "after"})});
  test.timeline = {act_at(5s, "a", Act::kill, 10s), act_at(20s, "m", Act::pause)};
  run(test);
  EXPECT_THAT(events_.list(),
              ElementsAre("start a", "start m", "start query", "5000 kill a", "ask query foo",
                          "15000 start a", "20000 pause m", "ask query foo", "20000 resume m",
                          "ask query foo", "removed"));
}

TEST_F(RunTestTest, APhaseMayBreakNothing) {
  scenarios::Test test = test_of({check("foo", {"busy"}), check("bar", {"after"})});
  TimelineEntry entry;
  entry.at = 5s;
  entry.lasts = 10s;
  entry.phase = "busy";
  test.timeline = {entry};
  const TestResult result = run(test);
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_THAT(events_.list(), ElementsAre("start a", "start m", "start query", "ask query foo",
                                          "ask query bar", "removed"));
  EXPECT_EQ(clock_.since_start(), 15s);
}

TEST_F(RunTestTest, AStartTakesBackAKill) {
  scenarios::Test test = test_of({check("foo", {"after"})});
  test.timeline = {act_at(0s, "a", Act::kill), act_at(3s, "a", Act::start)};
  run(test);
  EXPECT_THAT(events_.list(), ElementsAre("start a", "start m", "start query", "0 kill a",
                                          "3000 start a", "ask query foo", "removed"));
}

TEST_F(RunTestTest, WaitsForNothingWhereNobodyLooksAfterwards) {
  scenarios::Test test = test_of({check("foo", {"fault"})});
  test.timeline = {act_at(0s, "a", Act::kill, 100s)};
  run(test);
  EXPECT_THAT(events_.list(), ElementsAre("start a", "start m", "start query", "0 kill a",
                                          "ask query foo", "removed"));
  EXPECT_EQ(clock_.since_start(), 0s);
}

TEST_F(RunTestTest, FaultsOfOneMockAddUp) {
  scenarios::Test test = test_of({check("foo", {"after"})});
  TimelineEntry latency{0s, 10s, "fault", "m", std::nullopt, R"({"latency":"1s"})", 1};
  TimelineEntry status{5s, 10s, "fault", "m", std::nullopt, R"({"status":"503"})", 2};
  test.timeline = {latency, status};
  run(test);
  EXPECT_THAT(
      events_.list(),
      ElementsAre("start a", "start m", "start query", R"(faults m [{"latency":"1s"}])",
                  R"(faults m [{"latency":"1s"},{"status":"503"}])",
                  R"(faults m [{"status":"503"}])", "faults m []", "ask query foo", "removed"));
}

TEST_F(RunTestTest, SkipsWhatTheMachineOrTheEngineCannotDo) {
  scenarios::Test test = test_of({check("foo")});
  test.nodes[1] = node("a", "prometheus", false, "v9");
  TestResult result = run(test);
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_EQ(result.reason, "Prometheus v9 is not on this machine (there are 3.5.3)");

  test = test_of({check("foo")});
  test.timeline = {act_at(0s, "a", Act::disconnect)};
  result = run(test);
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_EQ(result.reason, "network cuts need --engine docker");
  EXPECT_TRUE(events_.list().empty());
}

TEST_F(RunTestTest, ShowsTheVersionThatRanInTheCase) {
  scenarios::Test test = test_of({check("foo", {"before"})});
  test.matrix_case = {{"prometheus", "v3.5"}, {"query_path", "direct"}};
  const TestResult result = run(test);
  EXPECT_EQ(to_string(result.matrix_case), "prometheus=3.5.3 query_path=direct");
}

TEST_F(RunTestTest, ANodeThatDoesNotStartFailsTheTest) {
  engine_.fails_to_start = "query";
  const TestResult result = run(test_of({check("foo")}));
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.reason, "query: it exited with 1");
  EXPECT_EQ(events_.list().back(), "removed");
}

TEST_F(RunTestTest, AWrongAnswerFailsAndAKnownIssueIsKnown) {
  on_instant_ = [](auto&, auto&, auto) { return QueryAnswer{}; };
  scenarios::Test test = test_of({check("foo", {"before"})});
  EXPECT_EQ(run(test).verdict, Verdict::fail);
  test.known_issues = {{"slow", std::nullopt}};
  EXPECT_EQ(run(test).verdict, Verdict::known_issue);
}

TEST_F(RunTestTest, FillsTheOracleAndHoldsAnswersAgainstIt) {
  scenarios::Test test = test_of({check("foo", {"before"})});
  test.invariants = {
      {Invariant::Kind::union_oracle, "union_oracle", {"before"}, {}, "", "", {}, {}, {}, {}}};
  EXPECT_EQ(run(test).verdict, Verdict::pass);
  EXPECT_THAT(events_.list(),
              ElementsAre("start a", "start m", "start query", "start mread-oracle", "read a",
                          "write mread-oracle foox1", "read m", "ask query foo", "read a",
                          "ask mread-oracle foo", "removed"));
  on_instant_ = [](const std::string& node, auto&, auto) {
    return vector_of("foo", node == "query" ? 1 : 2);
  };
  const TestResult wrong = run(test);
  EXPECT_EQ(wrong.verdict, Verdict::fail);
  EXPECT_THAT(wrong.reason, HasSubstr("union_oracle: foo"));
}

TEST_F(RunTestTest, AnEmptyOracleIsAFailure) {
  on_read_ = [](auto&, auto, auto) { return ReadAnswer{}; };
  scenarios::Test test = test_of({check("foo", {"before"})});
  test.invariants = {{Invariant::Kind::no_silent_partial,
                      "no_silent_partial",
                      {"before"},
                      {},
                      "",
                      "",
                      {},
                      {},
                      {},
                      {}}};
  const TestResult result = run(test);
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_THAT(result.reason, HasSubstr("the oracle is empty"));
}

TEST_F(RunTestTest, WhatNeverHappensMakesAPassInconclusive) {
  scenarios::Test test = test_of({check("foo", {"before"})});
  Invariant invariant;
  invariant.kind = Invariant::Kind::sometimes;
  invariant.name = "sometimes";
  invariant.during = {"before"};
  invariant.sometimes.emplace();
  invariant.sometimes->pattern = Pattern{"refused", std::make_shared<const re2::RE2>("refused")};
  test.invariants = {invariant};
  const TestResult never = run(test);
  EXPECT_EQ(never.verdict, Verdict::inconclusive);
  EXPECT_THAT(never.reason, HasSubstr("sometimes: it never happened"));

  on_instant_ = [](auto&, auto&, auto) {
    QueryAnswer answer = vector_of("foo", 1);
    answer.warnings = {"a: connection refused"};
    return answer;
  };
  EXPECT_EQ(run(test).verdict, Verdict::pass);

  test.invariants.front().sometimes->what = Sometimes::What::log;
  test.invariants.front().sometimes->pattern =
      Pattern{"log of m", std::make_shared<const re2::RE2>("log of m")};
  test.invariants.front().sometimes->node = "m";
  EXPECT_EQ(run(test).verdict, Verdict::pass);
}

TEST_F(RunTestTest, InterruptedItRemovesEverything) {
  on_instant_ = [this](auto&, auto&, auto) {
    stop_.request_stop();
    return vector_of("foo", 1);
  };
  run(test_of({check("foo"), check("bar")}));
  EXPECT_THAT(events_.list(),
              ElementsAre("start a", "start m", "start query", "ask query foo", "removed"));
}

}  // namespace
}  // namespace mread::scenarios
