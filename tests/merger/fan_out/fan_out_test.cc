#include "merger/fan_out/fan_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = BackendOutcome::State;

constexpr int64_t last_ms = 10'000'000;
const std::string up = "up{job=\"a\"}";
const std::string down = "up{job=\"z\"}";

std::string one(const std::string& notation, double value) {
  return frame(notation, samples(5000, 1000, {value}));
}

Answer read(const config::Config& config, std::vector<Script> scripts, bool streamed) {
  return FanOutDriver(config, std::move(scripts)).run(request({"up"}, 0, last_ms, streamed));
}

std::string shown(const Answer& answer, bool streamed) {
  return streamed ? show(read_streamed(answer.body)) : show(read_samples(answer.body).at(0));
}

/// A body of `series` series named by `prefix`, about 60 bytes each.
std::string many(const std::string& prefix, int series) {
  std::string body;
  for (int i = 0; i < series; ++i) {
    std::string digits = std::to_string(i);
    body += one("up{n=\"" + prefix + std::string(6 - digits.size(), '0') + digits + "\"}", i);
  }
  return body;
}

// ---- what is asked, and how the answer is typed

TEST(FanOut, AsksEveryBackendForChunksFirst) {
  const config::Config config = config_of(3);
  const Answer answer = read(config, std::vector<Script>(3, Script::streamed("")), false);
  EXPECT_EQ(answer.asks, 3u);
  EXPECT_THAT(answer.requests[2].accepted_response_types,
              ElementsAre(model::ResponseType::streamed_xor_chunks, model::ResponseType::samples));
  EXPECT_EQ(answer.status, 200);
}

