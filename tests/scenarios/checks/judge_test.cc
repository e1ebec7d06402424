#include "scenarios/checks/judge.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/checks/answers.h"

namespace mread::scenarios {
namespace {

using testing::HasSubstr;
using Kind = Expectation::Kind;

Pattern pattern(const std::string& text) { return {text, std::make_shared<const re2::RE2>(text)}; }

Comparison comparison(const std::string& text) {
  return Comparison::parse(yaml::Node::parse("'" + text + "'", "c.yaml"));
}

Check check() {
  Check check;
  check.expr = check.name = "foo";
  check.node = "query";
  return check;
}

Observation seen(QueryAnswer answer) {
  Observation observation;
  observation.answers.push_back(std::move(answer));
  return observation;
}

QueryAnswer failed(const std::string& error) {
  QueryAnswer answer;
  answer.error = error;
  return answer;
}

QueryAnswer with_warning(QueryAnswer answer, const std::string& warning) {
  answer.warnings.push_back(warning);
  return answer;
}

const QueryAnswer one = vector_answer({{"foo", 1}});

TEST(Judge, WrongValueShowsWantAndGot) {
  Check c = check();
  c.samples = {{model::parse_series("foo").value(), "foo", 2, std::nullopt}};
  const CheckResult result = judge(c, "fault", seen(one));
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.want, "foo 2");
  EXPECT_EQ(result.got, "foo 1");
  EXPECT_EQ(result.detail, "foo: 1, want 2");
  EXPECT_EQ(result.phase, "fault");
}

TEST(Judge, ATextIsNoVector) {
  Check c = check();
  c.samples.emplace();
  QueryAnswer text;
  text.type = "string";
  text.text = "x";
  const CheckResult result = judge(c, "fault", seen(text));
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.detail, "the answer is a string, not a vector");
}

TEST(Judge, ARangeIsNoVectorForPromtool) {
  Check c = check();
  c.samples = {{model::parse_series("foo").value(), "foo", 1, std::nullopt}};
  QueryAnswer range = one;
  range.type = "matrix";
  EXPECT_EQ(judge(c, "fault", seen(range)).verdict, Verdict::pass);
  c.exactness = Exactness::exact;
  EXPECT_EQ(judge(c, "fault", seen(range)).verdict, Verdict::fail);
}

TEST(Judge, TheKindOfAnAnswerMayBeExpected) {
  Check c = check();
  c.samples = {{model::parse_series("foo").value(), "foo", 1, std::nullopt}};
  c.answer_type = "scalar";
  EXPECT_EQ(judge(c, "fault", seen(one)).detail, "the answer is a vector");
  c.answer_type = "vector";
  EXPECT_EQ(judge(c, "fault", seen(one)).verdict, Verdict::pass);
}

TEST(Judge, AnAnswerMayBeExpectedInOrder) {
  Check c = check();
  c.is_ordered = true;
  c.samples = {{{{"a", "2"}}, "", 1, std::nullopt}, {{{"a", "1"}}, "", 1, std::nullopt}};
  QueryAnswer answer = vector_answer({{"{a=\"1\"}", 1}, {"{a=\"2\"}", 1}});
  answer.order = {{{"a", "2"}}, {{"a", "1"}}};
  EXPECT_EQ(judge(c, "fault", seen(answer)).verdict, Verdict::pass);
  std::swap(answer.order[0], answer.order[1]);
  EXPECT_EQ(judge(c, "fault", seen(answer)).detail, "at place 1 is {a=\"1\"}");
}

TEST(Judge, ATextMayBeExpected) {
  Check c = check();
  c.text = "x";
  c.answer_type = "string";
  QueryAnswer text;
  text.type = "string";
  text.text = "x";
  EXPECT_EQ(judge(c, "fault", seen(text)).verdict, Verdict::pass);
  text.text = "y";
  EXPECT_EQ(judge(c, "fault", seen(text)).verdict, Verdict::fail);
}

TEST(Judge, SeriesOfARangeAreComparedPointByPoint) {
  Check c = check();
  c.range_series = {
      {{{"__name__", "foo"}}, {model::Sample::of(0, 1), model::Sample::of(60, 2)}, {}}};
  QueryAnswer range;
  range.type = "matrix";
  range.series = {{model::parse_series("foo").value(), {{0, 1, {}}, {60, 2, {}}}}};
  EXPECT_EQ(judge(c, "fault", seen(range)).verdict, Verdict::pass);
  range.series[0].points[1].value = 3;
  EXPECT_EQ(judge(c, "fault", seen(range)).detail, "foo: 3, want 2 at 60 ms");
}

