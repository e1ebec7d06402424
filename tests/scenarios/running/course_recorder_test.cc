#include "scenarios/running/course_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

using fakes::Events;
using fakes::FakeClock;
using std::chrono::milliseconds;

class CourseRecorderTest : public testing::Test {
 protected:
  // A question of 20 ms.
  void ask(const std::string& expr, const std::string& error = {},
           const std::vector<std::string>& warnings = {}) {
    const auto begin = clock_.now();
    clock_.pass(milliseconds(20));
    recorder_.add_question(begin, "query", expr, error, warnings);
  }
  static CheckResult failed(const std::string& expr, const std::string& name) {
    CheckResult result;
    result.expr = expr;
    result.name = name;
    result.node = "query";
    result.verdict = Verdict::fail;
    return result;
  }
  std::vector<std::string> outcomes() {
    std::vector<std::string> out;
    for (const AskedQuestion& question : recorder_.take().questions)
      out.push_back(question.phase + " " + question.expr + " " + to_string(question.outcome));
    return out;
  }

  FakeClock clock_;
  CourseRecorder recorder_{clock_};
};

TEST_F(CourseRecorderTest, QuestionsHaveTimesAndWhatTheyWereTold) {
  clock_.pass(milliseconds(1500));
  recorder_.enter_phase("before");
  ask("up");
  ask("up", "", {"remote: a", "remote: b"});
  ask("up", "503");
  const Course course = recorder_.take();
  ASSERT_EQ(course.questions.size(), 3U);
  EXPECT_DOUBLE_EQ(course.questions[0].at_s, 1.5);
  EXPECT_DOUBLE_EQ(course.questions[0].duration_ms, 20);
  EXPECT_EQ(course.questions[0].outcome, Outcome::complete);
  EXPECT_EQ(course.questions[1].outcome, Outcome::told);
  EXPECT_EQ(course.questions[1].text, "remote: a; remote: b");
  EXPECT_EQ(course.questions[2].outcome, Outcome::failed);
  EXPECT_DOUBLE_EQ(course.length_s, 1.56);
}

TEST_F(CourseRecorderTest, ALookAtAlertsIsAQuestion) {
  Events events;
  fakes::FakeAsker asker(events);
  asker.on_alerts = [&](const auto&) {
    clock_.pass(milliseconds(20));
    return AlertsAnswer{.error = "connection refused", .alerts = {}};
  };
  const auto listening = recorder_.listen_to(asker);
  listening->alerts("am", model::parse_selector("{alertname=\"Down\"}").value(), {}, {});
  const Course course = recorder_.take();
  ASSERT_EQ(course.questions.size(), 1U);
  EXPECT_EQ(course.questions[0].expr, "{alertname=\"Down\"}");
  EXPECT_EQ(course.questions[0].outcome, Outcome::failed);
  EXPECT_DOUBLE_EQ(course.questions[0].duration_ms, 20);
}

TEST_F(CourseRecorderTest, ResultsJudgeTheLastAnswerOfTheirPhase) {
  recorder_.enter_phase("before");
  ask("up");
  recorder_.judge_phase({});
  recorder_.enter_phase("fault");
  ask("up");
  ask("up");
  ask("sum(up)");
  ask("count(up)", "", {"told"});
  recorder_.judge_phase({failed("up", "up"), failed("sum(up)", "no_silent_partial: sum"),
                         failed("sum(up)", "sum"), failed("count(up)", "count")});
  EXPECT_THAT(outcomes(),
              testing::ElementsAre("before up complete", "fault up complete", "fault up wrong",
                                   "fault sum(up) silently_partial", "fault count(up) told"));
}

TEST_F(CourseRecorderTest, AReadIsFoundByItsSelector) {
  recorder_.enter_phase("before");
  ask("up{job=\"a\"}");
  recorder_.judge_phase({failed("{__name__='up', job='a'}", "read")});
  EXPECT_THAT(outcomes(), testing::ElementsAre("before up{job=\"a\"} wrong"));
}

TEST_F(CourseRecorderTest, FaultsLastUntilTheyEndOrTheCourseDoes) {
  TimelineEntry hang;
  hang.node = "a";
  hang.fault = R"({"hang":"headers"},{"latency":"1s","at":"2s"})";
  TimelineEntry kill;
  kill.node = "b";
  kill.act = Act::kill;
  clock_.pass(milliseconds(1000));
  recorder_.begin_fault(hang);
  recorder_.begin_fault(kill);
  clock_.pass(milliseconds(2000));
  recorder_.end_fault(hang);
  recorder_.end_fault(hang);
  clock_.pass(milliseconds(500));
  const Course course = recorder_.take();
  ASSERT_EQ(course.events.size(), 2U);
  EXPECT_EQ(course.events[0].what, "hang headers, latency 1s");
  EXPECT_DOUBLE_EQ(course.events[0].at_s, 1);
  EXPECT_DOUBLE_EQ(course.events[0].until_s.value(), 3);
  EXPECT_EQ(course.events[1].what, "kill");
  EXPECT_DOUBLE_EQ(course.events[1].until_s.value(), 3.5);
}

TEST_F(CourseRecorderTest, KeepsABoundedNumberOfQuestions) {
  for (size_t i = 0; i < CourseRecorder::most_questions + 3; ++i) ask("up");
  const Course course = recorder_.take();
  EXPECT_EQ(course.questions.size(), CourseRecorder::most_questions);
  EXPECT_EQ(course.more_questions, 3U);
}

TEST_F(CourseRecorderTest, ALoadHasItsTimesInTheCourse) {
  clock_.pass(milliseconds(1000));
  LoadSample sample;
  sample.intended = clock_.now();
  sample.latency = std::chrono::duration<double>(0.25);
  sample.late = std::chrono::duration<double>(0.01);
  sample.failed = true;
  const auto requests = recorder_.requests_of({sample});
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_DOUBLE_EQ(requests[0].at_s, 1);
  EXPECT_DOUBLE_EQ(requests[0].duration_ms, 250);
  EXPECT_DOUBLE_EQ(requests[0].late_ms, 10);
  EXPECT_TRUE(requests[0].failed);
}

struct Named {
  const char* faults;
  const char* words;
};
class NameFaultsTest : public testing::TestWithParam<Named> {};
TEST_P(NameFaultsTest, AreWordsForPeople) {
  EXPECT_EQ(name_faults(GetParam().faults), GetParam().words);
}
INSTANTIATE_TEST_SUITE_P(Faults, NameFaultsTest,
                         testing::Values(Named{R"({"status":503})", "status 503"},
                                         Named{R"({"refuse":null})", "refuse"},
                                         Named{R"({"truncate":{"frames":2}})", "truncate"},
                                         Named{"", "fault"}, Named{"{", "fault"}));

}  // namespace
}  // namespace mread::scenarios