TEST(FanOut, AnswersInTheFirstTypeThatIsAccepted) {
  const config::Config config = config_of(1);
  FanOutDriver driver(config, {Script::streamed(one(up, 1))});
  auto ask = request({"up"}, 0, last_ms, false);
  EXPECT_EQ(driver.run(ask).content_type, "application/x-protobuf");
  EXPECT_EQ(driver.run(ask).content_encoding, "snappy");
  ask.accepted_response_types = {model::ResponseType::samples,
                                 model::ResponseType::streamed_xor_chunks};
  EXPECT_EQ(driver.run(ask).content_type, "application/x-protobuf");
  ask.accepted_response_types = {model::ResponseType::streamed_xor_chunks};
  EXPECT_EQ(driver.run(ask).content_type,
            "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  EXPECT_EQ(driver.run(ask).content_encoding, "");
}

TEST(FanOut, MixesBothKindsOfBackend) {
  const config::Config config = config_of(2);
  for (const bool streamed : {true, false}) {
    const Answer answer =
        read(config,
             {Script::streamed(frame(up, samples(5000, 2000, {1, 3}))),
              Script::samples_form(samples_body(up, samples(6000, 2000, {2, 4})))},
             streamed);
    EXPECT_EQ(shown(answer, streamed), "up{job=\"a\"} 1@5000 2@6000 3@7000 4@8000\n");
  }
}

TEST(FanOut, EmptyAnswersMakeAnEmptyAnswer) {
  const config::Config config = config_of(2);
  EXPECT_EQ(read(config, {Script::streamed(""), Script::samples_form(samples_body({}))}, true).body,
            "");
  EXPECT_EQ(
      shown(read(config, {Script::streamed(""), Script::samples_form(samples_body({}))}, false),
            false),
      "");
}

TEST(FanOut, SeveralQueriesAreAskedAtOnceAndAnsweredInOrder) {
  const config::Config config = config_of(2);
  const auto scripts = [](size_t backend, const model::ReadRequest& asked) {
    const std::string name = asked.queries.at(0).matchers.at(0).value();
    Script script = Script::streamed(one(name, static_cast<double>(backend)));
    if (name == "first") script.response_after = milliseconds(500);
    return script;
  };
  FanOutDriver driver(config, scripts);
  const Answer streamed = driver.run(request({"first", "second"}, 0, last_ms, true));
  EXPECT_EQ(streamed.asks, 4u);
  EXPECT_EQ(streamed.took, milliseconds(500));
  EXPECT_EQ(show(read_streamed(streamed.body, 0)), "first 0@5000\n");
  EXPECT_EQ(show(read_streamed(streamed.body, 1)), "second 0@5000\n");
  const auto results =
      read_samples(driver.run(request({"first", "second"}, 0, last_ms, false)).body);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(show(results[0]), "first 0@5000\n");
  EXPECT_EQ(show(results[1]), "second 0@5000\n");
}

TEST(FanOut, BackendsWhoseRequiredMatchersAreMissingAreNotAsked) {
  const config::Config config = config::Config::parse(
      "remote_read: [{name: a, url: 'http://a/r', required_matchers: {region: eu}}, {name: b, url: "
      "'http://b/r'}]",
      "mread.yml");
  FanOutDriver driver(config, {Script::streamed(one(up, 1)), Script::streamed(one(down, 2))});
  const Answer without = driver.run(request({"up{region=~\"eu\"}"}, 0, last_ms, true));
  EXPECT_EQ(without.asks, 1u);
  EXPECT_EQ(without.outcome.backends[0].state, State::not_asked);
  EXPECT_EQ(without.outcome.backends[1].state, State::complete);
  EXPECT_EQ(driver.run(request({"up{region=\"eu\"}"}, 0, last_ms, true)).asks, 2u);
}

TEST(FanOut, BackendsThatNoRouteLeadsToAreNotAskedAndNotWaitedFor) {
  const config::Config config = config_of(3,
                                          "routes:\n  - {match: '{region=\"us\"}', groups: [a]}\n"
                                          "  - {match: '{region=\"eu\"}', groups: [b]}\n");
  FanOutDriver driver(config,
                      {Script::hanging(), Script::streamed(one(up, 1)), Script::streamed("")});
  const Answer eu = driver.run(request({"up{region=\"eu\"}"}, 0, last_ms, true));
  EXPECT_EQ(eu.asks, 2u);  // b, and c, which may hold anything.
  EXPECT_EQ(eu.took, milliseconds(0));
  EXPECT_EQ(shown(eu, true), "up{job=\"a\"} 1@5000\n");
  EXPECT_EQ(eu.outcome.backends[0].state, State::not_asked);
  EXPECT_EQ(driver.run(request({"up"}, 0, last_ms, true)).asks, 3u);
}

// ---- policies

TEST(Policy, HealthyRefusingHangingUnderAnyAnswersAtTheDeadline) {
  const config::Config config = config_of(3, "partial: any\n");
  for (const bool streamed : {true, false}) {
    const Answer answer = read(
        config, {Script::streamed(one(up, 1)), Script::refused(), Script::hanging()}, streamed);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(shown(answer, streamed), "up{job=\"a\"} 1@5000\n");
    EXPECT_EQ(answer.partial, "b: connection refused, c: deadline 8s");
    EXPECT_EQ(answer.head_after, std::chrono::seconds(8));
    EXPECT_EQ(answer.trailer, "");
    EXPECT_EQ(answer.outcome.partial, answer.partial);
    EXPECT_EQ(answer.outcome.backends[0].state, State::complete);
    EXPECT_EQ(answer.outcome.backends[1].state, State::failed);
    EXPECT_TRUE(answer.outcome.backends[2].error->is(Errc::deadline));
  }
}

TEST(Policy, HealthyRefusingHangingByDefaultIs503NamingBoth) {
  const config::Config config = config_of(3);
  const Answer answer =
      read(config, {Script::streamed(one(up, 1)), Script::refused(), Script::hanging()}, true);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(answer.body, "b: connection refused, c: deadline 8s\n");
  EXPECT_EQ(answer.head_after, std::chrono::seconds(8));
  EXPECT_TRUE(answer.finished);
}

TEST(Policy, AnyWithNoBackendAtAllIsNoAnswer) {
  const config::Config config = config_of(2, "partial: any\n");
  const Answer answer = read(config, {Script::refused(), Script::http(500, "boom\nmore")}, true);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "a: connection refused, b: HTTP 500: boom\n");
}

