// The traps of docs/internals/traps.md at the level of the merge: whole answers in, a whole answer
// out. Each test carries its trap's number; 9 to 11 are in broken_answers_test.cc. What the traps
// say of bytes alone (snappy, frames, chunks) is tested in tests/wire too.

#include <algorithm>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merger/fan_out/trap_reads.h"
#include "wire/chunk/histogram_chunk.h"
#include "wire/samples/histogram_proto.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Trap01, ConflictsAtOneTimestampAreStableAndCounted) {
  std::vector<double> values{1, 2, 3};
  const config::Config config = config_of(3);
  std::vector<Script> scripts;
  for (const double value : values)
    scripts.push_back(Script::streamed(frame(up, one(5000, value))));
  std::vector<size_t> order{0, 1, 2};
  do {
    for (size_t i = 0; i < 3; ++i) scripts[order[i]].response_after = milliseconds(10 * i);
    const Answer answer = read(config, scripts, true);
    EXPECT_EQ(shown(answer, true), "up{job=\"a\"} 1@5000\n");
    EXPECT_EQ(answer.outcome.conflicts, 2u);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Trap01, AConflictInAHugeSeriesIsToldInAShortLine) {
  const std::string huge = "up{job=\"" + std::string(100'000, 'x') + "\"}";
  const Answer answer = read(
      config_of(2),
      {Script::streamed(frame(huge, one(5000, 1))), Script::streamed(frame(huge, one(5000, 2)))},
      true);
  ASSERT_EQ(answer.outcome.conflicting.size(), 1u);
  EXPECT_LT(answer.outcome.conflicting[0].series.size(), 1'200u);
  EXPECT_THAT(answer.outcome.conflicting[0].series, StartsWith("up{job=\"xxx"));
}

TEST(Trap02, StaleAgainstAValueAndStaleBeforeAnothersValue) {
  const Samples stale = bits(5000, model::stale_nan_bits);
  expect_merged({frame(up, stale), frame(up, one(5000, 5))},
                {samples_body(up, stale), samples_body(up, one(5000, 5))},
                "up{job=\"a\"} stale@5000\n", 1);
  expect_merged({frame(up, stale), frame(up, one(5000, 5))},
                {samples_body(up, stale), samples_body(up, one(5000, 5))}, "up{job=\"a\"} 5@5000\n",
                1, "merge: {on_conflict: live}\n");
  expect_merged({frame(up, stale), frame(up, one(10000, 5))},
                {samples_body(up, stale), samples_body(up, one(10000, 5))},
                "up{job=\"a\"} stale@5000 5@10000\n");
}

TEST(Trap03, BothNaNsAreKeptBitForBit) {
  const Samples both{{5000, model::normal_nan_bits}, {6000, model::stale_nan_bits}};
  const Samples other{{5500, 0x7ff8000000000abc}};
  for (const bool streamed : {true, false}) {
    const config::Config config = config_of(2);
    const Answer answer = read(
        config, {Script::streamed(frame(up, both)), Script::streamed(frame(up, other))}, streamed);
    const auto series = streamed ? read_streamed(answer.body) : read_samples(answer.body).at(0);
    ASSERT_EQ(series.size(), 1u);
    EXPECT_EQ(series[0].samples, (Samples{both[0], other[0], both[1]}));
    EXPECT_EQ(answer.outcome.conflicts, 0u);
  }
}

TEST(Trap04, ExternalLabelsThatUnsortAStreamAreRepairedInTheWindow) {
  const std::string plain = "up{instance=\"x\", job=\"a\", region=\"eu\"}";
  const std::string with_pod = "up{instance=\"x\", job=\"a\", pod=\"p\", region=\"eu\"}";
  // Sorted before `region` was added.
  const std::string body = frame(plain, one(5000, 1)) + frame(with_pod, one(5000, 2));
  const config::Config config = config_of(2);
  const Answer answer =
      read(config, {Script::streamed(body), Script::streamed(frame(plain, one(6000, 3)))}, true);
  EXPECT_EQ(show(read_streamed(answer.body)), with_pod + " 2@5000\n" + plain + " 1@5000 3@6000\n");
  EXPECT_TRUE(answer.outcome.backends[0].unsorted);
  EXPECT_FALSE(answer.outcome.backends[1].unsorted);
}

std::string numbered(int number) {
  std::string digits = std::to_string(number);
  return "up{n=\"" + std::string(6 - digits.size(), '0') + digits + "\"}";
}

TEST(Trap04, UnsortedBeyondTheWindowIsAnErrorAndIsRepairedWhenItIsKnown) {
  std::string body;
  std::string want;
  for (int i = 1; i <= 200; ++i) body += frame(numbered(i), one(5000, i));
  body += frame(numbered(0), one(5000, 0));
  for (int i = 0; i <= 200; ++i) want += numbered(i) + " " + std::to_string(i) + "@5000\n";
  const config::Config config = config_of(1);
  FanOutDriver driver(config, {Script::streamed(body)});
  driver.options.window_bytes = 1000;
  driver.options.read_ahead_bytes = 0;
  const Answer refused = driver.run(request({"up"}, first_ms, last_ms, true));
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("a: frame 200: series out of order: " + numbered(0)));
  EXPECT_TRUE(refused.outcome.backends[0].unsorted);

  driver.options.known_unsorted = {true};
  const Answer repaired = driver.run(request({"up"}, first_ms, last_ms, true));
  EXPECT_EQ(show(read_streamed(repaired.body)), want);
}

TEST(Trap04, UnsortedAfterTheHeadAborts) {
  std::string body;
  for (int i = 1; i <= 200; ++i) body += frame(numbered(i), one(5000, i));
  body += frame(numbered(0), one(5000, 0));
  Script script = Script::streamed(body);
  script.piece_bytes = 500;
  const config::Config config = config_of(1);
  FanOutDriver driver(config, {script});
  driver.options.window_bytes = 1000;
  driver.options.read_ahead_bytes = 0;
  const Answer answer = driver.run(request({"up"}, first_ms, last_ms, true));
  EXPECT_EQ(answer.status, 200);
  ASSERT_TRUE(answer.aborted);
  EXPECT_TRUE(answer.aborted->is(Errc::unsorted));
  EXPECT_THAT(answer.aborted->context, StartsWith("a: "));
}

TEST(Trap04, RepairLimitHolds) {
  std::string body;
  for (int i = 200; i > 0; --i) body += frame(numbered(i), one(5000, i));
  const config::Config config = config_of(1, "merge: {repair_limit: 1000B}\n");
  FanOutDriver driver(config, {Script::streamed(body)});
  driver.options.known_unsorted = {true};
  const Answer answer = driver.run(request({"up"}, first_ms, last_ms, true));
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("merge.repair_limit"));
}

