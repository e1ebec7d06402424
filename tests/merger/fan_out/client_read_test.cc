// Series that a client refuses are left out of its answer, and nothing else is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"
#include "wire/samples/histogram_proto.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests

constexpr int64_t last_ms = 1'000'000;
const char* const good = "up{job=\"good\"}";
const char* const dotted = "{\"__name__\"=\"up\",\"http.method\"=\"GET\"}";
const char* const dotted_text = "1 series that Prometheus 2.42 refuses: a label's name";

Samples some(double value) { return samples(1000, 1000, {value, value, value}); }

Script streamed_of(const std::vector<std::string>& series) {
  std::string body;
  for (const std::string& each : series) body += frame(each, some(1));
  return Script::streamed(body);
}

Script samples_of(const std::vector<std::string>& series) {
  std::vector<SamplesSeries> listed;
  for (const std::string& each : series) listed.push_back({labels(each), some(1), ""});
  return Script::samples_form(samples_body(listed));
}

Answer read(const std::vector<Script>& scripts, bool streamed, ClientClass client,
            const char* more = "", int64_t until_ms = last_ms) {
  const config::Config config = config_of(scripts.size(), more);
  FanOutDriver driver(config, scripts);
  driver.options.client = client;
  return driver.run(request({"up"}, 0, until_ms, streamed));
}

std::string shown(const Answer& answer, bool streamed) {
  return show(streamed ? read_streamed(answer.body) : read_samples(answer.body).at(0));
}

TEST(ClientRead, LeavesOutWhatTheClientRefusesAndSaysSo) {
  for (const bool streamed : {true, false}) {
    for (const bool from_streamed : {true, false}) {
      SCOPED_TRACE(::testing::Message() << streamed << from_streamed);
      const auto of = from_streamed ? streamed_of : samples_of;
      const Answer answer = read({of({good}), of({dotted})}, streamed, ClientClass::v2_42);
      ASSERT_EQ(answer.status, 200);
      EXPECT_TRUE(answer.finished);
      EXPECT_EQ(shown(answer, streamed), show(read_streamed(frame(good, some(1)))));
      EXPECT_EQ(answer.outcome.series_out, 1U);
      EXPECT_EQ(answer.outcome.partial, dotted_text);
      EXPECT_EQ(answer.outcome.client, ClientClass::v2_42);
      EXPECT_EQ(answer.outcome.left_out, (LeftOut{0, 1, 0, 0}));
      EXPECT_EQ(answer.partial + answer.trailer, dotted_text);
    }
  }
}

TEST(ClientRead, OtherClientsGetEverything) {
  for (const bool streamed : {true, false}) {
    const Answer answer =
        read({streamed_of({good}), streamed_of({dotted})}, streamed, ClientClass::v3_5);
    EXPECT_EQ(answer.outcome.series_out, 2U);
    EXPECT_EQ(answer.outcome.partial, "");
  }
}

// A body that could be passed on as it came, with and without what the client refuses.
// Only samples of times like today's are passed on unread.
TEST(ClientRead, TheOnlySampledAnswerIsPassedOnWhereTheClientTakesIt) {
  constexpr int64_t begin_ms = 1'760'000'000'000;
  const auto body_of = [](const char* first, const char* second) {
    const Samples some_samples = samples(begin_ms, 1000, {1, 0, 2.5});
    return samples_body({{labels(first), some_samples, ""}, {labels(second), some_samples, ""}});
  };
  const auto read_body = [](const std::string& body) {
    const config::Config config = config_of(1);
    FanOutDriver driver(config, {Script::samples_form(body)});
    driver.options.client = ClientClass::v2_42;
    return driver.run(request({"up"}, begin_ms, begin_ms + last_ms, false));
  };
  const std::string plain = body_of("up{job=\"a\"}", good);
  EXPECT_EQ(read_body(plain).body, plain);
  const Answer answer = read_body(body_of(dotted, good));
  EXPECT_EQ(read_samples(answer.body).at(0).size(), 1U);
  EXPECT_EQ(answer.outcome.partial, dotted_text);
}