TEST(Judge, RightValuePassesAndIsShown) {
  Check c = check();
  c.samples = {{model::parse_series("foo").value(), "foo", 1, std::nullopt}};
  const CheckResult result = judge(c, "before", seen(with_warning(one, "w")));
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(result.got, "foo 1");
  EXPECT_THAT(result.warnings, testing::ElementsAre("w"));
}

struct ExpectCase {
  const char* name;
  Expectation expectation;
  QueryAnswer answer;
  Verdict want;
};

class ExpectTest : public testing::TestWithParam<ExpectCase> {};

TEST_P(ExpectTest, Judges) {
  Check c = check();
  c.expect = {GetParam().expectation};
  EXPECT_EQ(judge(c, "before", seen(GetParam().answer)).verdict, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ExpectTest,
    testing::Values(
        ExpectCase{"NoWarnHolds", {Kind::no_warn, {}}, one, Verdict::pass},
        ExpectCase{"NoWarnDoesNot", {Kind::no_warn, {}}, with_warning(one, "w"), Verdict::fail},
        ExpectCase{"NoWarnOfAnError", {Kind::no_warn, {}}, failed("x"), Verdict::fail},
        ExpectCase{"WarnHolds", {Kind::warn, {}}, with_warning(one, "w"), Verdict::pass},
        ExpectCase{"WarnDoesNot", {Kind::warn, {}}, one, Verdict::fail},
        ExpectCase{"WarnLike",
                   {Kind::warn, pattern("deadline")},
                   with_warning(one, "a deadline b"),
                   Verdict::pass},
        ExpectCase{"WarnUnlike",
                   {Kind::warn, pattern("^deadline")},
                   with_warning(one, "a deadline"),
                   Verdict::fail},
        ExpectCase{"FailHolds", {Kind::fail, {}}, failed("x"), Verdict::pass},
        ExpectCase{"FailLike", {Kind::fail, pattern("x")}, failed("x"), Verdict::pass},
        ExpectCase{"FailUnlike", {Kind::fail, pattern("y")}, failed("x"), Verdict::fail},
        ExpectCase{"FailDoesNot", {Kind::fail, {}}, one, Verdict::fail}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Judge, CountsAndValues) {
  Check c = check();
  c.count = comparison(">= 2");
  EXPECT_EQ(judge(c, "before", seen(one)).verdict, Verdict::fail);
  EXPECT_EQ(judge(c, "before", seen(vector_answer({{"a", 1}, {"b", 2}}))).verdict, Verdict::pass);
  Check v = check();
  v.values = {comparison("> 0"), comparison("< 2")};
  EXPECT_EQ(judge(v, "before", seen(one)).verdict, Verdict::pass);
  EXPECT_EQ(judge(v, "before", seen(vector_answer({{"a", 1}, {"b", 2}}))).got, "b 2");
  EXPECT_EQ(judge(v, "before", seen(vector_answer({}))).verdict, Verdict::fail)
      << "no value is no good value";
}

TEST(Judge, RepeatedAnswersAgree) {
  Check c = check();
  c.repeat = 2;
  c.count = comparison("1");
  Observation observation = seen(one);
  observation.answers.push_back(vector_answer({{"foo", 2}}));
  EXPECT_EQ(judge(c, "before", observation).verdict, Verdict::fail);
  c.distinct = comparison(">= 2");
  EXPECT_EQ(judge(c, "before", observation).verdict, Verdict::pass);
  c.distinct = comparison("1");
  EXPECT_EQ(judge(c, "before", observation).verdict, Verdict::fail);
}

TEST(Judge, NamesTheAnswerThatIsWrong) {
  Check c = check();
  c.repeat = 2;
  c.samples = {{model::parse_series("foo").value(), "foo", 1, std::nullopt}};
  Observation observation = seen(one);
  observation.answers.push_back(failed("timeout"));
  const CheckResult result = judge(c, "before", observation);
  EXPECT_EQ(result.got, "error: timeout");
  EXPECT_EQ(result.detail, "answer 2 of 2");
}

TEST(Judge, DurationsAgainstTheBaseline) {
  Check c = check();
  c.max_duration = DurationBound{milliseconds(100), 2, "100ms + baseline * 2"};
  Observation observation = seen(one);
  observation.baseline_ms = 50;
  observation.answers[0].duration = std::chrono::milliseconds(199);
  EXPECT_EQ(judge(c, "fault", observation).verdict, Verdict::pass);
  observation.answers[0].duration = std::chrono::milliseconds(201);
  EXPECT_EQ(judge(c, "fault", observation).want, "at most 100ms + baseline * 2 (200 ms)");
  c.max_duration.reset();
  c.min_duration = DurationBound{milliseconds(300), 0, "300ms"};
  EXPECT_EQ(judge(c, "fault", observation).got, "201 ms");
}

TEST(Judge, RequestsFromTheJournals) {
  Check c = check();
  c.requests.emplace("us", comparison("1"));
  Observation observation = seen(one);
  observation.requests["us"] = 1;
  EXPECT_EQ(judge(c, "before", observation).verdict, Verdict::pass);
  observation.requests["us"] = 2;
  EXPECT_EQ(judge(c, "before", observation).want, "1 requests to us");
}

TEST(Judge, AsAnotherQuestionAnswers) {
  Check c = check();
  c.same_as = Check::SameAs{"foo", "collector"};
  Observation observation = seen(one);
  observation.same_as = one;
  EXPECT_EQ(judge(c, "before", observation).verdict, Verdict::pass);
  observation.same_as = vector_answer({{"foo", 3}});
  EXPECT_EQ(judge(c, "before", observation).want, "foo on collector:\nfoo 3");
}

TEST(Judge, Reads) {
  Check c = check();
  c.kind = Check::Kind::read;
  c.count = comparison("1");
  c.sample_count = comparison("2");
  c.partial = Pattern{"", nullptr};
  ReadAnswer read;
  read.series.push_back(
      {model::parse_series("foo").value(), {model::Sample::of(1, 1), model::Sample::of(2, 1)}, {}});
  Observation observation;
  observation.reads.push_back(read);
  EXPECT_EQ(judge(c, "before", observation).verdict, Verdict::pass);
  observation.reads[0].partial = "b: deadline 1s";
  EXPECT_EQ(judge(c, "before", observation).got, "left out: b: deadline 1s");
  c.partial = pattern("b: deadline");
  EXPECT_EQ(judge(c, "before", observation).verdict, Verdict::pass);
  c.sample_count = comparison("3");
  EXPECT_THAT(judge(c, "before", observation).got, HasSubstr("2 samples"));
  observation.reads[0].error = "HTTP 503: b: deadline";
  EXPECT_EQ(judge(c, "before", observation).verdict, Verdict::fail);
}

Check alerts_check() {
  Check c = check();
  c.kind = Check::Kind::alerts;
  c.alerts.emplace();
  c.alerts->push_back({{{"alertname", "Down"}, {"job", "b"}}, std::nullopt});
  return c;
}

Observation seen_alerts(std::vector<HeldAlert> alerts) {
  Observation observation;
  observation.alerts.push_back({.error = "", .alerts = std::move(alerts)});
  return observation;
}

const HeldAlert down_b{{{"alertname", "Down"}, {"job", "b"}}, {{"summary", "b is down"}}, "active"};
const HeldAlert down_c{{{"alertname", "Down"}, {"job", "c"}}, {}, "active"};

TEST(Judge, AlertsAreExactlyThoseExpected) {
  const Check c = alerts_check();
  EXPECT_EQ(judge(c, "before", seen_alerts({down_b})).verdict, Verdict::pass);
  const CheckResult none = judge(c, "before", seen_alerts({}));
  EXPECT_EQ(none.verdict, Verdict::fail);
  EXPECT_EQ(none.want, "{alertname=\"Down\", job=\"b\"}");
  EXPECT_EQ(none.got, "no alert");
  EXPECT_EQ(none.detail, "{alertname=\"Down\", job=\"b\"} is missing");
  EXPECT_EQ(judge(c, "before", seen_alerts({down_b, down_c})).detail,
            "{alertname=\"Down\", job=\"c\"} is not expected");
  EXPECT_EQ(judge(c, "before", seen_alerts({down_b, down_b})).verdict, Verdict::fail);
}

TEST(Judge, AnnotationsOfAnAlertIfTheyAreExpected) {
  Check c = alerts_check();
  c.alerts->front().annotations = {{"summary", "b is down"}};
  EXPECT_EQ(judge(c, "before", seen_alerts({down_b})).verdict, Verdict::pass);
  c.alerts->front().annotations = model::LabelSet();
  EXPECT_EQ(judge(c, "before", seen_alerts({down_b})).detail,
            "{alertname=\"Down\", job=\"b\"}: annotations {summary=\"b is down\"}, want {}");
}

TEST(Judge, CountsAlerts) {
  Check c = alerts_check();
  c.alerts.reset();
  c.count = comparison("1");
  EXPECT_EQ(judge(c, "before", seen_alerts({down_b})).verdict, Verdict::pass);
  const CheckResult two = judge(c, "before", seen_alerts({down_b, down_c}));
  EXPECT_EQ(two.want, "1 alerts");
  EXPECT_THAT(two.got, HasSubstr("2 alerts\n"));
  Observation unreachable;
  unreachable.alerts.push_back({.error = "connection refused", .alerts = {}});
  c.count = comparison("0");
  EXPECT_EQ(judge(c, "before", unreachable).got, "error: connection refused");
  c.count.reset();
  c.expect = {{Kind::fail, pattern("refused")}};
  EXPECT_EQ(judge(c, "before", unreachable).verdict, Verdict::pass);
  EXPECT_EQ(judge(c, "before", seen_alerts({})).verdict, Verdict::fail);
}

TEST(Judge, RepeatedLooksAtAlertsAgree) {
  Check c = alerts_check();
  c.alerts.reset();
  c.repeat = 2;
  c.count = comparison(">= 1");
  Observation observation = seen_alerts({down_b});
  observation.alerts.push_back({.error = "", .alerts = {down_b, down_c}});
  EXPECT_THAT(judge(c, "before", observation).want, HasSubstr("the same answer 2 times"));
}

TEST(Judge, NothingAskedIsNoPass) {
  EXPECT_EQ(judge(check(), "before", {}).verdict, Verdict::fail);
}

CheckResult result_of(Verdict verdict, const std::string& got) {
  CheckResult result;
  result.name = "foo";
  result.phase = "fault";
  result.verdict = verdict;
  result.want = "w";
  result.got = got;
  return result;
}

struct ConcludeCase {
  const char* name;
  std::vector<KnownIssue> issues;
  std::vector<CheckResult> checks;
  Verdict want;
  const char* reason;
  const char* note;
};

class ConcludeTest : public testing::TestWithParam<ConcludeCase> {};

TEST_P(ConcludeTest, GivesTheVerdict) {
  TestResult result;
  result.checks = GetParam().checks;
  conclude(GetParam().issues, result);
  EXPECT_EQ(result.verdict, GetParam().want);
  EXPECT_EQ(result.reason, GetParam().reason);
  EXPECT_EQ(result.note, GetParam().note);
}

const KnownIssue any_failure{"slow", std::nullopt};
const KnownIssue deadline{"lazy bodies", pattern("deadline")};

INSTANTIATE_TEST_SUITE_P(
    Cases, ConcludeTest,
    testing::Values(
        ConcludeCase{"AllPass", {}, {result_of(Verdict::pass, "g")}, Verdict::pass, "", ""},
        ConcludeCase{"OneFails",
                     {},
                     {result_of(Verdict::pass, "g"), result_of(Verdict::fail, "g\nh")},
                     Verdict::fail,
                     "foo (fault): want w, got g",
                     ""},
        ConcludeCase{"Known",
                     {any_failure},
                     {result_of(Verdict::fail, "g")},
                     Verdict::known_issue,
                     "slow",
                     ""},
        ConcludeCase{"KnownAsDescribed",
                     {deadline},
                     {result_of(Verdict::fail, "a deadline")},
                     Verdict::known_issue,
                     "lazy bodies",
                     ""},
        ConcludeCase{"FailsOtherwise",
                     {deadline},
                     {result_of(Verdict::fail, "g")},
                     Verdict::fail,
                     "foo (fault): want w, got g; not as its known issue describes it",
                     ""},
        ConcludeCase{"OneOfTwoIsNotDescribed",
                     {deadline},
                     {result_of(Verdict::fail, "deadline"), result_of(Verdict::fail, "g")},
                     Verdict::fail,
                     "foo (fault): want w, got g; not as its known issue describes it",
                     ""},
        ConcludeCase{"NoLongerSeen",
                     {deadline},
                     {result_of(Verdict::pass, "g")},
                     Verdict::pass,
                     "",
                     "known issue no longer seen: lazy bodies"},
        ConcludeCase{"Inconclusive",
                     {},
                     {result_of(Verdict::inconclusive, "noise")},
                     Verdict::inconclusive,
                     "foo: noise",
                     ""},
        ConcludeCase{"FailureBeatsNoise",
                     {},
                     {result_of(Verdict::inconclusive, "noise"), result_of(Verdict::fail, "g")},
                     Verdict::fail,
                     "foo (fault): want w, got g",
                     ""}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Conclude, LeavesTestsThatDidNotComeToTheirChecks) {
  TestResult result;
  result.verdict = Verdict::skipped;
  result.reason = "no such version";
  conclude({any_failure}, result);
  EXPECT_EQ(result.verdict, Verdict::skipped);
}

TEST(ExitCode, FollowsTheVerdicts) {
  Report report;
  const auto add = [&](Verdict verdict) {
    report.tests.emplace_back();
    report.tests.back().verdict = verdict;
  };
  add(Verdict::pass);
  add(Verdict::known_issue);
  add(Verdict::skipped);
  EXPECT_EQ(exit_code(report), 0);
  add(Verdict::inconclusive);
  EXPECT_EQ(exit_code(report), 2);
  add(Verdict::fail);
  EXPECT_EQ(exit_code(report), 1);
}

}  // namespace
}  // namespace mread::scenarios