TEST(Policy, AGroupBearsAsManyFailuresAsItHasSpare) {
  struct Row {
    const char* more;
    int status;
  };
  for (const Row& row : {Row{"groups: [{name: g, members: [a, b]}]\n", 200},
                         Row{"groups: [{name: g, members: [a, b], need: 2}]\n", 503},
                         Row{"groups: [{name: g, members: [a, b]}]\npartial: all\n", 503}}) {
    const config::Config config = config_of(2, row.more);
    const Answer answer = read(config, {Script::refused(), Script::streamed(one(up, 2))}, true);
    EXPECT_EQ(answer.status, row.status) << row.more;
    if (row.status == 200) {
      EXPECT_EQ(answer.partial, "a: connection refused");
    }
  }
}

TEST(Policy, WaitNeedIsContentWithTheFirstAnswers) {
  const config::Config config =
      config_of(3, "groups: [{name: g, members: [a, b, c], need: 1, wait: need}]\n");
  Script slow = Script::streamed(one(up, 1));
  slow.response_after = milliseconds(5000);
  const Answer answer = read(config, {slow, Script::streamed(one(up, 2)), Script::hanging()}, true);
  EXPECT_EQ(shown(answer, true), "up{job=\"a\"} 2@5000\n");
  EXPECT_EQ(answer.head_after, milliseconds(0));
  EXPECT_EQ(answer.partial, "");
  EXPECT_EQ(answer.outcome.backends[0].state, State::dropped);
  EXPECT_EQ(answer.outcome.backends[2].state, State::dropped);
  const Answer second = read(config, {Script::refused(), slow, Script::hanging()}, true);
  EXPECT_EQ(second.head_after, milliseconds(5000));
  EXPECT_EQ(second.partial, "a: connection refused");
  EXPECT_EQ(read(config, {Script::refused(), Script::refused(), Script::hanging()}, true).status,
            503);
}

