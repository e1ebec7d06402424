// Groups with `hedge_after`: which members the machine asks, when, and what follows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using Hedge = BackendOutcome::Hedge;
using State = BackendOutcome::State;

const std::string body = frame("up", samples(5000, 1000, {1, 2, 3}));

Script after(milliseconds delay, std::string text = body) {
  Script script = Script::streamed(std::move(text));
  script.response_after = delay;
  return script;
}

std::string hedged(const std::string& more = "hedge_after: 1s",
                   const std::string& members = "a, b") {
  return "groups: [{name: g, members: [" + members + "], wait: need, " + more + "}]\n";
}

Answer read(FanOutDriver& driver) { return driver.run(request({"up"}, 0, 10'000'000, true)); }

Answer read(const config::Config& config, std::vector<Script> scripts) {
  FanOutDriver driver(config, std::move(scripts));
  return read(driver);
}

TEST(HedgedRead, AQuickMemberIsAskedAlone) {
  const config::Config config = config_of(2, hedged());
  const Answer answer = read(config, {after(999ms), after(0ms)});
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.asks, 1u);
  EXPECT_EQ(answer.partial, "");
  EXPECT_EQ(answer.outcome.backends[0].latency, 999ms);
  EXPECT_EQ(answer.outcome.backends[1].state, State::not_asked);
  EXPECT_EQ(answer.outcome.hedges, std::vector<HedgeCounts>(1));
}

TEST(HedgedRead, OfTwoTheQuickerCounts) {
  const config::Config config = config_of(2, hedged());
  const Answer won = read(config, {after(5s), after(500ms)});
  EXPECT_EQ(won.body, body);
  EXPECT_EQ(won.asks, 2u);
  EXPECT_EQ(won.took, 1500ms);
  EXPECT_EQ(won.outcome.backends[0].state, State::dropped);
  EXPECT_EQ(won.outcome.backends[0].latency, 1500ms);
  EXPECT_EQ(won.outcome.backends[1].hedge, Hedge::won);
  EXPECT_EQ(won.outcome.backends[1].latency, 500ms);
  EXPECT_EQ(won.outcome.hedges[0], (HedgeCounts{1, 0, 0}));

  const Answer lost = read(config, {after(1200ms), after(500ms)});
  EXPECT_EQ(lost.took, 1200ms);
  EXPECT_EQ(lost.outcome.backends[1].hedge, Hedge::lost);
  EXPECT_EQ(lost.outcome.backends[1].latency, std::nullopt);
  EXPECT_EQ(lost.outcome.hedges[0], (HedgeCounts{0, 1, 0}));
}

TEST(HedgedRead, AFailedMemberIsReplacedAtOnceWhateverTheBudget) {
  const config::Config config = config_of(2, hedged());
  FanOutDriver driver(config, {Script::refused(), after(10ms)});
  driver.options.may_hedge = [](size_t) { return false; };
  const Answer answer = read(driver);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.took, 10ms);
  EXPECT_EQ(answer.partial, "a: connection refused");
  EXPECT_EQ(answer.outcome.hedges[0], HedgeCounts());
}

TEST(HedgedRead, WhatTheBudgetRefusesWaitsForTheDeadline) {
  const config::Config config = config_of(2, hedged());
  FanOutDriver driver(config, {Script::hanging(), after(10ms)});
  driver.options.may_hedge = [](size_t group) { return group != 0; };
  const Answer answer = read(driver);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.took, 8010ms);
  EXPECT_EQ(answer.partial, "a: deadline 8s");
  EXPECT_EQ(answer.outcome.hedges[0], (HedgeCounts{0, 0, 1}));
}

