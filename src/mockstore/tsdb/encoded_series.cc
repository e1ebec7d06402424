#include "mockstore/tsdb/encoded_series.h"

#include <algorithm>
#include <limits>

#include "wire/chunk/chunk_samples.h"
#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/xor2_chunk.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/samples/histogram_proto.h"

namespace mread::mockstore {
namespace {

using Chunk = EncodedSeries::Chunk;

constexpr int64_t endless = std::numeric_limits<int64_t>::max();

struct Range {
  int64_t first_ms;
  int64_t last_ms;
  bool covers(int64_t timestamp_ms) const {
    return timestamp_ms >= first_ms && timestamp_ms <= last_ms;
  }
};

Range cut_range(const model::Query& query) {
  if (query.hints) return {query.hints->start_ms, query.hints->end_ms};
  return {query.start_ms, query.end_ms};
}

bool is_picked(const EncodedSeries& series, const Chunk& chunk, const model::Query& query,
               const Range& range) {
  if (chunk.min_time_ms > query.end_ms || chunk.max_time_ms < query.start_ms) return false;
  const bool open = &chunk == &series.chunks().back();
  return chunk.min_time_ms <= range.last_ms && (open || chunk.max_time_ms >= range.first_ms);
}

void add_entry(SelectedSamples& out, std::string_view entry, uint64_t samples) {
  out.entries += entry;
  out.entry_sizes.push_back(entry.size());
  out.samples += samples;
}

void put_float(wire::XorWriter& writer, model::Sample sample, int64_t) { writer.append(sample); }
void put_float(wire::Xor2Writer& writer, model::Sample sample, int64_t start_ms) {
  writer.append(sample, start_ms);
}

template <class Writer>
Result<void> add_cut_floats(const EncodedSeries& series, const Chunk& chunk, const Range& range,
                            SelectedSamples& out) {
  Writer writer;
  const auto put = [&](model::Sample sample, int64_t start_ms) {
    if (range.covers(sample.timestamp_ms)) put_float(writer, sample, start_ms);
  };
  const auto none = [](const model::HistogramSample&, int64_t) {};
  if (auto read = wire::each_sample(chunk.encoding, series.data(chunk), put, none); !read)
    return read;
  if (writer.empty()) return {};
  std::string entry;
  wire::append_chunk(entry, writer.min_time_ms(), writer.max_time_ms(), chunk.encoding,
                     writer.bytes());
  add_entry(out, entry, writer.count());
  return {};
}

// Writes a chunk again with only the samples within the range; none where there are none.
Result<void> add_cut_chunk(const EncodedSeries& series, const Chunk& chunk, const Range& range,
                           SelectedSamples& out) {
  if (chunk.encoding == wire::ChunkEncoding::xor_)
    return add_cut_floats<wire::XorWriter>(series, chunk, range, out);
  if (chunk.encoding == wire::ChunkEncoding::xor2)
    return add_cut_floats<wire::Xor2Writer>(series, chunk, range, out);
  std::string entry;
  wire::HistogramChunkWriter writer({.max_samples = std::numeric_limits<uint16_t>::max(),
                                     .start_times = wire::is_newer(chunk.encoding)});
  wire::HistogramChunkReader reader(chunk.encoding, series.data(chunk));
  while (reader.next()) {
    if (!range.covers(reader.sample().timestamp_ms)) continue;
    if (auto done = writer.append(reader.sample(), reader.start_ms()); !done) return done;
  }
  if (reader.error()) return fail(*reader.error());
  for (const auto& rewritten : writer.finish()) {
    entry.clear();
    wire::append_chunk(entry, rewritten.min_time_ms, rewritten.max_time_ms, chunk.encoding,
                       rewritten.bytes);
    add_entry(out, entry, rewritten.samples);
  }
  return {};
}

}  // namespace

void SelectedSamples::clear() {
  in_answer = false;
  samples = 0;
  entries.clear();
  entry_sizes.clear();
  floats.clear();
  histogram_entries.clear();
}

bool overlaps(const EncodedSeries& series, const model::Query& query) {
  const Range range = cut_range(query);
  return std::any_of(series.chunks().begin(), series.chunks().end(),
                     [&](const Chunk& chunk) { return is_picked(series, chunk, query, range); });
}

Result<void> select_chunks(const EncodedSeries& series, const model::Query& query,
                           SelectedSamples& out) {
  out.clear();
  const Range range = cut_range(query);
  for (const Chunk& chunk : series.chunks()) {
    if (!is_picked(series, chunk, query, range)) continue;
    out.in_answer = true;
    // The open chunk ends nowhere, so Prometheus writes it again whenever the range has an end; a
    // histogram chunk loses its counter reset header by that.
    const bool open = &chunk == &series.chunks().back();
    const bool whole = chunk.min_time_ms >= range.first_ms && chunk.max_time_ms <= range.last_ms;
    const bool as_it_is =
        whole && (!open || wire::has_floats(chunk.encoding) || range.last_ms == endless);
    if (as_it_is) {
      add_entry(out, series.entry(chunk), chunk.samples);
    } else if (auto done = add_cut_chunk(series, chunk, range, out); !done) {
      return done;
    }
  }
  return {};
}

Result<void> select_samples(const EncodedSeries& series, const model::Query& query,
                            SelectedSamples& out) {
  out.clear();
  const Range range = cut_range(query);
  const bool labels_only = query.hints && query.hints->func == "series";
  for (const Chunk& chunk : series.chunks()) {
    if (!is_picked(series, chunk, query, range)) continue;
    out.in_answer = true;
    if (labels_only) break;
    const auto add = [&](const auto& sample, int64_t) {
      if (!range.covers(sample.timestamp_ms)) return;
      ++out.samples;
      if constexpr (std::is_same_v<std::decay_t<decltype(sample)>, model::Sample>)
        out.floats.push_back(sample);
      else
        wire::append_histogram_entry(out.histogram_entries, sample);
    };
    if (auto done = wire::each_sample(chunk.encoding, series.data(chunk), add, add); !done)
      return done;
  }
  return {};
}

}  // namespace mread::mockstore