// Two backends have it, in several ways: it is one series.
TEST(ClientRead, ASeriesOfSeveralBackendsIsLeftOutOnce) {
  for (const bool streamed : {true, false}) {
    const Answer answer =
        read({streamed_of({good, dotted}), samples_of({dotted}), streamed_of({dotted})}, streamed,
             ClientClass::v2_42);
    EXPECT_EQ(answer.outcome.left_out, (LeftOut{0, 1, 0, 0}));
  }
}

// A SAMPLES answer is without series that have no sample in the range.
TEST(ClientRead, WhatWouldNotBeInTheAnswerIsNotLeftOut) {
  const std::string body = frame(good, some(1)) + frame(dotted, samples(500'000, 1000, {1, 1}));
  const Answer answer = read({Script::streamed(body)}, false, ClientClass::v2_42, "", 10'000);
  EXPECT_EQ(answer.outcome.series_out, 1U);
  EXPECT_EQ(answer.outcome.partial, "");
}

TEST(ClientRead, WhereNothingElseIsLeftItIsAnError) {
  for (const bool streamed : {true, false}) {
    const Answer answer =
        read({streamed_of({dotted}), streamed_of({})}, streamed, ClientClass::v2_42);
    EXPECT_EQ(answer.status, 406);
    EXPECT_TRUE(answer.finished);
    EXPECT_EQ(answer.body, std::string(dotted_text) + "\n");
    EXPECT_EQ(read({streamed_of({})}, streamed, ClientClass::v2_42).status, 200);
  }
}

// The series that is left out does not count for limits.series, and a backend that fails is named
// as well.
TEST(ClientRead, StandsNextToFailuresAndLimits) {
  const Answer answer = read({streamed_of({good, dotted}), Script::refused()}, false,
                             ClientClass::v2_42, "partial: any\nlimits: {series: 1}\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.partial, std::string("b: connection refused, ") + dotted_text);
}

model::HistogramSample histogram(int64_t timestamp_ms, bool is_float) {
  model::HistogramSample sample;
  sample.timestamp_ms = timestamp_ms;
  sample.histogram.count = 3;
  sample.histogram.sum = 6;
  sample.histogram.positive_spans = {{0, 1}};
  sample.histogram.positive_deltas = {3};
  if (is_float) sample.histogram = sample.histogram.to_float();
  return sample;
}

Script with_histograms(bool is_float, bool samples_form) {
  const char* const series = "up{job=\"h\"}";
  const std::vector<model::HistogramSample> list{histogram(1000, is_float),
                                                 histogram(2000, is_float)};
  if (!samples_form)
    return Script::streamed(frame(good, some(1)) +
                            frame_with(labels(series), {histogram_chunk(list)}));
  std::string entries;
  for (const auto& each : list) wire::append_histogram_entry(entries, each);
  return Script::samples_form(
      samples_body({{labels(good), some(1), ""}, {labels(series), {}, entries}}));
}

TEST(ClientRead, FloatHistogramsAreLeftOutOfSamplesForTheGenerationThatFailsOnThem) {
  for (const bool samples_form : {true, false}) {
    for (const auto client : client_classes) {
      SCOPED_TRACE(::testing::Message() << samples_form << to_string(client));
      const Answer floats = read({with_histograms(true, samples_form)}, false, client);
      EXPECT_EQ(floats.status, 200);
      const bool left_out = client == ClientClass::v2_53;
      EXPECT_EQ(floats.outcome.series_out, left_out ? 1U : 2U);
      EXPECT_EQ(floats.partial,
                left_out ? "1 series that Prometheus 2.53 refuses: float histograms" : "");
      EXPECT_EQ(read({with_histograms(false, samples_form)}, false, client).outcome.series_out, 2U)
          << "of integers";
      EXPECT_EQ(read({with_histograms(true, samples_form)}, true, client).outcome.series_out, 2U)
          << "streamed";
    }
  }
}

}  // namespace
}  // namespace mread::merger
