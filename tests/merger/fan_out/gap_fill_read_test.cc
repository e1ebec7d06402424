// `dedup: gapfill` in whole answers: chunks and SAMPLES, in and out.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"
#include "wire/samples/histogram_proto.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests

constexpr int64_t last_ms = 10'000'000;
const std::string up = "up{job=\"a\"}";
const std::string pair = "groups: [{name: g, members: [a, b]}]\nmerge: {dedup: gapfill}\n";

Answer read(const config::Config& config, std::vector<Script> scripts, bool streamed) {
  return FanOutDriver(config, std::move(scripts)).run(request({"up"}, 0, last_ms, streamed));
}

std::string shown(const Answer& answer, bool streamed) {
  if (answer.status != 200 || answer.aborted)
    return "status " + std::to_string(answer.status) + ": " + answer.body;
  return streamed ? show(read_streamed(answer.body)) : show(read_samples(answer.body).at(0));
}

Samples scrapes(int64_t first_ms, int count) {
  Samples out;
  for (int i = 0; i < count; ++i) {
    const int64_t t = first_ms + 15'000 * i;
    out.push_back(model::Sample::of(t, static_cast<double>(t / 1000)));
  }
  return out;
}

std::string of(const Samples& list, const std::string& name = up) {
  return show({{model::parse_series(name).value(), list, {}}});
}

