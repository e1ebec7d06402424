// Which chunks of an overlap go out as they came, and that the answer's samples are those of the
// merge all the same.
#include <map>
#include <random>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"
#include "merger/combine/chain_iterator.h"
#include "merger/fan_out/trap_reads.h"
#include "wire/chunk/xor2_chunk.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests

// A series that all sources see the same way, from its sample `first` on.
Samples part(size_t first, size_t count) {
  Samples out;
  for (size_t i = first; i < first + count; ++i) {
    out.push_back(
        model::Sample::of(5000 + 1000 * static_cast<int64_t>(i), static_cast<double>(i * i % 97)));
  }
  return out;
}

std::string in_chunks(const Samples& samples, const std::vector<size_t>& sizes) {
  std::vector<RawChunk> chunks;
  chunks.reserve(sizes.size());
  auto at = samples.begin();
  for (const size_t size : sizes) {
    chunks.push_back(xor_chunk({at, at + static_cast<ptrdiff_t>(size)}));
    at += static_cast<ptrdiff_t>(size);
  }
  EXPECT_TRUE(at == samples.end());
  return frame_with(labels(up), chunks);
}

Answer read(const std::vector<std::string>& bodies, const std::string& more = "",
            bool streamed = true) {
  std::vector<Script> scripts;
  scripts.reserve(bodies.size());
  for (const std::string& body : bodies) scripts.push_back(Script::streamed(body));
  const config::Config config = config_of(bodies.size(), more);
  return tests::read(config, scripts, streamed);
}

struct Chunk {
  int64_t min_time_ms;
  int64_t max_time_ms;
  wire::ChunkEncoding encoding;
  std::string data;
  uint64_t samples;
};

std::vector<Chunk> chunks_of(const Answer& answer) {
  wire::FrameSplitter splitter(1U << 24);
  splitter.feed(std::string(answer.body));
  wire::ChunkedResponse response;
  std::vector<Chunk> out;
  for (auto frame = splitter.next(); frame && *frame; frame = splitter.next()) {
    EXPECT_TRUE(wire::parse_chunked_response((*frame)->data, response));
    for (const auto& series : response.series) {
      for (const auto& chunk : series.chunks) {
        out.push_back({chunk.min_time_ms, chunk.max_time_ms, chunk.encoding,
                       std::string(chunk.data), wire::claimed_samples(chunk.encoding, chunk.data)});
      }
    }
  }
  return out;
}

std::vector<size_t> sizes_of(const Answer& answer) {
  std::vector<size_t> out;
  for (const Chunk& chunk : chunks_of(answer)) out.push_back(chunk.samples);
  return out;
}

model::Series only_series(const Answer& answer, bool streamed = true) {
  const auto series = streamed ? read_streamed(answer.body) : read_samples(answer.body).at(0);
  EXPECT_EQ(series.size(), 1U);
  return series.empty() ? model::Series{} : series[0];
}

using Sizes = std::vector<size_t>;

TEST(KeptChunks, SamplesThatAreCutElsewhereGoOutAsTheFirstSourcesFrame) {
  const std::string a = in_chunks(part(0, 300), {120, 120, 60});
  const std::string b = in_chunks(part(0, 300), {26, 120, 120, 34});
  const std::string c = in_chunks(part(0, 300), {26, 30, 120, 120, 4});
  for (const auto& bodies : {std::vector{a, b, c}, std::vector{b, a, c}, std::vector{c, b, a}}) {
    const Answer answer = read(bodies);
    EXPECT_EQ(answer.body, bodies[0]);
    EXPECT_EQ(answer.outcome.frames_passed_on, 1U);
    EXPECT_EQ(answer.outcome.samples_out, 300U);
    EXPECT_EQ(only_series(read(bodies, "", false), false).samples, part(0, 300));
  }
}

TEST(KeptChunks, TheReplicaWithoutGapsGoesOut) {
  Samples gappy = part(0, 20);
  for (const size_t first : {30, 90, 170}) {
    const Samples more = part(first, 40);
    gappy.insert(gappy.end(), more.begin(), more.end());
  }
  const std::string a = in_chunks(gappy, {70, 70});
  const std::string b = in_chunks(part(0, 240), {120, 120});
  EXPECT_EQ(read({a, b}).body, b);
  EXPECT_EQ(read({b, a}).body, b);
  EXPECT_EQ(read({a, a, b}).body, b);
}

