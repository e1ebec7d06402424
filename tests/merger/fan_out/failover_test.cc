// Mid-stream failover: a group of `wait: need` loses the member that it used after the answer has
// begun.

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests
using ::testing::HasSubstr;
using State = BackendOutcome::State;

constexpr int64_t last_ms = 10'000'000;

std::string one(const std::string& notation, double value) {
  return frame(notation, samples(5000, 1000, {value}));
}

std::string name(int i) {
  const std::string digits = std::to_string(i);
  return "up{n=\"" + std::string(6 - digits.size(), '0') + digits + "\"}";
}

std::string many(int series, int step = 1) {
  std::string body;
  for (int i = 0; i < series; i += step) body += one(name(i), i);
  return body;
}

Script breaking(std::string body, size_t at) {
  Script script = Script::streamed(std::move(body));
  script.break_at = at;
  script.piece_bytes = 500;
  return script;
}

std::string group_of(const std::string& members, int need = 1) {
  return "groups: [{name: g, members: [" + members +
         "], wait: need, need: " + std::to_string(need) + "}]\n";
}

/// Backends that answer their first request by `first`, and any further one by `later`.
FanOutDriver driver_of(const config::Config& config, std::vector<Script> first,
                       std::vector<Script> later) {
  auto asked = std::make_shared<std::map<size_t, int>>();
  FanOutDriver driver(config, [=](size_t backend, const model::ReadRequest&) {
    return (*asked)[backend]++ == 0 ? first.at(backend) : later.at(backend);
  });
  driver.options.window_bytes = 1000;
  driver.options.read_ahead_bytes = 1000;
  driver.options.batch_bytes = 1000;
  return driver;
}

std::string shown(const Answer& answer, bool streamed) {
  return streamed ? show(read_streamed(answer.body)) : show(read_samples(answer.body).at(0));
}

TEST(Failover, AReplicaGoesOnWhereTheAnswerStands) {
  const config::Config config = config_of(2, group_of("a, b"));
  const std::string body = many(500);
  for (const bool streamed : {true, false}) {
    for (const bool samples_form : {true, false}) {
      std::vector<SamplesSeries> listed;
      for (int i = 499; i >= 0; --i)
        listed.push_back({labels(name(i)), samples(5000, 1, {double(i)}), ""});
      const Script whole =
          samples_form ? Script::samples_form(samples_body(listed)) : Script::streamed(body);
      auto driver =
          driver_of(config, {breaking(body, body.size() * 3 / 4), Script::hanging()}, {{}, whole});
      const Answer answer = driver.run(request({"up"}, 0, last_ms, streamed));
      EXPECT_EQ(answer.status, 200);
      EXPECT_TRUE(answer.finished);
      EXPECT_EQ(shown(answer, streamed), show(read_streamed(body)));
      EXPECT_EQ(answer.partial + answer.trailer, "a: connection closed in mid-body");
      EXPECT_EQ(answer.asks, 3u);
      EXPECT_EQ(answer.requests[2], answer.requests[1]);
      EXPECT_EQ(answer.outcome.failovers, 1u);
      EXPECT_EQ(answer.outcome.backends[0].state, State::failed);
      EXPECT_EQ(answer.outcome.backends[1].state, State::complete);
    }
  }
}

TEST(Failover, WhatTheReplicaSaysOfSeriesBeforeIsSkipped) {
  // b has series that a lacks, and in another order; before the point they are too late, after it
  // they count.
  const config::Config config = config_of(2, group_of("a, b"));
  std::string even = many(600, 2);
  std::string mixed;
  for (int i = 0; i < 600; i += 2) mixed += one(name(i + 1), i + 1) + one(name(i), i);
  auto driver = driver_of(config, {breaking(even, even.size() / 2), Script::hanging()},
                          {{}, Script::streamed(mixed)});
  const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
  ASSERT_TRUE(answer.finished);
  const auto series = read_streamed(answer.body);
  size_t odd = 0;
  for (size_t i = 0; i < series.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(series[i - 1].labels, series[i].labels);
    }
    if (static_cast<int>(series[i].samples.at(0).value()) % 2 == 1) ++odd;
  }
  EXPECT_GT(odd, 100u);
  EXPECT_LT(odd, 200u);
  EXPECT_EQ(series.size(), 300u + odd);
}