TEST(Policy, WhatABackendWritesCannotBreakTheHeader) {
  const config::Config config = config_of(2, "partial: any\n");
  const Answer answer = read(config,
                             {Script::http(500,
                                           "a\x01"
                                           "b\xc3\xa9" +
                                               std::string(1000, 'x')),
                              Script::streamed("")},
                             true);
  EXPECT_EQ(answer.partial.find_first_not_of(
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 :?.,"),
            std::string::npos);
  EXPECT_LT(answer.partial.size(), 400u);
}

TEST(Policy, WrongContentTypesFail) {
  const config::Config config = config_of(1);
  Script html = Script::streamed("<html>");
  html.content_type = "text/html";
  EXPECT_EQ(read(config, {html}, true).body,
            "a: content type \"text/html\" is no remote-read answer\n");
  html.content_type = "application/x-streamed-protobuf; proto=other.Thing";
  EXPECT_EQ(read(config, {html}, true).status, 503);
  html.content_type = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
  html.content_encoding = "gzip";
  EXPECT_THAT(read(config, {html}, true).body, HasSubstr("gzip"));
}

// ---- a hung backend never costs a healthy one its data

struct Hang {
  const char* name;
  std::function<Script(std::string body)> script;
};

class HungBackend : public ::testing::TestWithParam<Hang> {};

TEST_P(HungBackend, CostsNobodyElseAnything) {
  for (const char* more : {"partial: any\n", "groups: [{name: g, members: [a, b]}]\n"}) {
    for (const bool streamed : {true, false}) {
      const config::Config config = config_of(2, more);
      const std::string healthy = many("h", 2000);  // Two pieces of a body, and then some.
      FanOutDriver driver(config, {Script::streamed(healthy), GetParam().script(many("x", 20))});
      driver.options.window_bytes = 4096;
      driver.options.read_ahead_bytes = 4096;
      const Answer answer = driver.run(request({"up"}, 0, last_ms, streamed));
      EXPECT_EQ(answer.status, 200);
      EXPECT_TRUE(answer.finished);
      EXPECT_EQ(answer.partial, "b: deadline 8s");
      EXPECT_EQ(shown(answer, streamed), show(read_streamed(healthy)));
      EXPECT_EQ(answer.head_after, std::chrono::seconds(8));
      EXPECT_EQ(answer.outcome.backends[0].state, State::complete);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, HungBackend,
                         ::testing::Values(Hang{"BeforeTheHead",
                                                [](std::string) { return Script::hanging(); }},
                                           Hang{"AfterTheHead",
                                                [](std::string body) {
                                                  Script script = Script::streamed(std::move(body));
                                                  script.hang_at = 0;
                                                  return script;
                                                }},
                                           Hang{"MidFrame",
                                                [](std::string body) {
                                                  Script script = Script::streamed(std::move(body));
                                                  script.hang_at = script.body.size() / 2 + 3;
                                                  return script;
                                                }},
                                           Hang{"BetweenFrames",
                                                [](std::string body) {
                                                  Script script = Script::streamed(std::move(body));
                                                  script.hang_at =
                                                      one("up{n=\"x000000\"}", 0).size();
                                                  return script;
                                                }},
                                           Hang{"BeforeTheEnd",
                                                [](std::string body) {
                                                  Script script = Script::streamed(std::move(body));
                                                  script.hang_at = script.body.size();
                                                  return script;
                                                }},
                                           Hang{"DrippingAByteASecond",
                                                [](std::string body) {
                                                  Script script = Script::streamed(std::move(body));
                                                  script.piece_bytes = 1;
                                                  script.between = milliseconds(1000);
                                                  return script;
                                                }}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Deadline, CountsOnlyTheTimeInWhichTheBackendIsWaitedFor) {
  // b needs 6 s of its 8 s for its head. a is quick; its body is left in the socket meanwhile, and
  // then the client takes its time. Neither is charged to a or b.
  const config::Config config = config_of(2);
  Script slow = Script::streamed(many("b", 500));
  slow.response_after = milliseconds(6000);
  FanOutDriver driver(config, {Script::streamed(many("a", 5000)), slow});
  driver.options.window_bytes = 2000;
  driver.options.read_ahead_bytes = 2000;
  driver.options.batch_bytes = 10'000;
  driver.client_takes(milliseconds(3000));
  const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.outcome.partial, "");
  EXPECT_GT(answer.took, std::chrono::seconds(30));
  EXPECT_EQ(read_streamed(answer.body).size(), 5500u);
}

TEST(Deadline, IsSpentOverSeveralWaits) {
  const config::Config config = config_of(1);
  Script script = Script::streamed(many("a", 100));
  script.piece_bytes = 500;
  script.between = milliseconds(3000);
  const Answer answer = read(config, {script}, true);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.took, std::chrono::seconds(8));
}

// ---- failures after the head

Script breaking(std::string body) {
  Script script = Script::streamed(std::move(body));
  script.break_at = script.body.size() * 3 / 4;
  script.piece_bytes = 1000;
  return script;
}

FanOutDriver small_windows(const config::Config& config, std::vector<Script> scripts) {
  FanOutDriver driver(config, std::move(scripts));
  driver.options.window_bytes = 1000;
  driver.options.read_ahead_bytes = 1000;
  driver.options.batch_bytes = 1000;
  return driver;
}

TEST(MidStream, FailureOfALoneBackendAborts) {
  for (const char* more : {"", "partial: any\n", "partial: all\n"}) {
    const config::Config config = config_of(2, more);
    auto driver =
        small_windows(config, {Script::streamed(many("a", 500)), breaking(many("a", 500))});
    const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.finished);
    ASSERT_TRUE(answer.aborted);
    EXPECT_EQ(answer.aborted->context, "b: connection closed in mid-body");
    EXPECT_EQ(answer.outcome.partial, "b: connection closed in mid-body");
  }
}

TEST(MidStream, FailureInAGroupThatHasOthersIsBorneAndTold) {
  const config::Config config = config_of(2, "groups: [{name: g, members: [a, b]}]\n");
  const std::string body = many("a", 500);
  auto driver = small_windows(config, {breaking(body), Script::streamed(body)});
  const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.partial, "");
  EXPECT_EQ(answer.trailer, "a: connection closed in mid-body");
  EXPECT_EQ(answer.body, body);
}