TEST(Trap05, DuplicateLabelNamesFailThatBackendAlone) {
  const std::string twice = raw_labels({{"__name__", "up"}, {"job", "a"}, {"job", "b"}});
  for (const bool samples_form : {false, true}) {
    const config::Config config = config_of(2, "partial: any\n");
    const Script bad = samples_form
                           ? Script::samples_form(samples_body({{twice, one(5000, 1), ""}}))
                           : Script::streamed(frame_with(twice, {xor_chunk(one(5000, 1))}));
    const Answer answer = read(config, {bad, Script::streamed(frame(up, one(5000, 2)))}, true);
    EXPECT_EQ(shown(answer, true), "up{job=\"a\"} 2@5000\n");
    EXPECT_THAT(answer.partial, StartsWith("a: "));
  }
}

TEST(Trap05, EmptyValuesAndUnsortedLabelsAreOneSeriesWithTheirTwin) {
  const std::string odd = raw_labels({{"job", "a"}, {"zone", ""}, {"__name__", "up"}});
  expect_merged({frame_with(odd, {xor_chunk(one(5000, 1))}), frame(up, one(6000, 2))},
                {samples_body({{odd, one(5000, 1), ""}}), samples_body(up, one(6000, 2))},
                "up{job=\"a\"} 1@5000 2@6000\n");
  expect_merged({frame_with(odd, {xor_chunk(one(5000, 1))})},
                {samples_body({{odd, one(5000, 1), ""}})}, "up{job=\"a\"} 1@5000\n");
}

