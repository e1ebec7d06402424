#include "scenarios/checks/sometimes_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using testing::HasSubstr;

Invariant sometimes(Sometimes::What what, const std::string& pattern = "") {
  Invariant invariant;
  invariant.kind = Invariant::Kind::sometimes;
  invariant.name = "sometimes";
  invariant.during = {"before", "fault"};
  invariant.sometimes.emplace();
  invariant.sometimes->what = what;
  invariant.sometimes->node = "merge";
  if (!pattern.empty())
    invariant.sometimes->pattern = Pattern{pattern, std::make_shared<const re2::RE2>(pattern)};
  return invariant;
}

AskedQuestion question(Outcome outcome, const std::string& text = "",
                       const std::string& phase = "fault", double duration_ms = 5) {
  AskedQuestion asked;
  asked.expr = "sum(foo)";
  asked.node = "query";
  asked.phase = phase;
  asked.outcome = outcome;
  asked.text = text;
  asked.duration_ms = duration_ms;
  return asked;
}

CheckResult result_of(const Invariant& invariant, const std::vector<AskedQuestion>& questions,
                      const std::string& log = "") {
  const std::vector<Invariant> all{invariant};
  SometimesWatch watch(all);
  for (const AskedQuestion& one : questions) watch.note(one);
  const auto results = watch.results([&](const std::string& node, const std::string& file) {
    EXPECT_EQ(node, "merge");
    return file == invariant.sometimes->file ? log : "";
  });
  EXPECT_EQ(results.size(), 1u);
  return results.front();
}

TEST(SometimesWatchTest, AWarningThatCameOnceIsEnough) {
  const auto result = result_of(sometimes(Sometimes::What::warn, "refused"),
                                {question(Outcome::complete), question(Outcome::told, "a: refused"),
                                 question(Outcome::complete)});
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(result.want, "once a warning that matches refused");
  EXPECT_EQ(result.got, "sum(foo) (fault, query): a: refused");
}

TEST(SometimesWatchTest, WhatNeverCameMakesTheTestInconclusive) {
  const auto result = result_of(sometimes(Sometimes::What::warn, "refused"),
                                {question(Outcome::told, "a: timeout")});
  EXPECT_EQ(result.verdict, Verdict::inconclusive);
  EXPECT_THAT(result.got, HasSubstr("it never happened"));
}

TEST(SometimesWatchTest, AnErrorIsNoWarning) {
  const auto invariant = sometimes(Sometimes::What::warn, "refused");
  EXPECT_EQ(result_of(invariant, {question(Outcome::failed, "refused")}).verdict,
            Verdict::inconclusive);
  const auto fails = sometimes(Sometimes::What::fail, "refused");
  EXPECT_EQ(result_of(fails, {question(Outcome::failed, "refused")}).verdict, Verdict::pass);
  EXPECT_EQ(result_of(fails, {question(Outcome::told, "refused")}).verdict, Verdict::inconclusive);
}

TEST(SometimesWatchTest, OnlyThePhasesOfDuringCount) {
  EXPECT_EQ(result_of(sometimes(Sometimes::What::warn, "refused"),
                      {question(Outcome::told, "refused", "after")})
                .verdict,
            Verdict::inconclusive);
}

TEST(SometimesWatchTest, ASlowAnswerCountsFromTheGivenTimeOn) {
  Invariant invariant = sometimes(Sometimes::What::duration);
  invariant.sometimes->at_least = std::chrono::seconds(1);
  EXPECT_EQ(result_of(invariant, {question(Outcome::complete, "", "fault", 999)}).verdict,
            Verdict::inconclusive);
  EXPECT_EQ(result_of(invariant, {question(Outcome::complete, "", "fault", 1000)}).verdict,
            Verdict::pass);
  EXPECT_EQ(result_of(invariant, {}).want, "once an answer that takes 1s or more");
}

TEST(SometimesWatchTest, ALineOfTheLogIsShown) {
  const auto invariant = sometimes(Sometimes::What::log, "circuit.*opens");
  const auto result =
      result_of(invariant, {}, "start\nthe circuit of a opens\nthe circuit of b opens");
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(result.got, "the circuit of a opens");
  EXPECT_EQ(result_of(invariant, {}, "the circuit\nopens").verdict, Verdict::inconclusive)
      << "an expression does not reach over lines";
  EXPECT_EQ(result_of(invariant, {}).verdict, Verdict::inconclusive);
}

TEST(SometimesWatchTest, AFileOfTheNodeStandsForItsOutput) {
  Invariant invariant = sometimes(Sometimes::What::log, "sum");
  invariant.sometimes->file = "query.log";
  const auto result = result_of(invariant, {}, "{\"query\":\"sum(foo)\"}");
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(result.want, "once a line that matches sum in query.log of merge");
}

TEST(SometimesWatchTest, OtherInvariantsAreNotItsOwn) {
  Invariant other;
  other.kind = Invariant::Kind::no_duplicate;
  const std::vector<Invariant> all{other};
  SometimesWatch watch(all);
  watch.note(question(Outcome::complete));
  EXPECT_TRUE(watch.results([](const std::string&, const std::string&) { return ""; }).empty());
}

}  // namespace
}  // namespace mread::scenarios
