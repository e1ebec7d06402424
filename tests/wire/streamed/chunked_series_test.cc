#include "wire/streamed/chunked_series.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/generators.h"
#include "wire/labels/labels_view.h"
#include "wire/proto/remote.pb.h"

namespace mread::wire {
namespace {

using namespace std::string_literals;

rc::Gen<prometheus::Chunk> chunks() {
  const auto times = rc::gen::oneOf(rc::gen::element<int64_t>(0, -1, 1'700'000'000'000),
                                    rc::gen::arbitrary<int64_t>());
  return rc::gen::map(
      rc::gen::tuple(times, times, rc::gen::inRange(0, 9), rc::gen::arbitrary<std::string>()),
      [](const std::tuple<int64_t, int64_t, int, std::string>& in) {
        prometheus::Chunk chunk;
        chunk.set_min_time_ms(std::get<0>(in));
        chunk.set_max_time_ms(std::get<1>(in));
        chunk.set_type(static_cast<prometheus::Chunk::Encoding>(std::get<2>(in)));
        chunk.set_data(std::get<3>(in));
        return chunk;
      });
}

void expect_same(const ChunkedResponse& got, const prometheus::ChunkedReadResponse& want) {
  ASSERT_EQ(got.query_index, want.query_index());
  ASSERT_EQ(got.series.size(), static_cast<size_t>(want.chunked_series_size()));
  for (int i = 0; i < want.chunked_series_size(); ++i) {
    const ChunkedSeriesView& series = got.series[static_cast<size_t>(i)];
    prometheus::ChunkedSeries labels;
    for (const prometheus::Label& label : want.chunked_series(i).labels())
      *labels.add_labels() = label;
    ASSERT_EQ(series.labels, labels.SerializeAsString());
    ASSERT_EQ(series.chunks.size(), static_cast<size_t>(want.chunked_series(i).chunks_size()));
    for (int k = 0; k < want.chunked_series(i).chunks_size(); ++k) {
      const ChunkView& chunk = series.chunks[static_cast<size_t>(k)];
      const prometheus::Chunk& reference = want.chunked_series(i).chunks(k);
      ASSERT_EQ(chunk.min_time_ms, reference.min_time_ms());
      ASSERT_EQ(chunk.max_time_ms, reference.max_time_ms());
      ASSERT_EQ(static_cast<int>(chunk.encoding), static_cast<int>(reference.type()));
      ASSERT_EQ(chunk.data, reference.data());
      std::string entry;
      append_chunk(entry, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.data);
      ASSERT_EQ(chunk.wire, entry);
    }
  }
}

// docs/internals/traps.md, trap 7, is among them: frames with no series, and with several.
RC_GTEST_PROP(ChunkedSeriesProperty, DecodesAsProtobuf, ()) {
  prometheus::ChunkedReadResponse message;
  message.set_query_index(*rc::gen::element<int64_t>(0, 1, 300, -1));
  for (int i = *rc::gen::inRange(0, 4); i-- > 0;) {
    auto& series = *message.add_chunked_series();
    for (const model::Label& label : *test::label_sets()) {
      auto& out = *series.add_labels();
      out.set_name(label.name);
      out.set_value(label.value);
    }
    for (const prometheus::Chunk& chunk :
         *rc::gen::container<std::vector<prometheus::Chunk>>(chunks()))
      *series.add_chunks() = chunk;
  }
  const std::string data = message.SerializeAsString();
  ChunkedResponse response;
  RC_ASSERT(parse_chunked_response(data, response).has_value());
  expect_same(response, message);
  RC_ASSERT(!testing::Test::HasFailure());
  if (message.chunked_series_size() == 1) {
    std::string again;
    encode_chunked_series(response.series[0].labels, response.series[0].chunks,
                          response.query_index, again);
    RC_ASSERT(again == data);
    std::string entries;
    for (const ChunkView& chunk : response.series[0].chunks) entries += chunk.wire;
    std::string appended = "x";
    encode_chunked_series(response.series[0].labels, entries, response.query_index, appended);
    RC_ASSERT(appended == "x" + data);
    std::vector<ChunkView> parsed;
    RC_ASSERT(parse_chunk_entries(entries, parsed).has_value());
    RC_ASSERT(parsed.size() == response.series[0].chunks.size());
    for (size_t i = 0; i < parsed.size(); ++i) {
      const ChunkView& chunk = response.series[0].chunks[i];
      RC_ASSERT(parsed[i].wire == chunk.wire && parsed[i].data == chunk.data);
      RC_ASSERT(parsed[i].min_time_ms == chunk.min_time_ms &&
                parsed[i].max_time_ms == chunk.max_time_ms);
      RC_ASSERT(parsed[i].encoding == chunk.encoding);
    }
  }
}

// Fields in another order, given twice, or unknown, as no known writer makes them: the last counts.
TEST(ChunkedSeriesTest, AChunkMayBeWrittenInAnyForm) {
  std::string labels;
  append_label(labels, "a", "b");
  for (const std::string& chunk :
       {"\x22\x02xx\x08\x01\x10\x02\x18\x01"s, "\x08\x07\x08\x01\x10\x02\x18\x01\x22\x02xx"s,
        "\x08\x01\x10\x02\x18\x01\x28\x05\x22\x02xx"s,
        "\x08\x01\x10\x02\x18\x01\x22\x01y\x22\x02xx"s,
        "\x08\x81\x00\x10\x82\x80\x00\x18\x01\x22\x02xx"s}) {
    const std::string entry = "\x12"s + static_cast<char>(chunk.size()) + chunk;
    const std::string entries = entry + entry;
    std::string data;
    encode_chunked_series(labels, entries, 0, data);
    ChunkedResponse response;
    ASSERT_TRUE(parse_chunked_response(data, response));
    ASSERT_EQ(response.series.size(), 1);
    EXPECT_EQ(response.series[0].labels, labels);
    std::vector<ChunkView> chunks(response.series[0].chunks.begin(),
                                  response.series[0].chunks.end());
    ASSERT_TRUE(parse_chunk_entries(entries, chunks));
    ASSERT_EQ(chunks.size(), 4);
    for (const ChunkView& each : chunks) {
      EXPECT_EQ(each.min_time_ms, 1);
      EXPECT_EQ(each.max_time_ms, 2);
      EXPECT_EQ(each.encoding, ChunkEncoding::xor_);
      EXPECT_EQ(each.data, "xx");
      EXPECT_EQ(each.wire, entry);
    }
  }
}

TEST(ChunkedSeriesTest, BrokenEntriesAreAnErrorWithTheByte) {
  std::string entry;
  append_chunk(entry, 1, 2, ChunkEncoding::xor_, "data");
  const std::pair<std::string, size_t> cases[] = {
      {"\x12", 0}, {"\x12\x05", 0}, {"\x0a\x01x", 0}, {"\x12\x01\x08", 2}};
  for (const auto& [rest, byte] : cases) {
    const std::string entries = entry + rest;
    std::vector<ChunkView> chunks;
    const auto parsed = parse_chunk_entries(entries, chunks);
    ASSERT_FALSE(parsed);
    EXPECT_TRUE(parsed.error().is(Errc::malformed));
    EXPECT_TRUE(parsed.error().context.ends_with(" at byte " + std::to_string(entry.size() + byte)))
        << parsed.error().context;
  }
}

TEST(ChunkedSeriesTest, MemoryIsUsedAgain) {
  std::string labels;
  append_label(labels, "a", "b");
  std::string entries;
  append_chunk(entries, 1, 2, ChunkEncoding::xor_, "data");
  std::string frame;
  encode_chunked_series(labels, entries, 3, frame);
  ChunkedResponse response;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(parse_chunked_response(frame, response));
    ASSERT_EQ(response.series.size(), 1);
    EXPECT_EQ(response.series[0].labels, labels);
    EXPECT_EQ(response.series[0].chunks.size(), 1);
    EXPECT_EQ(response.query_index, 3);
  }
  ASSERT_TRUE(parse_chunked_response("", response));
  EXPECT_TRUE(response.series.empty());
  EXPECT_EQ(response.query_index, 0);
}

TEST(ChunkedSeriesTest, LabelsApartAreGathered) {
  std::string a;
  append_label(a, "a", "1");
  std::string b;
  append_label(b, "b", "2");
  std::string c;
  append_label(c, "c", "3");
  std::string chunk;
  append_chunk(chunk, 1, 2, ChunkEncoding::xor_, "data");
  const std::string body = a + chunk + b + "\x18\x07" + c + chunk;  // Field 3 is not known.
  std::string data;
  for (int i = 0; i < 3; ++i) {
    data.push_back(0x0a);
    data.push_back(static_cast<char>(body.size()));
    data += body;
  }
  ChunkedResponse response;
  ASSERT_TRUE(parse_chunked_response(data, response));
  ASSERT_EQ(response.series.size(), 3);
  for (const ChunkedSeriesView& series : response.series) {
    EXPECT_EQ(series.labels, a + b + c);
    EXPECT_EQ(series.chunks.size(), 2);
  }
}

TEST(ChunkedSeriesTest, NoMemoryForCountlessChunks) {
  const std::string data = "\x0a\x04\x12\x00\x12\x00\x0a\x00"s;  // Two series, two chunks.
  ChunkedResponse response;
  EXPECT_TRUE(parse_chunked_response(data, response, 4));
  for (size_t limit = 0; limit < 4; ++limit) {
    const auto parsed = parse_chunked_response(data, response, limit);
    ASSERT_FALSE(parsed) << limit;
    EXPECT_TRUE(parsed.error().is(Errc::limit));
    EXPECT_TRUE(response.series.empty());
  }
}

struct BrokenCase {
  const char* name;
  std::string data;
  const char* message;
};
void PrintTo(const BrokenCase& broken, std::ostream* out) { *out << broken.name; }
class BrokenFrameTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenFrameTest, NamesTheByte) {
  ChunkedResponse response;
  const auto parsed = parse_chunked_response(GetParam().data, response);
  ASSERT_FALSE(parsed);
  EXPECT_TRUE(parsed.error().is(Errc::malformed));
  EXPECT_EQ(parsed.error().to_string(), GetParam().message);
  EXPECT_TRUE(response.series.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenFrameTest,
    testing::Values(
        BrokenCase{"Text", "not protobuf", "frame: malformed protobuf at byte 0"},  //
        BrokenCase{"SeriesPastEnd",
                   "\x0a\x05"
                   "abc"s,
                   "frame: malformed protobuf at byte 0"},                                    //
        BrokenCase{"SeriesAsNumber", "\x08\x05"s, "frame: malformed protobuf at byte 0"},     //
        BrokenCase{"QueryIndexAsBytes", "\x12\x00"s, "frame: malformed protobuf at byte 0"},  //
        BrokenCase{"LabelsAsNumber", "\x0a\x00\x0a\x02\x08\x01"s,
                   "series 1 of the frame: series: malformed protobuf at byte 4"},  //
        BrokenCase{"ChunkPastEnd", "\x0a\x03\x12\x05\x08"s,
                   "series 0 of the frame: series: malformed protobuf at byte 2"},  //
        BrokenCase{"ChunkDataPastEnd", "\x0a\x04\x12\x02\x22\x05"s,
                   "series 0 of the frame: chunk: malformed protobuf at byte 4"},  //
        BrokenCase{"ChunkTimeAsBytes", "\x0a\x04\x12\x02\x0a\x00"s,
                   "series 0 of the frame: chunk: malformed protobuf at byte 4"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::wire