TEST(Failover, EveryMemberIsTriedBeforeTheAnswerIsAborted) {
  const std::string body = many(500);
  const config::Config config = config_of(3, group_of("a, b, c"));
  const std::vector<Script> first{breaking(body, body.size() / 2), Script::hanging(),
                                  Script::hanging()};
  auto second = driver_of(config, first, {{}, Script::refused(), Script::streamed(body)});
  const Answer saved = second.run(request({"up"}, 0, last_ms, true));
  EXPECT_EQ(saved.body, body);
  EXPECT_EQ(saved.trailer, "a: connection closed in mid-body, b: connection refused");
  EXPECT_EQ(saved.outcome.failovers, 2u);

  auto third =
      driver_of(config, first, {{}, Script::hanging(), breaking(body, body.size() * 3 / 4)});
  const Answer lost = third.run(request({"up"}, 0, last_ms, true));
  EXPECT_FALSE(lost.finished);
  ASSERT_TRUE(lost.aborted);
  EXPECT_EQ(lost.aborted->context, "c: connection closed in mid-body");
  EXPECT_EQ(lost.took, std::chrono::seconds(8));

  auto chained =
      driver_of(config, first, {{}, breaking(body, body.size() * 3 / 4), Script::streamed(body)});
  EXPECT_EQ(chained.run(request({"up"}, 0, last_ms, true)).body, body);
}

TEST(Failover, WhoIsAskedOnceMore) {
  const std::string body = many(500);
  struct Row {
    const char* name;
    std::string more;
    bool finished;
    size_t asks;
  };
  for (const Row& row :
       {Row{"policy all", group_of("a, b, c") + "partial: all\n", false, 3},
        Row{"policy any", group_of("a, b, c", 1) + "partial: any\n", true, 4},
        Row{"wait all", "groups: [{name: g, members: [a, b, c], need: 3}]\n", false, 3}}) {
    const config::Config config = config_of(3, row.more);
    const bool all_wait = row.name == std::string("wait all");
    const Script second = all_wait ? Script::streamed(body) : Script::hanging();
    auto driver = driver_of(config, {breaking(body, body.size() / 2), second, second},
                            {{}, Script::streamed(body), Script::streamed(body)});
    const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
    EXPECT_EQ(answer.finished, row.finished) << row.name;
    EXPECT_EQ(answer.asks, row.asks) << row.name;
  }
}

TEST(Failover, AFailureThatIsKnownBeforeTheHeadIsMadeGoodToo) {
  // a breaks while the other group is still waited for.
  const std::string body = many(100);
  const std::string more = one("up{z=\"z\"}", 1);
  const config::Config config = config_of(3, group_of("a, b"));
  Script slow = Script::streamed(more);
  slow.response_after = milliseconds(3000);
  for (const bool streamed : {true, false}) {
    auto driver = driver_of(config, {breaking(body, body.size() / 2), Script::hanging(), slow},
                            {{}, Script::streamed(body), {}});
    driver.options.read_ahead_bytes = 1U << 20;
    const Answer answer = driver.run(request({"up"}, 0, last_ms, streamed));
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.finished);
    EXPECT_EQ(shown(answer, streamed), show(read_streamed(body + more)));
    EXPECT_EQ(answer.partial, "a: connection closed in mid-body");
  }
  const config::Config strict = config_of(3, group_of("a, b") + "partial: all\n");
  auto driver =
      driver_of(strict, {breaking(body, body.size() / 2), Script::hanging(), slow}, {{}, {}, {}});
  driver.options.read_ahead_bytes = 1U << 20;
  EXPECT_EQ(driver.run(request({"up"}, 0, last_ms, true)).status, 503);
}

TEST(Failover, WhatIsSkippedTakesNoMemory) {
  const config::Config config =
      config_of(2, group_of("a, b") + "limits: {bytes_in_flight: 20KiB}\n");
  const std::string body = many(3000);
  ASSERT_GT(body.size(), 100'000u);
  Script whole = Script::streamed(body);
  whole.piece_bytes = 500;
  auto driver =
      driver_of(config, {breaking(body, body.size() - 100), Script::hanging()}, {{}, whole});
  const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.outcome.backends[1].bytes, body.size());
}

