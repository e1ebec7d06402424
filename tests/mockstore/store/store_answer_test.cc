#include <fmt/format.h>
#include <gmock/gmock.h>

#include "mockstore/store_fixture.h"
#include "wire/chunk/chunk_samples.h"

namespace mread::mockstore {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Three series of 240 minutes, not in the order of their labels, and one that ends after 50.
constexpr const char* four_series = R"(
interval: 15s
external_labels: {region: us, zone: z1}
input_series:
  - {series: 'm{instance="c"}', values: '0+1x239'}
  - {series: 'm{instance="a",zone="own"}', values: '0+1x239'}
  - {series: 'm{instance="b",region="us"}', values: '0+1x239'}
  - {series: 'old{i="1"}', values: '1x49'}
)";

constexpr int64_t step_ms = 15'000;
constexpr int64_t at(int64_t index) { return t0_ms + index * step_ms; }

Received ask(const std::string& config, std::vector<model::Query> queries,
             std::vector<model::ResponseType> accepted = {}, AnswerShape shape = {}) {
  const auto store = store_of(config);
  StoreAnswer answer(dataset_of(store), store.answer, shape,
                     request_of(std::move(queries), std::move(accepted)));
  return receive(answer);
}

model::Query with_hints(model::Query query, int64_t start_ms, int64_t end_ms,
                        std::string func = "") {
  query.hints = model::ReadHints{};
  query.hints->start_ms = start_ms;
  query.hints->end_ms = end_ms;
  query.hints->func = std::move(func);
  return query;
}

const std::string a_name = R"(m{instance="a", region="us", zone="own"})";
const std::string b_name = R"(m{instance="b", region="us", zone="z1"})";
const std::string c_name = R"(m{instance="c", region="us", zone="z1"})";

TEST(AnswerTest, SamplesComeInTheOrderOfCreation) {
  const auto received = ask(four_series, {query_of("m", at(0), at(130))});
  EXPECT_EQ(received.status, 200);
  EXPECT_EQ(received.headers.get("Content-Type"), "application/x-protobuf");
  EXPECT_EQ(received.headers.get("Content-Encoding"), "snappy");
  const auto results = decode_samples(received.body);
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_THAT(names(results[0]), ElementsAre(c_name, a_name, b_name));
  EXPECT_THAT(results[0][0].samples, SizeIs(131));
}

TEST(AnswerTest, OldGenerationsSortTheirSamples) {
  const auto received =
      ask(std::string(four_series) + "behaves_like: v2.42\n", {query_of("m", at(0), at(3))});
  EXPECT_THAT(names(decode_samples(received.body)[0]), ElementsAre(a_name, b_name, c_name));
}

