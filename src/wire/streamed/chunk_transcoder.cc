#include "wire/streamed/chunk_transcoder.h"

#include <limits>

#include <fmt/format.h>

#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/xor2_chunk.h"
#include "wire/streamed/chunk_check.h"

namespace mread::wire {

namespace {

// A layout of many empty buckets costs few bits a sample.
constexpr uint64_t most_decoded_bytes = uint64_t{256} << 20;

}  // namespace

Result<void> ChunkTranscoder::append_floats(std::string& entries, const ChunkView& chunk) {
  floats_.reset();
  Xor2Reader reader(chunk.data);
  for (model::Sample sample; reader.next(sample);) {
    if (auto inside = check_time(chunk, sample.timestamp_ms); !inside) return inside;
    floats_.append(sample);
  }
  if (!reader.ok()) return fail(*reader.error());
  if (!floats_.empty()) {
    append_chunk(entries, chunk.min_time_ms, chunk.max_time_ms, ChunkEncoding::xor_,
                 floats_.bytes());
  }
  return {};
}

Result<void> ChunkTranscoder::append(std::string& entries, const ChunkView& chunk,
                                     CounterResetHeader header) {
  if (chunk.encoding == ChunkEncoding::xor2) return append_floats(entries, chunk);
  HistogramChunkWriter writer(
      {.max_samples = std::numeric_limits<uint16_t>::max(), .first_header = header});
  HistogramChunkReader reader(chunk.encoding, chunk.data);
  uint64_t decoded_bytes = 0;
  while (reader.next()) {
    if (auto inside = check_time(chunk, reader.sample().timestamp_ms); !inside) return inside;
    const model::Histogram& histogram = reader.sample().histogram;
    decoded_bytes += sizeof(model::HistogramSample) + 8 * (bucket_count(histogram.positive_spans) +
                                                           bucket_count(histogram.negative_spans));
    if (decoded_bytes > most_decoded_bytes) {
      return fail(Errc::limit, fmt::format("{} chunk: its {} samples need more than {} MiB decoded",
                                           to_string(chunk.encoding), reader.samples(),
                                           most_decoded_bytes >> 20));
    }
    if (auto added = writer.append(reader.sample()); !added) return added;
  }
  if (reader.error()) return fail(*reader.error());
  const auto written = writer.finish();
  for (size_t i = 0; i < written.size(); ++i) {
    append_chunk(entries, i == 0 ? chunk.min_time_ms : written[i].min_time_ms,
                 i + 1 == written.size() ? chunk.max_time_ms : written[i].max_time_ms,
                 written[i].encoding, written[i].bytes);
  }
  return {};
}

}  // namespace mread::wire