TEST(MidStream, SamplesAreHeldSoAFailureIsStillAnError) {
  const std::vector<Script> scripts{Script::streamed(many("a", 500)), breaking(many("b", 500))};
  const config::Config strict = config_of(2);
  const Answer refused = small_windows(strict, scripts).run(request({"up"}, 0, last_ms, false));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.body, "b: connection closed in mid-body\n");
  const config::Config any = config_of(2, "partial: any\n");
  const Answer partial = small_windows(any, scripts).run(request({"up"}, 0, last_ms, false));
  EXPECT_EQ(partial.status, 200);
  EXPECT_EQ(partial.partial, "b: connection closed in mid-body");
  const auto series = read_samples(partial.body).at(0);
  EXPECT_GT(series.size(), 800u);
  EXPECT_LT(series.size(), 1000u);
}

TEST(MidStream, ASeriesThatWasCutOffIsLeftOut) {
  const std::string body = many("a", 50) + one("up{n=\"b\"}", 1) +
                           frame("up{n=\"b\"}", samples(6000, 1000, {2})) + one("up{n=\"c\"}", 3);
  const std::string cut = many("a", 50) + one("up{n=\"b\"}", 1);
  Script script = Script::streamed(body);
  script.break_at = cut.size();
  const config::Config config = config_of(2, "partial: any\n");
  const Answer answer =
      small_windows(config, {script, Script::streamed("")}).run(request({"up"}, 0, last_ms, false));
  EXPECT_EQ(answer.partial, "a: connection closed in mid-body");
  EXPECT_EQ(read_samples(answer.body).at(0).size(), 50u);
}

TEST(MidStream, AChunkThatDoesNotDecodeIsItsBackendsFailure) {
  RawChunk bad = xor_chunk(samples(5000, 1000, {1, 2, 3}));
  bad.data = bad.data.substr(0, bad.data.size() - 3);
  const std::string good = frame(up, samples(5500, 1000, {1, 2, 3}));
  for (const bool streamed : {true, false}) {
    const config::Config any = config_of(3, "partial: any\n");
    const std::vector<Script> scripts{Script::streamed(frame_with(labels(up), {bad})),
                                      Script::streamed(good),
                                      Script::streamed(frame_with(labels(up), {bad}))};
    const Answer answer = read(any, scripts, streamed);
    EXPECT_EQ(shown(answer, streamed), show(read_streamed(good)));
    EXPECT_THAT(answer.partial, HasSubstr("a: "));
    EXPECT_THAT(answer.partial, HasSubstr(", c: "));
    const config::Config strict = config_of(3);
    EXPECT_EQ(read(strict, scripts, streamed).status, 503);
  }
}

// ---- limits

struct Limit {
  const char* name;
  const char* more;
  const char* setting;
};

class LimitTest : public ::testing::TestWithParam<Limit> {};

TEST_P(LimitTest, IsACleanErrorThatNamesItsSetting) {
  for (const bool streamed : {true, false}) {
    const config::Config config = config_of(2, GetParam().more);
    const std::string body =
        many("a", 100) + frame(up, samples(5000, 1000, std::vector<double>(100, 1)));
    const Answer answer =
        read(config, {Script::streamed(body), Script::streamed(many("b", 100))}, streamed);
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr(GetParam().setting));
    EXPECT_TRUE(answer.finished);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, LimitTest,
                         ::testing::Values(Limit{"Series", "limits: {series: 150}\n",
                                                 "more than 150 series (limits.series)"},
                                           Limit{"Samples", "limits: {samples: 250}\n",
                                                 "more than 250 samples (limits.samples)"},
                                           Limit{"Bytes", "limits: {bytes_in_flight: 5KiB}\n",
                                                 "(limits.bytes_in_flight)"},
                                           Limit{"Range", "limits: {query_range: 1h}\n",
                                                 "samples of more than 1h (limits.query_range)"}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Limits, OneAnswerAloneMayHaveTooManySeries) {
  // As SAMPLES, whose size is known only when it is there; the other backend would have borne a
  // failure.
  std::vector<SamplesSeries> listed;
  for (int i = 100; i < 300; ++i) {
    listed.push_back(
        {labels("up{n=\"" + std::to_string(i) + "\"}"), samples(5000, 1, {double(i)}), ""});
  }
  const std::string body = samples_body(listed);
  const config::Config config = config_of(2, "partial: any\nlimits: {series: 150}\n");
  const Answer answer =
      read(config, {Script::samples_form(body), Script::streamed(many("b", 1))}, true);
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("(limits.series)"));
  EXPECT_EQ(answer.outcome.backends[1].state == BackendOutcome::State::failed, false);
}