TEST(Trap05, Utf8NamesAreOrdinary) {
  const std::string dotted = "{\"http.requests\", \"http.status\"=\"200\"}";
  expect_merged({frame(dotted, one(5000, 1)), frame(dotted, one(6000, 2))}, {},
                dotted + " 1@5000 2@6000\n");
}

TEST(Trap06, ASeriesOverManyFramesComesAsOne) {
  std::string body;
  std::string want = "up{job=\"a\"}";
  for (int i = 0; i < 30; ++i) {
    body += frame(up, samples(5000 + i * 2000, 1000, {1.0 * i, 2.0 * i}));
    want += " " + std::to_string(i) + "@" + std::to_string(5000 + i * 2000);
    want += " " + std::to_string(2 * i) + "@" + std::to_string(6000 + i * 2000);
  }
  expect_merged({body}, {}, want + "\n");
  expect_merged({body, body}, {}, want + "\n");
  // Also when the window is smaller than the series.
  const config::Config config = config_of(1);
  FanOutDriver driver(config, {Script::streamed(body + frame("up{job=\"b\"}", one(5000, 7)))});
  driver.options.window_bytes = 1;
  driver.options.read_ahead_bytes = 0;
  driver.shuffle(7);
  EXPECT_EQ(show(read_streamed(driver.run(request({"up"}, first_ms, last_ms, true)).body)),
            want + "\nup{job=\"b\"} 7@5000\n");
}

TEST(Trap07, FramesWithNoSeriesAndWithTwo) {
  const std::string none = frame_of("");
  std::string two;
  for (const char* notation : {"up{job=\"b\"}", "up{job=\"a\"}"}) {
    std::string part;
    const RawChunk chunk = xor_chunk(one(5000, 1));
    std::string entry;
    wire::append_chunk(entry, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.data);
    wire::encode_chunked_series(labels(notation), entry, 0, part);
    two += part;
  }
  expect_merged({none + frame_of(two) + none, none}, {},
                "up{job=\"a\"} 1@5000\nup{job=\"b\"} 1@5000\n");
}

TEST(Trap08, OverlappingChunksWithinOneSeriesBecomeOneOrder) {
  const std::string body = frame_with(labels(up), {xor_chunk(samples(5000, 1000, {1, 2, 3})),
                                                   xor_chunk(samples(6000, 1000, {2, 3, 4}))});
  expect_merged({body}, {}, "up{job=\"a\"} 1@5000 2@6000 3@7000 4@8000\n");
}

TEST(Trap08, ByteIdenticalFramesArePassedOnOnce) {
  const std::string body =
      frame(up, samples(5000, 1000, {1, 2, 3})) + frame("up{job=\"b\"}", one(5000, 1));
  const config::Config config = config_of(3);
  const Answer answer =
      read(config, {Script::streamed(body), Script::streamed(body), Script::streamed(body)}, true);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.outcome.frames_passed_on, 2u);
}

TEST(Trap08, ChunksThatOverlapInPartAreMergedAndTheOthersKeptAsTheyCame) {
  const RawChunk shared = xor_chunk(samples(5000, 1000, {1, 2, 3}));
  const RawChunk mine = xor_chunk(samples(10000, 1000, {4, 5}));
  const RawChunk theirs = xor_chunk(samples(10500, 1000, {6, 7}));
  const RawChunk later = xor_chunk(samples(20000, 1000, {8}));
  const config::Config config = config_of(2);
  const Answer answer = read(config,
                             {Script::streamed(frame_with(labels(up), {shared, mine})),
                              Script::streamed(frame_with(labels(up), {shared, theirs, later}))},
                             true);
  const std::string want =
      frame_with(labels(up), {shared,
                              xor_chunk({model::Sample::of(10000, 4), model::Sample::of(10500, 6),
                                         model::Sample::of(11000, 5), model::Sample::of(11500, 7)}),
                              later});
  EXPECT_EQ(answer.body, want);
}