TEST(HedgedRead, WhoIsAskedFirst) {
  struct Row {
    const char* name;
    std::vector<std::string> unavailable;
    std::vector<bool> failing;
    std::vector<bool> on_trial;
    std::vector<size_t> asked;
    std::string partial;
  };
  for (const Row& row :
       {Row{"in order", {}, {}, {}, {0, 1}, ""}, Row{"failing last", {}, {true}, {}, {1, 2}, ""},
        Row{"two failing", {}, {true, false, true}, {}, {1, 0}, ""},
        Row{"open circuit", {"open circuit"}, {}, {}, {1, 2}, "a: open circuit"},
        Row{"all failing", {}, {true, true, true}, {}, {0, 1}, ""},
        Row{"on trial", {}, {false, false, true}, {false, false, true}, {2, 0}, ""}}) {
    const config::Config config = config_of(3, hedged("need: 2, hedge_after: p95", "a, b, c"));
    std::vector<size_t> asked;
    FanOutDriver driver(config, [&asked](size_t backend, const model::ReadRequest&) {
      asked.push_back(backend);
      return after(10ms);
    });
    driver.options.unavailable = row.unavailable;
    driver.options.failing = row.failing;
    driver.options.on_trial = row.on_trial;
    const Answer answer = read(driver);
    EXPECT_EQ(asked, row.asked) << row.name;
    EXPECT_EQ(answer.body, body) << row.name;
    EXPECT_EQ(answer.partial, row.partial) << row.name;
  }
}

TEST(HedgedRead, AQuantileIsThatOfTheMemberThatIsWaitedFor) {
  const config::Config config = config_of(2, hedged("hedge_after: p95"));
  for (const auto& [latencies, took] :
       {std::pair{std::vector<std::optional<std::chrono::nanoseconds>>{}, 810ms},
        {{30ms, 2s}, 40ms},
        {{3s}, 3010ms}}) {
    FanOutDriver driver(config, {Script::hanging(), after(10ms)});
    driver.options.latencies = latencies;
    EXPECT_EQ(read(driver).took, took);
  }
}

TEST(HedgedRead, EveryMemberIsTriedBeforeTheReadFails) {
  const config::Config config = config_of(3, hedged("hedge_after: 1s", "a, b, c"));
  const Answer answer =
      read(config, {Script::hanging(), Script::refused(), Script::http(500, "no")});
  EXPECT_EQ(answer.status, 503);
  // b at 1 s, c at once after it, and a until its own deadline.
  EXPECT_EQ(answer.body, "a: deadline 8s, b: connection refused, c: HTTP 500: no\n");
  EXPECT_EQ(answer.took, 8s);
  EXPECT_EQ(answer.outcome.hedges[0], (HedgeCounts{0, 1, 0}));
}

TEST(HedgedRead, UnderThePolicyAllAFailureIsNotMadeGood) {
  const config::Config config = config_of(2, hedged() + "partial: all\n");
  const Answer answer = read(config, {Script::refused(), after(0ms)});
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.asks, 1u);
}

TEST(HedgedRead, AMemberThatStandsByTakesOverInMidStream) {
  std::string long_body;
  for (int i = 100; i < 400; ++i) {
    long_body += frame("up{n=\"" + std::to_string(i) + "\"}", samples(5000, 1000, {double(i)}));
  }
  const config::Config config = config_of(3, hedged("hedge_after: 1s", "a, b, c"));
  Script breaking = after(0ms, long_body);
  breaking.break_at = long_body.size() / 2;
  breaking.piece_bytes = 500;
  FanOutDriver driver(config, {breaking, after(0ms, long_body), after(0ms, long_body)});
  driver.options.window_bytes = driver.options.read_ahead_bytes = driver.options.batch_bytes = 1000;
  // The circuit of the member that would take over is open, so the next one does.
  driver.options.unavailable = {"", "open circuit"};
  const Answer answer = read(driver);
  ASSERT_TRUE(answer.finished);
  EXPECT_EQ(answer.body, long_body);
  EXPECT_EQ(answer.partial, "b: open circuit");
  EXPECT_EQ(answer.trailer, "a: connection closed in mid-body, b: open circuit");
  EXPECT_EQ(answer.outcome.failovers, 1u);
  EXPECT_EQ(answer.asks, 2u);
  EXPECT_EQ(answer.outcome.backends[2].state, State::complete);
}