TEST(KeptChunks, AFrameOfChunksThatOthersHaveInPartIsPassedOnWhole) {
  const std::string a = in_chunks(part(0, 300), {120, 120, 60});
  const std::string b = in_chunks(part(120, 120), {120});
  const std::string c = in_chunks(part(120, 100), {50, 50});
  for (const auto& bodies : {std::vector{a, b, c}, std::vector{c, b, a}}) {
    const Answer answer = read(bodies);
    EXPECT_EQ(sizes_of(answer), (Sizes{120, 120, 60}));
    EXPECT_EQ(answer.outcome.frames_passed_on, bodies[0] == a ? 1U : 0U);
    EXPECT_EQ(only_series(answer).samples, part(0, 300));
  }
}

TEST(KeptChunks, OneThatEndsLaterFollowsWithWhatTheOtherLacks) {
  const std::string a = in_chunks(part(0, 240), {120, 120});
  const std::string b = in_chunks(part(180, 240), {120, 120});
  for (const auto& bodies : {std::vector{a, b}, std::vector{b, a}}) {
    const Answer answer = read(bodies);
    EXPECT_EQ(sizes_of(answer), (Sizes{120, 120, 60, 120}));
    const auto chunks = chunks_of(answer);
    EXPECT_EQ(chunks[1].data, xor_chunk(part(120, 120)).data);
    EXPECT_EQ(chunks[3].data, xor_chunk(part(300, 120)).data);
    EXPECT_EQ(only_series(answer).samples, part(0, 420));
  }
}

TEST(KeptChunks, NoneIsKeptAtThePriceOfASmallOne) {
  // After a's first chunk, b's would be kept only with 20 samples between.
  const std::string a = in_chunks(part(0, 140), {140});
  const std::string b = in_chunks(part(70, 210), {90, 120});
  const std::string c = in_chunks(part(130, 40), {40});
  const Answer answer = read({a, b, c});
  EXPECT_EQ(sizes_of(answer), (Sizes{140, 120, 20}));
  EXPECT_EQ(only_series(answer).samples, part(0, 280));
}

TEST(KeptChunks, SmallOnesAreNot) {
  const std::string a = in_chunks(part(0, 59), {59});
  const std::string b = in_chunks(part(30, 89), {59, 30});
  EXPECT_EQ(sizes_of(read({a, b})), (Sizes{89, 30}));
}

TEST(KeptChunks, SamplesInBetweenAreNeverLost) {
  Samples with_more = part(0, 120);
  with_more.insert(with_more.begin() + 60, model::Sample::of(with_more[59].timestamp_ms + 1, 7));
  const std::string a = in_chunks(part(0, 120), {120});
  const std::string b = in_chunks(with_more, {121});
  EXPECT_EQ(read({a, b}).body, b);
  with_more.pop_back();
  const Answer answer = read({a, in_chunks(with_more, {120})});
  EXPECT_EQ(sizes_of(answer), (Sizes{120, 1}));
  EXPECT_EQ(only_series(answer).samples.size(), 121U);
}

TEST(KeptChunks, ConflictsAreDecidedByTheRuleAndCounted) {
  Samples other = part(0, 120);
  other[50] = model::Sample::of(other[50].timestamp_ms, 1000);
  const std::string a = in_chunks(part(0, 120), {120});
  const std::string b = in_chunks(other, {60, 60});
  struct Case {
    const char* rule;
    const std::string* first;
    const std::string* second;
    const Samples want;
    Sizes sizes;
  };
  const Samples mine = part(0, 120);
  for (const Case& each :
       {Case{"first", &a, &b, mine, {120}}, Case{"first", &b, &a, other, {60, 60}},
        Case{"max", &a, &b, other, {60, 60}}, Case{"min", &a, &b, mine, {120}},
        Case{"max", &b, &a, other, {60, 60}}, Case{"min", &b, &a, mine, {120}}}) {
    SCOPED_TRACE(each.rule);
    const std::string more = std::string("merge: {on_conflict: ") + each.rule + "}\n";
    const Answer answer = read({*each.first, *each.second}, more);
    EXPECT_EQ(answer.outcome.conflicts, 1U);
    EXPECT_EQ(only_series(answer).samples, each.want);
    EXPECT_EQ(sizes_of(answer), each.sizes);
    EXPECT_EQ(only_series(read({*each.first, *each.second}, more, false), false).samples,
              each.want);
  }
}