TEST(Trap08, MergedChunksHaveAtMost120Samples) {
  std::vector<double> values(120);
  std::iota(values.begin(), values.end(), 1);
  const config::Config config = config_of(2);
  const Answer answer = read(config,
                             {Script::streamed(frame(up, samples(5000, 1000, values))),
                              Script::streamed(frame(up, samples(5500, 1000, values)))},
                             true);
  wire::FrameSplitter splitter(1U << 20);
  splitter.feed(answer.body);
  wire::ChunkedResponse response;
  const auto frame = splitter.next();
  ASSERT_TRUE(frame.has_value() && frame->has_value());
  ASSERT_TRUE(wire::parse_chunked_response((*frame)->data, response));
  ASSERT_EQ(response.series.at(0).chunks.size(), 2u);
  EXPECT_EQ(read_streamed(answer.body).at(0).samples.size(), 240u);
}

TEST(Trap12, SamplesAreTrimmedToTheRangeAndToTheHints) {
  const Samples wide = samples(0, 1000, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  for (const Script& script :
       {Script::streamed(frame(up, wide)), Script::samples_form(samples_body(up, wide))}) {
    const config::Config config = config_of(1);
    auto ask = request({"up"}, 2000, 6000, false);
    EXPECT_EQ(shown(FanOutDriver(config, {script}).run(ask), false),
              "up{job=\"a\"} 2@2000 3@3000 4@4000 5@5000 6@6000\n");
    ask.queries[0].hints = model::ReadHints{};
    ask.queries[0].hints->start_ms = 3000;
    ask.queries[0].hints->end_ms = 4000;
    EXPECT_EQ(shown(FanOutDriver(config, {script}).run(ask), false),
              "up{job=\"a\"} 3@3000 4@4000\n");
    // A series that has nothing in the range is not there at all.
    EXPECT_EQ(
        shown(FanOutDriver(config, {script}).run(request({"up"}, 20000, 30000, false)), false), "");
  }
}

TEST(Trap12, StreamedChunksMayStraddleTheRangeUndecoded) {
  const std::string body = frame(up, samples(0, 1000, {0, 1, 2, 3, 4, 5}));
  const config::Config config = config_of(1);
  EXPECT_EQ(
      FanOutDriver(config, {Script::streamed(body)}).run(request({"up"}, 2000, 3000, true)).body,
      body);
}

TEST(Trap13, SeriesWithoutSamples) {
  const std::string empty = labels("up{job=\"c\"}");
  expect_merged({frame(up, one(5000, 1)) + frame_with(empty, {}), frame_with(empty, {})},
                {samples_body({{labels(up), one(5000, 1), ""}, {empty, {}, ""}}),
                 samples_body({{empty, {}, ""}})},
                "up{job=\"a\"} 1@5000\nup{job=\"c\"}\n");
}

TEST(Trap13, FuncSeriesIsPassedOn) {
  const config::Config config = config_of(1);
  auto ask = request({"up"}, first_ms, last_ms, false);
  ask.queries[0].hints = model::ReadHints{};
  ask.queries[0].hints->func = "series";
  const Answer answer =
      FanOutDriver(config, {Script::samples_form(samples_body({{labels(up), {}, ""}}))}).run(ask);
  EXPECT_EQ(shown(answer, false), "up{job=\"a\"}\n");
  ASSERT_EQ(answer.requests.size(), 1u);
  EXPECT_EQ(answer.requests[0].queries[0], ask.queries[0]);
}

// A collector leaves the samples out of SAMPLES only: those come first then, for every client.
TEST(Trap13, FuncSeriesCostsWhatItCostsAtTheCollector) {
  const std::string other = "up{job=\"b\"}";
  const auto list = one(5000, 1);
  const config::Config config = config_of(3);
  for (const bool streamed : {true, false}) {
    auto ask = request({"up"}, first_ms, last_ms, streamed);
    ask.queries[0].hints = model::ReadHints{};
    ask.queries[0].hints->func = "series";
    // One does what it is asked, one knows streams only, one sends samples whatever it is asked
    // (InfluxDB 1.x).
    const std::vector<Script> scripts{Script::samples_form(samples_body({{labels(up), {}, ""}})),
                                      Script::streamed(frame(up, list) + frame(other, list)),
                                      Script::samples_form(samples_body({{labels(up), list, ""}}))};
    const Answer answer = FanOutDriver(config, scripts).run(ask);
    EXPECT_EQ(shown(answer, streamed), "up{job=\"a\"}\nup{job=\"b\"}\n");
    EXPECT_EQ(answer.outcome.series_out, 2U);
    EXPECT_EQ(answer.outcome.samples_out, 0U);
    for (const auto& sent : answer.requests) {
      EXPECT_EQ(
          sent.accepted_response_types,
          (std::vector{model::ResponseType::samples, model::ResponseType::streamed_xor_chunks}));
    }
    // A lone answer with samples is not passed on as it came.
    const Answer alone = FanOutDriver(config_of(1), {scripts[2]}).run(ask);
    EXPECT_EQ(shown(alone, streamed), "up{job=\"a\"}\n");
    EXPECT_EQ(alone.outcome.samples_out, 0U);
  }
}

model::HistogramSample histogram(int64_t t, uint64_t count,
                                 model::CounterResetHint hint = model::CounterResetHint::unknown) {
  model::HistogramSample sample;
  sample.timestamp_ms = t;
  sample.histogram.counter_reset_hint = hint;
  sample.histogram.count = count;
  sample.histogram.sum = 1;
  sample.histogram.zero_threshold = 0.001;
  sample.histogram.positive_spans = {{0, 1}};
  sample.histogram.positive_deltas = {static_cast<int64_t>(count)};
  return sample;
}

std::string histogram_entries(const std::vector<model::HistogramSample>& samples) {
  std::string out;
  for (const auto& sample : samples) wire::append_histogram_entry(out, sample);
  return out;
}

TEST(Trap14, CounterResetHintsAreRightAfterAMerge) {
  using Hint = model::CounterResetHint;
  // A falls from 40 to 20 at 6000. B has 40 at 5000 and 30 at 7000, a reset by its own history, but
  // not after A's 20.
  const std::string a = samples_body(
      {{labels(up), {}, histogram_entries({histogram(5000, 40), histogram(6000, 20, Hint::yes)})}});
  const std::string b = samples_body(
      {{labels(up), {}, histogram_entries({histogram(5000, 40), histogram(7000, 30, Hint::yes)})}});
  const config::Config config = config_of(2);
  const Answer answer = read(config, {Script::samples_form(a), Script::samples_form(b)}, false);
  const auto series = read_samples(answer.body).at(0);
  ASSERT_EQ(series.size(), 1u);
  ASSERT_EQ(series[0].histograms.size(), 3u);
  EXPECT_EQ(series[0].histograms[0].histogram.counter_reset_hint, Hint::unknown);
  EXPECT_EQ(series[0].histograms[1].histogram.counter_reset_hint, Hint::yes);
  EXPECT_EQ(series[0].histograms[2].histogram.counter_reset_hint, Hint::unknown);
  EXPECT_EQ(answer.outcome.conflicts, 0u);

  // Streamed: a new chunk begins at the reset, and none at 7000.
  const Answer streamed = read(config, {Script::samples_form(a), Script::samples_form(b)}, true);
  wire::FrameSplitter splitter(1U << 20);
  splitter.feed(streamed.body);
  wire::ChunkedResponse response;
  const auto first = splitter.next();
  ASSERT_TRUE(first.has_value() && first->has_value());
  ASSERT_TRUE(wire::parse_chunked_response((*first)->data, response));
  ASSERT_EQ(response.series.at(0).chunks.size(), 2u);
  EXPECT_EQ(response.series[0].chunks[1].min_time_ms, 6000);
  EXPECT_EQ(response.series[0].chunks[1].max_time_ms, 7000);
}

TEST(Trap14, GaugeHintStays) {
  using Hint = model::CounterResetHint;
  const config::Config config = config_of(2);
  const Answer answer = read(
      config,
      {Script::samples_form(
           samples_body({{labels(up), {}, histogram_entries({histogram(5000, 4, Hint::gauge)})}})),
       Script::samples_form(
           samples_body({{labels(up), {}, histogram_entries({histogram(6000, 2, Hint::gauge)})}}))},
      false);
  const auto series = read_samples(answer.body).at(0);
  ASSERT_EQ(series.at(0).histograms.size(), 2u);
  EXPECT_EQ(series[0].histograms[1].histogram.counter_reset_hint, Hint::gauge);
}

TEST(Trap14, AHistogramChunkAfterAnothersIsOfUnknownHistory) {
  RawChunk later = histogram_chunk({histogram(8000, 5)});
  later.data[2] = static_cast<char>(0x40);  // "no reset since the chunk before", which was B's own.
  const config::Config config = config_of(2);
  const Answer answer =
      read(config,
           {Script::streamed(frame_with(labels(up), {histogram_chunk({histogram(5000, 40)})})),
            Script::streamed(frame_with(labels(up), {later}))},
           true);
  RawChunk unknown = later;
  unknown.data[2] = 0;
  EXPECT_EQ(answer.body, frame_with(labels(up), {histogram_chunk({histogram(5000, 40)}), unknown}));
}

TEST(Trap14, FloatsAndHistogramsInOneSeriesAreBothKept) {
  const std::string floats = frame_with(labels(up), {xor_chunk(samples(5000, 1000, {1, 2, 3}))});
  const std::string histograms =
      frame_with(labels(up), {histogram_chunk({histogram(6000, 7), histogram(6500, 8)})});
  for (const bool streamed : {true, false}) {
    const config::Config config = config_of(2);
    const Answer answer =
        read(config, {Script::streamed(floats), Script::streamed(histograms)}, streamed);
    const auto series = streamed ? read_streamed(answer.body) : read_samples(answer.body).at(0);
    ASSERT_EQ(series.size(), 1u);
    EXPECT_EQ(series[0].samples.size(), 3u);
    ASSERT_EQ(series[0].histograms.size(), 1u);  // At 6000 the first backend wins.
    EXPECT_EQ(series[0].histograms[0].timestamp_ms, 6500);
    EXPECT_EQ(answer.outcome.conflicts, 1u);
  }
}

TEST(Trap14, AChunkEncodingThatNobodyKnowsFailsItsBackend) {
  RawChunk chunk = xor_chunk(one(5000, 1));
  chunk.encoding = static_cast<wire::ChunkEncoding>(7);
  const config::Config config = config_of(1);
  const Answer answer = read(config, {Script::streamed(frame_with(labels(up), {chunk}))}, true);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("chunk encoding 7 is not supported"));
}

TEST(Trap15, ReplicasAtAnOffsetInterleaveAndAGapIsFilled) {
  expect_merged({frame(up, {model::Sample::of(15000, 1), model::Sample::of(45000, 3)}),
                 frame(up, samples(22000, 15000, {1.5, 2.5}))},
                {}, "up{job=\"a\"} 1@15000 1.5@22000 2.5@37000 3@45000\n");
}

}  // namespace
}  // namespace mread::merger