TEST(Failover, AGroupThatNeedsTwoKeepsTwo) {
  const std::string body = many(500);
  const config::Config config = config_of(3, group_of("a, b, c", 2));
  auto driver = driver_of(
      config, {breaking(body, body.size() / 2), Script::streamed(body), Script::hanging()},
      {{}, {}, Script::streamed(body)});
  const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.outcome.backends[2].state, State::complete);
  EXPECT_EQ(answer.outcome.failovers, 1u);
}

TEST(Failover, ASeriesThatDoesNotDecodeComesFromTheReplica) {
  // Two groups hold the series, so that it has to be decoded.
  const std::string up = name(100);
  RawChunk bad = xor_chunk(samples(5000, 1000, {1, 2, 3}));
  bad.data = bad.data.substr(0, bad.data.size() - 3);
  const std::string good = frame(up, samples(5000, 1000, {1, 2, 3}));
  const std::string head = many(100);
  const config::Config config = config_of(3, group_of("a, b"));
  for (const bool streamed : {true, false}) {
    auto driver =
        driver_of(config,
                  {Script::streamed(head + frame_with(labels(up), {bad})), Script::hanging(),
                   Script::streamed(frame(up, samples(5500, 1000, {1, 2, 3})))},
                  {{}, Script::streamed(head + good), {}});
    const Answer answer = driver.run(request({"up"}, 0, last_ms, streamed));
    ASSERT_TRUE(answer.finished);
    EXPECT_EQ(shown(answer, streamed),
              show(read_streamed(head + frame(up, samples(5000, 500, {1, 1, 2, 2, 3, 3})))));
    EXPECT_THAT(answer.trailer + answer.partial, HasSubstr("a: "));
  }
}

TEST(Failover, OfTheSecondQueryIsItsOwn) {
  const config::Config config = config_of(2, group_of("a, b"));
  const std::string body = many(300);
  std::map<std::pair<size_t, std::string>, int> asked;
  FanOutDriver driver(config, [&](size_t backend, const model::ReadRequest& ask) {
    const std::string query = ask.queries.at(0).matchers.at(0).value();
    const int nth = asked[{backend, query}]++;
    if (backend == 1) return nth == 0 ? Script::hanging() : Script::streamed(body);
    return query == "second" ? breaking(body, body.size() / 2) : Script::streamed(body);
  });
  driver.options.window_bytes = driver.options.read_ahead_bytes = driver.options.batch_bytes = 1000;
  const Answer answer = driver.run(request({"first", "second"}, 0, last_ms, true));
  ASSERT_TRUE(answer.finished);
  EXPECT_EQ(answer.asks, 5u);
  EXPECT_EQ(show(read_streamed(answer.body, 0)), show(read_streamed(body)));
  EXPECT_EQ(show(read_streamed(answer.body, 1)), show(read_streamed(body)));
}

// Each three series the other way round, so that what has come so far is not all up to there.
std::string in_threes(int series) {
  std::string body;
  for (int i = 0; i < series; i += 3) {
    for (int k = std::min(i + 3, series); k-- > i;) body += one(name(k), k);
  }
  return body;
}

TEST(FailoverProperty, WhereverItBreaksNothingIsLostOrTwice) {
  EXPECT_TRUE(rc::check([] {
    const config::Config config = config_of(3, group_of("a, b, c"));
    const int series = *rc::gen::inRange(30, 200);
    const std::string body = many(series);
    const auto break_at = [&] { return *rc::gen::inRange<size_t>(1100, body.size()); };
    const bool unsorted = *rc::gen::arbitrary<bool>();
    const Script first = breaking(unsorted ? in_threes(series) : body, break_at());
    const Script second = breaking(unsorted ? in_threes(series) : body, break_at());
    std::optional<size_t> failovers;
    for (uint32_t seed = 1; seed <= 4; ++seed) {
      auto driver = driver_of(config, {first, Script::hanging(), Script::hanging()},
                              {{}, second, Script::streamed(body)});
      driver.shuffle(seed);
      const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
      RC_ASSERT(answer.finished);
      RC_ASSERT(answer.body == body);
      if (!failovers) failovers = answer.outcome.failovers;
      RC_ASSERT(answer.outcome.failovers == *failovers);
    }
  }));
}

}  // namespace
}  // namespace mread::merger
