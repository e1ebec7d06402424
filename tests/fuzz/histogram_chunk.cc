// Histogram chunks of the four encodings: any bytes as a chunk. What is read and written as chunks
// has the same samples, and each chunk that was written is written again byte for byte.
#include "wire/chunk/histogram_chunk.h"

#include "fuzz/chunk_checks.h"
#include "fuzz/harness.h"
#include "wire/samples/histogram_proto.h"
#include "wire/streamed/chunk_transcoder.h"
#include "wire/streamed/chunked_series.h"

namespace {

using namespace mread;  // NOLINT: a program of its own

// A layout of many empty buckets costs few bits a sample: more than this takes long and shows
// nothing new.
constexpr size_t most_buckets = 20'000;
constexpr size_t most_samples = 300;

struct Decoded {
  std::vector<model::HistogramSample> samples;
  std::vector<int64_t> starts;
  wire::CounterResetHeader header = wire::CounterResetHeader::unknown;
  bool ok = false;
  bool whole = true;
};

size_t buckets_of(const model::Histogram& histogram) {
  return histogram.positive_deltas.size() + histogram.negative_deltas.size() +
         histogram.positive_counts.size() + histogram.negative_counts.size() +
         histogram.custom_values.size();
}

Decoded decode(wire::ChunkEncoding encoding, std::string_view chunk) {
  Decoded out;
  wire::HistogramChunkReader reader(encoding, chunk);
  size_t buckets = 0;
  while (reader.next()) {
    out.samples.push_back(reader.sample());
    out.starts.push_back(reader.start_ms());
    buckets += buckets_of(reader.sample().histogram) + 1;
    FUZZ_CHECK(reader.sample().histogram.is_stale() ||
               reader.sample().histogram.check().has_value());
    if (buckets > most_buckets || out.samples.size() == most_samples) {
      out.whole = false;
      break;
    }
  }
  out.header = reader.header();
  out.ok = !reader.error();
  FUZZ_CHECK(!reader.error() || !reader.error()->context.empty());
  if (out.ok && out.whole) FUZZ_CHECK(out.samples.size() == reader.samples());
  return out;
}

// Nothing where a sample was refused.
std::vector<wire::EncodedHistogramChunk> encode(const Decoded& decoded, bool starts,
                                                bool& refused) {
  wire::HistogramChunkWriter::Options options;
  options.max_samples = most_samples;
  options.first_header = decoded.header;
  options.start_times = starts;
  wire::HistogramChunkWriter writer(options);
  refused = false;
  for (size_t i = 0; i < decoded.samples.size() && !refused; ++i) {
    refused = !writer.append(decoded.samples[i], decoded.starts[i]).has_value();
  }
  return writer.finish();
}

void check_written_again(const wire::EncodedHistogramChunk& chunk, bool starts) {
  const Decoded back = decode(chunk.encoding, chunk.bytes);
  FUZZ_CHECK(back.ok);
  if (!back.whole) return;
  FUZZ_CHECK(back.samples.size() == chunk.samples);
  FUZZ_CHECK(back.samples.front().timestamp_ms == chunk.min_time_ms);
  FUZZ_CHECK(back.samples.back().timestamp_ms == chunk.max_time_ms);
  bool refused = false;
  const auto again = encode(back, starts, refused);
  FUZZ_CHECK(!refused && again.size() == 1);
  FUZZ_CHECK(again[0].bytes == chunk.bytes);
  FUZZ_CHECK(again[0].encoding == chunk.encoding);
}

void check_round_trip(const Decoded& decoded, bool starts) {
  bool refused = false;
  const auto chunks = encode(decoded, starts, refused);
  size_t index = 0;
  for (const auto& chunk : chunks) {
    const Decoded back = decode(chunk.encoding, chunk.bytes);
    FUZZ_CHECK(back.ok);
    for (size_t i = 0; i < back.samples.size(); ++i) {
      FUZZ_CHECK(index + i < decoded.samples.size());
      FUZZ_CHECK(back.samples[i].timestamp_ms == decoded.samples[index + i].timestamp_ms);
      const auto& got = back.samples[i].histogram;
      const auto& want = decoded.samples[index + i].histogram;
      FUZZ_CHECK(got.is_stale() == want.is_stale());
      if (!want.is_stale()) FUZZ_CHECK(got.count == want.count && got.schema == want.schema);
    }
    index += chunk.samples;
    check_written_again(chunk, starts);
  }
  if (!refused) FUZZ_CHECK(index == decoded.samples.size());
}

// As a message of a SAMPLES answer.
void check_messages(const Decoded& decoded) {
  for (const auto& sample : decoded.samples) {
    std::string message;
    wire::append_histogram_message(message, sample);
    const auto back = wire::parse_histogram_message(message);
    FUZZ_CHECK_SHOW(back.has_value(), back ? "" : back.error().to_string());
    FUZZ_CHECK(back->timestamp_ms == sample.timestamp_ms);
    if (sample.histogram.is_stale()) continue;
    FUZZ_CHECK_SHOW(back->histogram == sample.histogram,
                    sample.histogram.to_string() + " / " + back->histogram.to_string());
  }
}

void check_transcoded(wire::ChunkEncoding encoding, const std::string& chunk,
                      const Decoded& decoded) {
  if (chunk.size() < 2 || !wire::is_newer(encoding) || !decoded.whole) return;
  wire::ChunkView view;
  view.encoding = encoding;
  view.data = chunk;
  view.min_time_ms = INT64_MIN;
  view.max_time_ms = INT64_MAX;
  std::string entries = "x";
  wire::ChunkTranscoder transcoder;
  const auto done = transcoder.append(entries, view, wire::counter_reset_header(encoding, chunk));
  FUZZ_CHECK(done || entries == "x");
  if (!done) return;
  FUZZ_CHECK(decoded.ok);
  std::vector<wire::ChunkView> chunks;
  FUZZ_CHECK(wire::parse_chunk_entries(std::string_view(entries).substr(1), chunks).has_value());
  size_t count = 0;
  for (const auto& each : chunks) {
    FUZZ_CHECK(!wire::is_newer(each.encoding));
    const Decoded back = decode(each.encoding, each.data);
    FUZZ_CHECK(back.ok);
    count += back.samples.size();
  }
  FUZZ_CHECK(count == decoded.samples.size());
}

}  // namespace

MREAD_FUZZ(histogram_chunk) {
  constexpr wire::ChunkEncoding encodings[] = {
      wire::ChunkEncoding::histogram, wire::ChunkEncoding::float_histogram,
      wire::ChunkEncoding::histogram_st, wire::ChunkEncoding::float_histogram_st};
  const wire::ChunkEncoding encoding = encodings[input.byte() % 4];
  const std::string chunk = input.rest();
  const Decoded decoded = decode(encoding, chunk);
  check_round_trip(decoded, wire::is_newer(encoding));
  check_messages(decoded);
  check_transcoded(encoding, chunk, decoded);
  if (decoded.whole) fuzz::check_chunk(encoding, chunk, decoded.ok);
}
