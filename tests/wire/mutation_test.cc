// What no decoder may do with any bytes: crash, read outside, or go on forever. Valid inputs are
// cut at every byte and changed at random; with the sanitizers this is a small fuzzer that needs no
// corpus.
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/request/read_request.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::wire {
namespace {

using model::Sample;

std::string some_labels() {
  return encode_labels(model::LabelSet{
      {"__name__", "up"}, {"instance", "127.0.0.1:9100"}, {"job", std::string(150, 'x')}});
}

std::string some_chunk() {
  XorWriter writer;
  std::mt19937_64 random(1);
  int64_t timestamp_ms = 1'700'000'000'000;
  for (int i = 0; i < 60; ++i) {
    timestamp_ms += i % 10 == 0 ? static_cast<int64_t>(random() % (1 << 22)) : 15000;
    writer.append({timestamp_ms, i % 3 == 0 ? random() : Sample::of(0, i).bits});
  }
  return std::string(writer.bytes());
}

std::string some_frame_data() {
  std::string entries;
  append_chunk(entries, 1'700'000'000'000, 1'700'001'000'000, ChunkEncoding::xor_, some_chunk());
  append_chunk(entries, 1'700'002'000'000, 1'700'003'000'000, ChunkEncoding::histogram, "data");
  std::string data;
  encode_chunked_series(some_labels(), entries, 1, data);
  return data;
}

std::string some_stream() {
  std::string body;
  for (int i = 0; i < 3; ++i) append_frame(body, some_frame_data());
  return body;
}

std::string some_samples() {
  std::vector<Sample> samples;
  for (int i = 0; i < 40; ++i)
    samples.push_back(Sample::of(i % 7 == 0 ? i : 1'700'000'000'000 + 15000 * i, i % 5));
  ReadResponseWriter writer;
  for (int i = 0; i < 2; ++i) {
    writer.begin_result();
    writer.append_series(some_labels(), samples, "\x22\x02\x78\x01");
    writer.append_series(some_labels(), {});
  }
  return std::string(writer.bytes());
}

std::string some_request() {
  model::ReadRequest request;
  request.queries.push_back({1,
                             2,
                             {*model::Matcher::create(model::MatchType::regex, "job", "a|b")},
                             model::ReadHints{1, "rate", 2, 3, {"x"}, true, 4}});
  request.accepted_response_types = {model::ResponseType::streamed_xor_chunks};
  return encode_read_request(request);
}

void read_chunk(std::string_view data) {
  XorReader reader(data);
  size_t count = 0;
  for (Sample sample; reader.next(sample);) ++count;
  EXPECT_LE(count, reader.count());
  EXPECT_EQ(reader.ok(), data.size() >= 2 && count == reader.count());
}

void read_frame_data(std::string_view data) {
  ChunkedResponse response;
  if (!parse_chunked_response(data, response)) return;
  for (const ChunkedSeriesView& series : response.series) {
    (void)is_canonical_labels(series.labels);
    (void)decode_labels(series.labels);
    (void)compare_labels(series.labels, some_labels());
    for (const ChunkView& chunk : series.chunks) read_chunk(chunk.data);
  }
}

void read_stream(std::string_view body) {
  for (const size_t piece : {size_t{13}, body.size()}) {
    FrameSplitter splitter(1 << 16);
    for (size_t fed = 0; fed < body.size(); fed += piece) {
      splitter.feed(std::string(body.substr(fed, piece)));
      while (true) {
        const auto frame = splitter.next();
        if (!frame || !*frame) break;
        read_frame_data((*frame)->data);
      }
    }
    (void)splitter.finish();
  }
}

void read_samples(std::string_view body) {
  const auto response = parse_read_response(body);
  if (!response) return;
  for (const QueryResultView& result : response->results) {
    for (const TimeSeriesView& view : result.series) {
      (void)canonical_labels(view.labels);
      SamplesReader reader(view.samples);
      for (Sample sample; reader.next(sample);) {
      }
      HistogramEntries entries(view.histograms);
      for (std::string_view message; entries.next(message);) {
      }
    }
  }
}

struct MutationCase {
  const char* name;
  std::function<std::string()> input;
  std::function<void(std::string_view)> decode;
};
void PrintTo(const MutationCase& mutation, std::ostream* out) { *out << mutation.name; }
class MutationTest : public testing::TestWithParam<MutationCase> {
 protected:
  // An exact allocation of its own, so that a sanitizer sees the first byte too many.
  static void decode(const std::string& bytes) {
    const std::unique_ptr<char[]> copy(new char[bytes.size()]);
    if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
    GetParam().decode({copy.get(), bytes.size()});
  }
};

TEST_P(MutationTest, EveryTruncation) {
  const std::string input = GetParam().input();
  for (size_t size = 0; size <= input.size(); ++size) decode(input.substr(0, size));
}

TEST_P(MutationTest, RandomChanges) {
  const std::string input = GetParam().input();
  std::mt19937_64 random(42);
  static constexpr unsigned char likely[] = {0x00, 0x01, 0x7f, 0x80, 0xff,
                                             0x0a, 0x12, 0x22, 0x09, 0x10};
  for (int round = 0; round < 3000; ++round) {
    std::string changed = input;
    for (uint64_t i = 1 + random() % 4; i-- > 0;) {
      const size_t at = random() % changed.size();
      switch (random() % 5) {
        case 0:
          changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1U << random() % 8));
          break;
        case 1:
          changed[at] = static_cast<char>(likely[random() % std::size(likely)]);
          break;
        case 2:
          changed.erase(at, 1 + random() % 3);
          break;
        case 3:
          changed.insert(at, 1 + random() % 3, static_cast<char>(random()));
          break;
        default:
          changed.insert(at, changed.substr(random() % changed.size(), random() % 20));
          break;
      }
      if (changed.empty()) changed = "x";
    }
    decode(changed);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Decoders, MutationTest,
    testing::Values(MutationCase{"Labels", some_labels,
                                 [](std::string_view bytes) {
                                   (void)is_canonical_labels(bytes);
                                   (void)canonical_labels(bytes);
                                   (void)find_label(bytes, "job");
                                   (void)compare_labels(bytes, some_labels());
                                   (void)compare_labels(some_labels(), bytes);
                                 }},
                    MutationCase{"XorChunk", some_chunk, read_chunk},             //
                    MutationCase{"FrameData", some_frame_data, read_frame_data},  //
                    MutationCase{"Stream", some_stream, read_stream},             //
                    MutationCase{"Samples", some_samples, read_samples},          //
                    MutationCase{"SnappyBlock", [] { return compress(some_samples()); },
                                 [](std::string_view bytes) { (void)uncompress(bytes, 1 << 20); }},
                    MutationCase{
                        "ReadRequest", some_request,
                        [](std::string_view bytes) { (void)decode_read_request(bytes, 1 << 20); }}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::wire