TEST(AnswerTest, StreamedIsSortedByOwnLabelsAndCutInto120Samples) {
  const auto received = ask(four_series, {query_of("m", at(0), at(130))}, streamed);
  EXPECT_EQ(received.headers.get("Content-Type"),
            "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  EXPECT_EQ(received.headers.get("Content-Encoding"), "");
  const auto frames = decode_streamed(received.body);
  EXPECT_THAT(names(frames), ElementsAre(a_name, b_name, c_name));
  ASSERT_THAT(frames[0].chunks, SizeIs(2));
  EXPECT_THAT(frames[0].chunks[0].samples, SizeIs(120));
  EXPECT_EQ(frames[0].chunks[0].max_ms, at(119));
  EXPECT_THAT(frames[0].chunks[1].samples, SizeIs(11))
      << "the range cuts the chunk, as Prometheus does";
  EXPECT_EQ(frames[0].chunks[1].max_ms, at(130));
}

struct RangeCase {
  const char* name;
  model::Query query;
  size_t series;   // in SAMPLES
  size_t samples;  // of each
  size_t frames;   // in STREAMED
};

class RangeTest : public testing::TestWithParam<RangeCase> {};

TEST_P(RangeTest, IsCutAsByPrometheus) {
  const auto& [name, query, series, samples, frames] = GetParam();
  const auto results = decode_samples(ask(four_series, {query}).body);
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_THAT(results[0], SizeIs(series));
  for (const auto& one : results[0]) EXPECT_THAT(one.samples, SizeIs(samples));
  const auto chunks = decode_streamed(ask(four_series, {query}, streamed).body);
  ASSERT_THAT(chunks, SizeIs(frames));
  if (query.hints && query.hints->func == "series") return;
  for (const auto& frame : chunks) {
    size_t count = 0;
    for (const auto& chunk : frame.chunks) count += chunk.samples.size();
    EXPECT_EQ(count, samples);
  }
}

// Each row was measured on Prometheus 2.42 and 3.5.3.
INSTANTIATE_TEST_SUITE_P(
    Answer, RangeTest,
    testing::Values(
        RangeCase{"TrimmedToTheQuery", query_of("m", at(10) + 1, at(50) - 1), 3, 39, 3},
        RangeCase{"TrimmedToNarrowerHints",
                  with_hints(query_of("m", at(0), at(130)), at(20), at(30)), 3, 11, 3},
        RangeCase{"WiderHintsGiveWholeChunksOfTheQuery",
                  with_hints(query_of("m", at(20), at(30)), at(0), at(130)), 3, 120, 3},
        RangeCase{"HintsOfZero", with_hints(query_of("m", at(20), at(30)), 0, 0), 0, 0, 0},
        RangeCase{"SeriesHintStreamsSamplesAllTheSame",
                  with_hints(query_of("m", at(0), at(239)), at(0), at(239), "series"), 3, 0, 3},
        RangeCase{"AfterTheEnd", query_of("old", at(100), at(101)), 0, 0, 0},
        RangeCase{"HintsAfterTheEndLeaveAnEmptySeries",
                  with_hints(query_of("old", at(0), at(101)), at(100), at(101)), 1, 0, 0},
        RangeCase{"BetweenTwoSamplesLeavesEmptySeries", query_of("m", at(0) + 1, at(1) - 1), 3, 0,
                  0},
        RangeCase{"NothingMatches", query_of("nope"), 0, 0, 0}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

struct MatcherCase {
  const char* name;
  const char* selector;
  std::vector<std::string> series;
};

class MatcherTest : public testing::TestWithParam<MatcherCase> {};

TEST_P(MatcherTest, ExternalLabelsAreMatchedAsByPrometheus) {
  const auto received = ask(four_series, {query_of(GetParam().selector, at(0), at(3))}, streamed);
  EXPECT_EQ(names(decode_streamed(received.body)), GetParam().series);
}

INSTANTIATE_TEST_SUITE_P(
    Answer, MatcherTest,
    testing::Values(
        MatcherCase{"EqualFindsSeriesWithoutTheLabelOnly", R"(m{region="us"})", {a_name, c_name}},
        MatcherCase{"RegexSeesOwnLabelsOnly", R"(m{region=~"us"})", {b_name}},
        MatcherCase{"NotEqualSeesOwnLabelsOnly", R"(m{region!="us"})", {a_name, c_name}},
        MatcherCase{"OwnLabelWins", R"(m{zone="own"})", {a_name}},
        MatcherCase{"ExternalValueSkipsTheSeriesWithItsOwn", R"(m{zone="z1"})", {b_name, c_name}},
        MatcherCase{"AnotherValueFindsNothing", R"(m{region="eu"})", {}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(AnswerTest, ExternalLabelsCanUnsortTheStream) {
  const auto received = ask(R"(
external_labels: {region: us}
input_series:
  - {series: 'up{instance="a",job="x"}', values: '1'}
  - {series: 'up{instance="a",job="x",pod="p"}', values: '1'}
)",
                            {query_of("up")}, streamed);
  EXPECT_THAT(names(decode_streamed(received.body)),
              ElementsAre(R"(up{instance="a", job="x", region="us"})",
                          R"(up{instance="a", job="x", pod="p", region="us"})"));
}

TEST(AnswerTest, NoMatcherSelectsNothing) {
  const auto received = ask(four_series, {model::Query{at(0), at(3), {}, std::nullopt}}, streamed);
  EXPECT_EQ(received.status, 200);
  EXPECT_EQ(received.headers.get("Content-Length"), "0");
  EXPECT_THAT(received.body, IsEmpty());
}

TEST(AnswerTest, SeveralQueriesHaveAResultEach) {
  const std::vector<model::Query> queries{query_of("m", at(0), at(3)), query_of("nope"),
                                          query_of("old", at(0), at(3))};
  const auto results = decode_samples(ask(four_series, queries).body);
  ASSERT_THAT(results, SizeIs(3));
  EXPECT_THAT(results[0], SizeIs(3));
  EXPECT_THAT(results[1], IsEmpty());
  EXPECT_THAT(results[2], SizeIs(1));
  const auto frames = decode_streamed(ask(four_series, queries, streamed).body);
  ASSERT_THAT(frames, SizeIs(4));
  EXPECT_EQ(frames[0].query, 0);
  EXPECT_EQ(frames[3].query, 2);
}

TEST(AnswerTest, NoQueryIsAnEmptyAnswer) {
  const auto received = ask(four_series, {});
  EXPECT_EQ(received.status, 200);
  EXPECT_EQ(received.body, std::string(1, '\0'));
}

TEST(AnswerTest, FramesAreSplitByBytes) {
  // 240 samples make two chunks of some 170 bytes.
  const auto whole =
      decode_streamed(ask(four_series, {query_of("m", at(0), at(239))}, streamed).body);
  EXPECT_THAT(whole, SizeIs(3));
  const auto split = decode_streamed(ask(std::string(four_series) + "max_bytes_in_frame: 100\n",
                                         {query_of("m", at(0), at(239))}, streamed)
                                         .body);
  ASSERT_THAT(split, SizeIs(6));
  EXPECT_THAT(names(split), ElementsAre(a_name, a_name, b_name, b_name, c_name, c_name));
  EXPECT_THAT(split[0].chunks, SizeIs(1));
}

struct ErrorCase {
  const char* name;
  std::string body;
  int status;
  const char* text;
};

class ErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(ErrorTest, HasPrometheussWords) {
  const auto store = store_of(std::string(four_series) + "max_samples: 600\n");
  StoreAnswer answer(dataset_of(store), store.answer, {}, GetParam().body);
  const auto received = receive(answer);
  EXPECT_EQ(received.status, GetParam().status);
  EXPECT_EQ(received.body, GetParam().text);
  EXPECT_EQ(received.headers.get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(received.headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(received.headers.get("Content-Length"), std::to_string(received.body.size()));
}

// ReadRequest{accepted_response_types: types}, packed.
std::string accepting(const std::string& types) {
  return wire::compress("\x12" + std::string(1, static_cast<char>(types.size())) + types);
}

INSTANTIATE_TEST_SUITE_P(
    Answer, ErrorTest,
    testing::Values(
        ErrorCase{"NoSnappy", "hello world", 400, "snappy: corrupt input\n"},
        ErrorCase{"Empty", "", 400, "snappy: corrupt input\n"},
        ErrorCase{"CutProtobuf", wire::compress("\x0a\x7f"), 400, "unexpected EOF\n"},
        ErrorCase{"CutMatcher", wire::compress(std::string("\x0a\x04\x1a\x02\x12\x7f", 6)), 400,
                  "unexpected EOF\n"},
        ErrorCase{"UnknownType", accepting("\x07"), 400,
                  "server does not support any of the requested response types: [7]; supported: "
                  "map[SAMPLES:{} "
                  "STREAMED_XOR_CHUNKS:{}]\n"},
        ErrorCase{"UnknownTypes", accepting("\x07\x09"), 400,
                  "server does not support any of the requested response types: [7 9]; supported: "
                  "map[SAMPLES:{} "
                  "STREAMED_XOR_CHUNKS:{}]\n"},
        ErrorCase{"MatcherType",
                  wire::compress(std::string("\x0a\x08\x1a\x06\x08\x09\x12\x01\x61\x1a\x00", 10)),
                  400, "unexpected EOF\n"},
        ErrorCase{"TooManySamples", request_of({query_of("m", at(0), at(239))}), 400,
                  "exceeded sample limit (600)\n"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// Query{matchers: [{type, name: "a", value}]} as the only query, or behind another.
std::string query_message(char type, const std::string& value) {
  const std::string matcher = std::string("\x08") + type + "\x12\x01" + "a" + "\x1a" +
                              static_cast<char>(value.size()) + value;
  const std::string query = std::string("\x1a") + static_cast<char>(matcher.size()) + matcher;
  return std::string("\x0a") + static_cast<char>(query.size()) + query;
}

TEST(AnswerTest, AQueryThatMakesNoSenseIs500) {
  const auto store = store_of(four_series);
  for (const auto& [message, begin] :
       {std::pair<std::string, std::string>{query_message(9, "x"), "invalid matcher type\n"},
        {query_message(2, "("), "error parsing regexp: missing closing ): `(`\n"}}) {
    StoreAnswer answer(dataset_of(store), store.answer, {}, wire::compress(message));
    const auto received = receive(answer);
    EXPECT_EQ(received.status, 500);
    EXPECT_THAT(received.body, testing::StartsWith(begin));
  }
}

TEST(AnswerTest, AnErrorAfterTheFirstFrameIsTextBehindTheFrames) {
  const auto store = store_of(four_series);
  const auto dataset = dataset_of(store);
  const std::string good =
      *wire::uncompress(request_of({query_of("m", at(0), at(3))}, streamed), 1 << 20);
  StoreAnswer answer(dataset, store.answer, {}, wire::compress(good + query_message(9, "x")));
  const auto received = receive(answer);
  EXPECT_EQ(received.status, 200);
  EXPECT_THAT(received.frames, SizeIs(3));
  EXPECT_THAT(received.body, testing::EndsWith("invalid matcher type\n"));
}

TEST(AnswerTest, AStoreWithoutStreamsAnswersSamplesWhateverIsAccepted) {
  const auto received =
      ask(std::string(four_series) + "streamed: false\n", {query_of("m", at(0), at(3))}, streamed);
  EXPECT_EQ(received.headers.get("Content-Type"), "application/x-protobuf");
  EXPECT_THAT(decode_samples(received.body)[0], SizeIs(3));
}

TEST(AnswerTest, TheFirstSupportedTypeWins) {
  const auto type_of = [](std::vector<model::ResponseType> accepted) {
    return std::string(ask(four_series, {query_of("m", at(0), at(3))}, std::move(accepted))
                           .headers.get("Content-Type"));
  };
  EXPECT_EQ(type_of({model::ResponseType::samples, model::ResponseType::streamed_xor_chunks}),
            "application/x-protobuf");
  EXPECT_THAT(type_of({model::ResponseType::streamed_xor_chunks, model::ResponseType::samples}),
              testing::HasSubstr("streamed"));
}

TEST(AnswerTest, ShapesChangeTheOrderOnly) {
  const std::vector<model::Query> query{query_of("m", at(0), at(3))};
  EXPECT_THAT(names(decode_streamed(
                  ask(four_series, query, streamed, {AnswerShape::Order::reversed}).body)),
              ElementsAre(c_name, b_name, a_name));
  auto shuffled = names(
      decode_streamed(ask(four_series, query, streamed, {AnswerShape::Order::shuffled, 5}).body));
  EXPECT_EQ(shuffled,
            names(decode_streamed(
                ask(four_series, query, streamed, {AnswerShape::Order::shuffled, 5}).body)));
  EXPECT_THAT(shuffled, testing::UnorderedElementsAre(a_name, b_name, c_name));
}

TEST(AnswerTest, SampleOffsetMovesTheTimestamps) {
  const auto received =
      ask("sample_offset: 7s\ninput_series: [{series: up, values: '1 stale'}]", {query_of("up")});
  const auto results = decode_samples(received.body);
  EXPECT_THAT(results[0][0].samples,
              ElementsAre(model::Sample::of(t0_ms + 7000, 1),
                          model::Sample{t0_ms + 22'000, model::stale_nan_bits}));
}

TEST(AnswerTest, HistogramsAreServedInBothTypes) {
  const std::string config =
      "input_series: [{series: h, values: '{{schema:0 count:3 sum:4 buckets:[1 2]}}+{{count:3 "
      "sum:4 buckets:[1 "
      "2]}}x9'}]";
  const auto results = decode_samples(ask(config, {query_of("h")}).body);
  ASSERT_THAT(results[0], SizeIs(1));
  EXPECT_TRUE(results[0][0].has_histograms);
  const auto frames = decode_streamed(ask(config, {query_of("h")}, streamed).body);
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(frames[0].chunks[0].encoding, wire::ChunkEncoding::float_histogram);
}

TEST(AnswerTest, RepeatedSeriesAreServedAsIfTheyWereWrittenOut) {
  const std::string repeated =
      "interval: 15s\ninput_series:\n"
      "  - {series: 'm{kind=\"0\"}', values: '0+1x719', repeat: {series: 12}}\n"
      "  - {series: 'm{kind=\"1\"}', values: '5+2x300 _x10 stale', repeat: {series: 3}}\n";
  std::string written = "interval: 15s\ninput_series:\n";
  for (int i = 0; i < 12; ++i)
    written += fmt::format(
        "  - {{series: 'm{{kind=\"0\",series=\"series-{}\"}}', values: '0+1x719'}}\n", i);
  for (int i = 0; i < 3; ++i)
    written += fmt::format(
        "  - {{series: 'm{{kind=\"1\",series=\"series-{}\"}}', values: '5+2x300 _x10 stale'}}\n",
        i);
  for (const std::string more :
       {"", "sample_offset: 7s\nexternal_labels: {shard: a}\n", "chunk_encodings: newer\n"}) {
    for (const int64_t end_ms : {t0_ms + 1000 * minute_ms, t0_ms + 20 * minute_ms}) {
      const auto query = query_of("m", t0_ms + minute_ms, end_ms);
      EXPECT_EQ(ask(more + repeated, {query}, streamed).body,
                ask(more + written, {query}, streamed).body);
      EXPECT_EQ(ask(more + repeated, {query}).body, ask(more + written, {query}).body);
    }
  }
}

TEST(AnswerTest, NewerChunkEncodingsHoldTheSameSamples) {
  const std::string series =
      "input_series: [{series: f, values: '1+2x300 stale 7x20'}, {series: h, values: '{{schema:0 "
      "count:3 sum:4 "
      "buckets:[1 2]}}+{{count:3 sum:4 buckets:[1 2]}}x200'}]\ninterval: 15s\n";
  for (const int64_t end_ms : {t0_ms + 1000 * minute_ms, t0_ms + 17 * minute_ms}) {
    const auto query = query_of("{__name__=~\"f|h\"}", t0_ms + 3 * minute_ms, end_ms);
    std::vector<std::vector<model::Sample>> floats(2);
    std::vector<std::vector<model::HistogramSample>> histograms(2);
    for (const bool newer : {false, true}) {
      const auto received =
          ask(series + (newer ? "chunk_encodings: newer" : ""), {query}, streamed);
      wire::FrameSplitter splitter(16U << 20);
      splitter.feed(received.body);
      for (auto frame = splitter.next(); frame && *frame; frame = splitter.next()) {
        wire::ChunkedResponse response;
        ASSERT_TRUE(wire::parse_chunked_response((*frame)->data, response));
        for (const auto& chunk : response.series.at(0).chunks) {
          EXPECT_EQ(wire::is_newer(chunk.encoding), newer);
          const auto started = [&](int64_t start_ms) { EXPECT_EQ(start_ms, newer ? t0_ms : 0); };
          const auto read = wire::each_sample(
              chunk.encoding, chunk.data,
              [&](model::Sample sample, int64_t start_ms) {
                started(start_ms);
                floats[newer].push_back(sample);
              },
              [&](const model::HistogramSample& sample, int64_t start_ms) {
                started(start_ms);
                histograms[newer].push_back(sample);
              });
          EXPECT_TRUE(read);
        }
      }
    }
    EXPECT_EQ(floats[0], floats[1]);
    EXPECT_EQ(histograms[0], histograms[1]);
    EXPECT_FALSE(floats[0].empty());
    EXPECT_FALSE(histograms[0].empty());
  }
}

TEST(AnswerTest, ManySeriesOfOneEntryAreMadeOneByOne) {
  const auto store = store_of(
      "input_series: [{series: 'up{job=\"x\"}', values: '0+1x719', repeat: {host: "
      "2000}}]\ninterval: 15s");
  StoreAnswer answer(dataset_of(store), store.answer, {}, request_of({query_of("up")}, streamed));
  size_t frames = 0;
  while (!answer.done()) {
    const Step step = answer.next();
    if (const auto* body = std::get_if<BodyStep>(&step)) {
      ++frames;
      EXPECT_LT(body->bytes.size(), 4096u);
    }
  }
  EXPECT_EQ(frames, 2000u);
  EXPECT_EQ(answer.summary().series, 2000u);
  EXPECT_EQ(answer.summary().samples, 2000u * 720);
}

}  // namespace
}  // namespace mread::mockstore