// Chunks are merged where their claimed times overlap, and go out with the times that their samples
// have.
TEST(KeptChunks, ClaimedTimesThatAreMoreThanTheSamplesAreSetRight) {
  RawChunk wide = xor_chunk(part(0, 120));
  wide.min_time_ms -= 500;
  wide.max_time_ms = INT64_MAX;
  RawChunk later = xor_chunk(part(120, 120));
  later.max_time_ms += 5000;
  const std::string a = frame_with(labels(up), {wide, later});
  const std::string want = in_chunks(part(0, 240), {120, 120});
  EXPECT_EQ(read({a}).body, want);
  EXPECT_EQ(read({a, in_chunks(part(0, 240), {40, 120, 80})}).body, want);
}

TEST(KeptChunks, AChunkThatOverlapsAnotherOfItsSourceIsWrittenAgain) {
  const std::string body =
      frame_with(labels(up), {xor_chunk(part(0, 120)), xor_chunk(part(60, 120))});
  EXPECT_EQ(sizes_of(read({body})), (Sizes{120, 60}));
  EXPECT_EQ(only_series(read({body})).samples, part(0, 180));
  EXPECT_EQ(read({body, in_chunks(part(0, 180), {100, 80})}).body,
            in_chunks(part(0, 180), {120, 60}));
}

TEST(KeptChunks, ABrokenChunkCostsItsBackendOnly) {
  RawChunk broken = xor_chunk(part(60, 120));
  broken.data.resize(broken.data.size() - 1);
  const std::string a = in_chunks(part(0, 240), {120, 120});
  for (const auto& bodies : {std::vector{a, frame_with(labels(up), {broken})},
                             std::vector{frame_with(labels(up), {broken}), a}}) {
    const Answer answer = read(bodies, "partial: any\n");
    EXPECT_EQ(answer.body, a);
    EXPECT_NE((answer.partial + answer.trailer).find("the chunk ends before it"),
              std::string::npos);
  }
}

TEST(KeptChunks, NewerEncodingsAreKeptOnlyWhereClientsTakeThem) {
  wire::Xor2Writer writer;
  for (const model::Sample& sample : part(0, 240)) writer.append(sample, 500);
  const RawChunk chunk{writer.min_time_ms(), writer.max_time_ms(), wire::ChunkEncoding::xor2,
                       std::string(writer.bytes())};
  const std::string a = frame_with(labels(up), {chunk});
  const std::string b = in_chunks(part(0, 200), {120, 80});
  EXPECT_EQ(read({a, b}, "merge: {chunk_encodings: newer}\n").body, a);
  EXPECT_EQ(read({a, b}).body, in_chunks(part(0, 240), {120, 120}));
}

TEST(KeptChunks, GapfillKeepsAChunkThatItTakesWhole) {
  const std::string groups = "groups: [{name: g, members: [a, b]}]\nmerge: {dedup: gapfill}\n";
  const std::string a = in_chunks(part(0, 240), {120, 120});
  const std::string b = in_chunks(part(0, 240), {26, 120, 94});
  EXPECT_EQ(sizes_of(read({a, b}, groups)), (Sizes{120, 120}));
  EXPECT_EQ(only_series(read({a, b}, groups)).samples, part(0, 240));
}

struct Source {
  Samples samples;
  std::string body;
};