TEST(GapFillRead, ReplicasAtAnOffsetCountOnceInEveryKindOfAnswer) {
  const config::Config config = config_of(2, pair);
  Samples a = scrapes(0, 40);
  const Samples b = scrapes(7000, 40);
  a.erase(a.begin() + 10);  // 150 s
  Samples want = a;
  want.insert(want.begin() + 10, model::Sample::of(157'000, 157));
  for (const bool streamed : {true, false}) {
    for (const int kinds : {0, 1, 2, 3}) {
      const Script first = (kinds & 1) != 0 ? Script::samples_form(samples_body(up, a))
                                            : Script::streamed(frame(up, a));
      const Script second = (kinds & 2) != 0 ? Script::samples_form(samples_body(up, b))
                                             : Script::streamed(frame(up, b));
      const Answer answer = read(config, {first, second}, streamed);
      EXPECT_EQ(shown(answer, streamed), of(want));
      EXPECT_EQ(answer.outcome.samples_out, 40u);
    }
  }
}

TEST(GapFillRead, BackendsOfDifferentGroupsAreUnited) {
  const config::Config config = config_of(3, pair);
  Samples want = scrapes(0, 10);
  for (const auto& sample : scrapes(3000, 10)) want.push_back(sample);
  std::sort(want.begin(), want.end(),
            [](auto& x, auto& y) { return x.timestamp_ms < y.timestamp_ms; });
  for (const bool streamed : {true, false}) {
    const Answer answer = read(config,
                               {Script::streamed(frame(up, scrapes(0, 10))),
                                Script::streamed(frame(up, scrapes(7000, 10))),
                                Script::streamed(frame(up, scrapes(3000, 10)))},
                               streamed);
    EXPECT_EQ(shown(answer, streamed), of(want));
  }
}

TEST(GapFillRead, ReplicasOfOneBackendAreToldApartByTheirLabels) {
  const config::Config config =
      config_of(1, "merge: {dedup: gapfill, replica_labels: [replica]}\n");
  Samples r1 = scrapes(0, 20);
  r1.erase(r1.begin() + 10);
  Samples want = r1;
  want.insert(want.begin() + 10, model::Sample::of(157'000, 157));
  const std::string one = "up{job=\"a\",replica=\"r1\"}";
  const std::string two = "up{job=\"a\",replica=\"r2\"}";
  for (const bool streamed : {true, false}) {
    const Script chunks = Script::streamed(frame(two, scrapes(7000, 20)) + frame(one, r1));
    EXPECT_EQ(shown(read(config, {chunks}, streamed), streamed), of(want));
    const Script samples_form = Script::samples_form(
        samples_body({{labels(two), scrapes(7000, 20), ""}, {labels(one), r1, ""}}));
    EXPECT_EQ(shown(read(config, {samples_form}, streamed), streamed), of(want));
  }
}

TEST(GapFillRead, IdenticalReplicasArePassedOn) {
  const config::Config config = config_of(2, pair);
  const std::string body = frame(up, scrapes(0, 40));
  const Answer answer = read(config, {Script::streamed(body), Script::streamed(body)}, true);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.outcome.frames_passed_on, 1u);
}

TEST(GapFillRead, ChunksOfTheOneReplicaThatHasThemAllAreNotDecoded) {
  // A chunk that does not decode shows that nobody looks: it is in both, so it is no difference.
  const config::Config config = config_of(2, pair);
  RawChunk opaque = xor_chunk(scrapes(1'000'000, 20));
  opaque.data.resize(opaque.data.size() - 3);
  const RawChunk first = xor_chunk(scrapes(0, 20));
  const RawChunk last = xor_chunk(scrapes(2'000'000, 20));
  const std::string less = frame_with(labels(up), {first, opaque});
  const std::string all = frame_with(labels(up), {first, opaque, last});
  for (const auto& bodies : {std::pair(less, all), std::pair(all, less)}) {
    const Answer answer =
        read(config, {Script::streamed(bodies.first), Script::streamed(bodies.second)}, true);
    EXPECT_EQ(answer.body, all);
    EXPECT_EQ(answer.partial, "");
  }
}

TEST(GapFillRead, ASwitchInTheMiddleOfChunksShowsNoReset) {
  // a ends at 30 s with 20; b is behind at 38 s.
  const config::Config config = config_of(2, pair);
  const Samples a{model::Sample::of(0, 0), model::Sample::of(15'000, 10),
                  model::Sample::of(30'000, 20)};
  const Samples b{model::Sample::of(38'000, 19), model::Sample::of(53'000, 35),
                  model::Sample::of(68'000, 45)};
  for (const bool streamed : {true, false}) {
    const Answer answer =
        read(config, {Script::streamed(frame(up, a)), Script::streamed(frame(up, b))}, streamed);
    EXPECT_EQ(shown(answer, streamed), of({a[0], a[1], a[2], b[1], b[2]}));
  }
}

TEST(GapFillRead, HistogramsAreFilledAndTheirHintsForgetTheOtherReplica) {
  const auto histogram = [](int64_t t_ms, uint64_t count) {
    model::HistogramSample sample;
    sample.timestamp_ms = t_ms;
    sample.histogram.count = count;
    sample.histogram.sum = static_cast<double>(count);
    sample.histogram.counter_reset_hint = model::CounterResetHint::no;
    sample.histogram.positive_spans = {{0, 1}};
    sample.histogram.positive_deltas = {static_cast<int64_t>(count)};
    return sample;
  };
  std::vector<model::HistogramSample> a;
  std::vector<model::HistogramSample> b;
  for (int i = 0; i < 12; ++i) {
    if (i != 6) a.push_back(histogram(15'000 * i, static_cast<uint64_t>(10 * i)));
    b.push_back(histogram(15'000 * i + 7000, static_cast<uint64_t>(10 * i + 4)));
  }
  const config::Config config = config_of(2, pair);
  const auto body = [](const std::vector<model::HistogramSample>& list) {
    std::string entries;
    for (const auto& sample : list) wire::append_histogram_entry(entries, sample);
    return samples_body({{labels(up), {}, entries}});
  };
  for (const bool streamed : {true, false}) {
    for (const bool samples_form : {true, false}) {
      const Answer answer =
          samples_form
              ? read(config, {Script::samples_form(body(a)), Script::samples_form(body(b))},
                     streamed)
              : read(config,
                     {Script::streamed(frame_with(labels(up), {histogram_chunk(a)})),
                      Script::streamed(frame_with(labels(up), {histogram_chunk(b)}))},
                     streamed);
      ASSERT_EQ(answer.status, 200) << answer.body;
      const auto series = streamed ? read_streamed(answer.body) : read_samples(answer.body).at(0);
      ASSERT_EQ(series.size(), 1u);
      const auto& got = series[0].histograms;
      ASSERT_EQ(got.size(), 12u);
      EXPECT_EQ(got[6].timestamp_ms, 97'000);
      EXPECT_EQ(got[6].histogram.count, 64u);
      for (size_t i = 1; i < got.size(); ++i) {
        EXPECT_NE(got[i].histogram.counter_reset_hint, model::CounterResetHint::yes) << i;
        EXPECT_LE(got[i - 1].histogram.count, got[i].histogram.count);
      }
    }
  }
}

TEST(GapFillReadProperty, TheSameBytesInAnyOrderOfArrivalAndOfAnyKindOfBackend) {
  EXPECT_TRUE(rc::check([] {
    const size_t backends = *rc::gen::inRange<size_t>(1, 4);
    std::vector<Script> chunked;
    std::vector<Script> samples_form;
    for (size_t i = 0; i < backends; ++i) {
      Samples list;
      const int64_t offset = *rc::gen::inRange<int64_t>(0, 15'000);
      for (int scrape = 0; scrape < 60; ++scrape) {
        if (*rc::gen::inRange(0, 5) > 0)
          list.push_back(model::Sample::of(offset + 15'000 * scrape, scrape));
      }
      if (list.empty()) list.push_back(model::Sample::of(offset, 0));
      const auto cut = list.begin() + static_cast<ptrdiff_t>(list.size() / 2);
      std::vector<RawChunk> chunks{xor_chunk({cut, list.end()})};
      if (cut != list.begin()) chunks.insert(chunks.begin(), xor_chunk({list.begin(), cut}));
      chunked.push_back(Script::streamed(frame_with(labels(up), chunks)));
      samples_form.push_back(Script::samples_form(samples_body(up, list)));
    }
    std::string members;
    for (size_t i = 0; i < backends; ++i)
      members += (i == 0 ? "" : ", ") + std::string(1, static_cast<char>('a' + i));
    const config::Config config = config_of(
        backends, "groups: [{name: g, members: [" + members + "]}]\nmerge: {dedup: gapfill}\n");
    const bool streamed = *rc::gen::arbitrary<bool>();
    const std::string want = shown(read(config, samples_form, streamed), streamed);
    std::optional<std::string> first;
    for (uint32_t seed = 1; seed <= 4; ++seed) {
      FanOutDriver driver(config, chunked);
      driver.shuffle(seed);
      const Answer answer = driver.run(request({"up"}, 0, last_ms, streamed));
      RC_ASSERT(shown(answer, streamed) == want);
      if (!first) first = answer.body;
      RC_ASSERT(answer.body == *first);
    }
  }));
}

}  // namespace
}  // namespace mread::merger