// The head has told that a failed; b's failure is made good by c.
TEST(MidStream, AnotherGroupThatFailedBeforeTheHeadIsNoReasonToAbort) {
  const config::Config config =
      config_of(3, "partial: any\ngroups: [{name: g, members: [b, c]}]\n");
  const std::string body = many("a", 500);
  const Answer answer =
      small_windows(config, {Script::refused(), breaking(body), Script::streamed(body)})
          .run(request({"up"}, 0, last_ms, true));
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.partial, "a: connection refused");
  EXPECT_EQ(answer.trailer, "a: connection refused, b: connection closed in mid-body");
  EXPECT_EQ(answer.body, body);
}

TEST(Limits, AfterTheHeadTheyAbort) {
  const config::Config config = config_of(1, "limits: {series: 300}\n");
  const Answer answer = small_windows(config, {Script::streamed(many("a", 500))})
                            .run(request({"up"}, 0, last_ms, true));
  EXPECT_EQ(answer.status, 200);
  ASSERT_TRUE(answer.aborted);
  EXPECT_THAT(answer.aborted->context, HasSubstr("limits.series"));
}

// As a query node asks for /api/v1/series without a range.
TEST(Limits, AListingOfLabelsMayDeclareAllOfTime) {
  auto ask = request({"up"}, -9'223'309'901'257'974'000, 9'223'309'901'257'974'000, true);
  const config::Config config = config_of(1, "limits: {query_range: 1h}\n");
  const Script script = Script::samples_form(samples_body({{labels(up), {}, ""}}));
  EXPECT_EQ(FanOutDriver(config, {script}).run(ask).status, 400);
  ask.queries[0].hints.emplace().func = "series";
  const Answer answer = FanOutDriver(config, {script}).run(ask);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.outcome.series_out, 1U);
}

TEST(Limits, ZeroMeansNone) {
  const config::Config config =
      config_of(1, "limits: {series: 0, samples: 0, bytes_in_flight: 0, query_range: 0s}\n");
  EXPECT_TRUE(read(config, {Script::streamed(many("a", 10))}, true).finished);
  EXPECT_TRUE(read(config, {Script::samples_form(samples_body({}))}, false).finished);
}

TEST(Limits, AReadThatMustMakeWayFailsCleanlyBeforeTheHead) {
  const config::Config config = config_of(2, "partial: any\n");
  FanOutDriver driver(config, {Script::streamed(many("a", 100)), Script::hanging()});
  driver.give_up(milliseconds(100), "no room");
  const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "no room\n");
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.took, milliseconds(100));
}

TEST(Limits, AReadThatMustMakeWayIsAbortedAfterTheHead) {
  const config::Config config = config_of(1, "partial: any\n");
  auto driver = small_windows(config, {Script::streamed(many("a", 500))});
  driver.client_takes(milliseconds(80));
  driver.give_up(milliseconds(100), "no room");
  const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
  EXPECT_EQ(answer.status, 200);
  ASSERT_TRUE(answer.aborted);
  EXPECT_EQ(answer.aborted->context, "no room");
}

TEST(Limits, ABackendIsNotReadFurtherThanItsWindow) {
  // b's head takes a second; a must not have been read beyond window and read-ahead by then.
  const config::Config config = config_of(2);
  Script a = Script::streamed(many("a", 10'000));
  a.piece_bytes = 1000;
  Script b = Script::hanging();
  FanOutDriver driver(config, {a, b});
  driver.options.window_bytes = 10'000;
  driver.options.read_ahead_bytes = 5'000;
  const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
  EXPECT_EQ(answer.status, 503);
  EXPECT_LE(answer.outcome.backends[0].bytes, 17'000u);
  EXPECT_GE(answer.outcome.backends[0].bytes, 10'000u);
}

}  // namespace
}  // namespace mread::merger