// Sources of one series that share most timestamps: with gaps, of other lengths, in other chunks,
// here and there with a sample of their own or another value.
Source random_source(std::mt19937& random) {
  const auto below = [&random](size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
  };
  Source out;
  const size_t first = below(2) * below(200);
  const size_t count = 1 + below(400);
  const bool conflicts = below(4) == 0;
  const bool own = below(4) == 0;
  const bool gaps = below(3) == 0;
  const int64_t shift_ms = below(5) == 0 ? 300 : 0;
  size_t skip = 0;
  for (model::Sample sample : part(first, count)) {
    if (gaps && skip == 0 && below(80) == 0) skip = 1 + below(100);
    if (skip > 0) {
      --skip;
      continue;
    }
    sample.timestamp_ms += shift_ms;
    if (conflicts && below(60) == 0)
      sample.bits = model::Sample::of(0, static_cast<double>(below(5))).bits;
    out.samples.push_back(sample);
    if (own && below(60) == 0) out.samples.push_back({sample.timestamp_ms + 100, sample.bits});
  }
  std::vector<RawChunk> chunks;
  const size_t size = below(3) == 0 ? 1 + below(150) : 120;
  for (size_t begin = 0; begin < out.samples.size();) {
    const auto at = out.samples.begin() + static_cast<ptrdiff_t>(begin);
    const size_t taken = std::min(out.samples.size() - begin, begin == 0 ? 1 + below(size) : size);
    chunks.push_back(xor_chunk({at, at + static_cast<ptrdiff_t>(taken)}));
    begin += taken;
    if (below(40) == 0) {
      out.body += frame_with(labels(up), chunks);
      chunks.clear();
    }
  }
  if (!chunks.empty()) out.body += frame_with(labels(up), chunks);
  return out;
}

struct Union {
  Samples samples;
  uint64_t conflicts = 0;
};

Union naive_union(const std::vector<Source>& sources, OnConflict rule) {
  std::map<int64_t, std::vector<model::Sample>> all;
  for (const Source& source : sources) {
    for (const model::Sample& sample : source.samples) all[sample.timestamp_ms].push_back(sample);
  }
  Union out;
  for (const auto& [timestamp_ms, list] : all) {
    model::Sample kept = list[0];
    for (size_t i = 1; i < list.size(); ++i) {
      out.conflicts += list[i].bits != list[0].bits ? 1 : 0;
      if (list[i].bits != list[0].bits) kept = resolve_conflict(rule, kept, list[i]);
    }
    out.samples.push_back(kept);
  }
  return out;
}

TEST(KeptChunksProperty, TheSamplesAreThoseOfTheUnion) {
  EXPECT_TRUE(rc::check([] {
    std::mt19937 random(*rc::gen::arbitrary<uint32_t>());
    std::vector<Source> sources(*rc::gen::inRange<size_t>(1, 5));
    std::vector<std::string> bodies;
    for (Source& source : sources) {
      source = random_source(random);
      if (source.body.empty()) source.body = frame_with(labels(up), {});
      bodies.push_back(source.body);
    }
    const char* const rule = *rc::gen::element("first", "max", "min", "live");
    const std::string more = std::string("merge: {on_conflict: ") + rule + "}\n";
    const Union want = naive_union(sources, config_of(1, more).on_conflict);
    if (want.samples.empty()) return;

    const Answer answer = read(bodies, more);
    RC_ASSERT(only_series(answer).samples == want.samples);
    const Answer samples_form = read(bodies, more, false);
    RC_ASSERT(only_series(samples_form, false).samples == want.samples);
    // Copies of a chunk are never compared, so what differs in two sources may stand in three.
    RC_ASSERT(answer.outcome.conflicts == samples_form.outcome.conflicts);
    RC_ASSERT(answer.outcome.conflicts <= want.conflicts);
    RC_ASSERT((answer.outcome.conflicts == 0) == (want.conflicts == 0));
    RC_ASSERT(answer.outcome.samples_out == want.samples.size());

    for (const Chunk& chunk : chunks_of(answer)) {
      Samples samples(chunk.samples);
      RC_ASSERT(wire::XorReader(chunk.data).read(samples) == samples.size());
      RC_ASSERT(chunk.min_time_ms == samples.front().timestamp_ms);
      RC_ASSERT(chunk.max_time_ms == samples.back().timestamp_ms);
    }
  }));
}

}  // namespace
}  // namespace mread::merger