TEST(HedgedRead, AReadThatIsGivenUpShowsHowLongItWaited) {
  const config::Config config = config_of(2, hedged());
  const TimePoint begun{};
  FanOut machine(config, request({"up"}, 0, 1000, true), begun);
  while (machine.poll(begun)) {
  }
  EXPECT_EQ(machine.outcome(begun + 700ms).backends[0].state, State::waiting);
  EXPECT_EQ(machine.outcome(begun + 700ms).backends[0].total, 700ms);
  EXPECT_EQ(machine.outcome(begun + 700ms).backends[0].latency, std::nullopt);
}

TEST(HedgedRead, AMemberThatTheQueryRulesOutLeavesItsPartToTheOthers) {
  const std::string text =
      "remote_read:\n"
      "  - {name: a, url: 'http://a:1/', required_matchers: {region: eu}}\n"
      "  - {name: b, url: 'http://b:1/'}\n"
      "  - {name: c, url: 'http://c:1/'}\n";
  for (const char* after_text : {", hedge_after: 1s", ""}) {
    const config::Config config = config::Config::parse(
        text + hedged(std::string("need: 1") + after_text, "a, b, c"), "mread.yml");
    const Answer answer = read(config, {Script::refused(), after(10ms), after(500ms)});
    EXPECT_EQ(answer.body, body) << after_text;
    EXPECT_EQ(answer.outcome.backends[1].state, State::complete) << after_text;
  }
}

// Whoever answers first: the bytes are those of a read that asked these members alone.
TEST(HedgedReadProperty, TheBytesDependOnlyOnWhoseAnswersAreUsed) {
  EXPECT_TRUE(rc::check([] {
    const config::Config config = config_of(3, hedged("need: 2, hedge_after: 20ms", "a, b, c"));
    const std::vector<std::string> bodies{frame("up", samples(5000, 1000, {1, 2})),
                                          frame("up", samples(5000, 500, {7, 8})),
                                          frame("up", samples(5500, 500, {9, 9}))};
    std::vector<Script> scripts;
    for (const auto& each : bodies) {
      scripts.push_back(*rc::gen::inRange(0, 4) == 0 ? Script::refused() : after(0ms, each));
    }
    FanOutDriver driver(config, scripts);
    driver.shuffle(*rc::gen::arbitrary<uint32_t>());
    driver.options.failing = {*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                              *rc::gen::arbitrary<bool>()};
    const Answer answer = read(driver);
    RC_ASSERT(answer.finished);
    std::vector<size_t> used;
    for (const auto& each : answer.outcome.backends) {
      if (each.state == State::complete) used.push_back(each.backend);
    }
    if (used.size() < 2) {
      RC_ASSERT(answer.status == 503);
      return;
    }
    RC_ASSERT(used.size() == 2u);
    const config::Config plain = config_of(2);
    RC_ASSERT(answer.body ==
              read(plain, {after(0ms, bodies[used[0]]), after(0ms, bodies[used[1]])}).body);
  }));
}

TEST(HedgeConfig, Errors) {
  struct Row {
    const char* group;
    const char* message;
  };
  for (const Row& row :
       {Row{"wait: all, hedge_after: p95", "hedge_after takes \"wait: need\""},
        Row{"hedge_after: p95", "hedge_after takes \"wait: need\""},
        Row{"wait: need, need: 2, hedge_after: p95", "need is 2 of 2 members"},
        Row{"wait: need, hedge_after: 0s", "must be more than 0"},
        Row{"wait: need, hedge_after: p94", "p95"}, Row{"wait: need, hedge_after: fast", "fast"}}) {
    try {
      config_of(2, std::string("groups: [{name: g, members: [a, b], ") + row.group + "}]\n");
      ADD_FAILURE() << row.group;
    } catch (const yaml::ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr(row.message));
    }
  }
}

TEST(HedgeConfig, IsDescribed) {
  for (const char* after_text : {"p50", "p90", "p95", "p99", "250ms", "1m30s"}) {
    const std::string text = std::string("hedge_after: ") + after_text;
    EXPECT_THAT(config_of(2, hedged(text)).describe(), HasSubstr(text + "}"));
  }
}

}  // namespace
}  // namespace mread::merger
