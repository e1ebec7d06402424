#include "mockstore/encoded_series.h"

#include <algorithm>
#include <limits>

#include "mockstore/head_appender.h"
#include "wire/histogram_chunk.h"
#include "wire/histogram_proto.h"
#include "wire/xor_chunk.h"

namespace mread::mockstore {
namespace {

using Chunk = EncodedSeries::Chunk;

constexpr int64_t endless = std::numeric_limits<int64_t>::max();

struct Range {
  int64_t first_ms;
  int64_t last_ms;
  bool covers(int64_t timestamp_ms) const { return timestamp_ms >= first_ms && timestamp_ms <= last_ms; }
};

Range cut_range(const model::Query& query) {
  if (query.hints) return {query.hints->start_ms, query.hints->end_ms};
  return {query.start_ms, query.end_ms};
}

bool is_picked(const EncodedSeries& series, const Chunk& chunk, const model::Query& query, const Range& range) {
  if (chunk.min_time_ms > query.end_ms || chunk.max_time_ms < query.start_ms) return false;
  const bool open = &chunk == &series.chunks().back();
  return chunk.min_time_ms <= range.last_ms && (open || chunk.max_time_ms >= range.first_ms);
}

template <class Each>
Result<void> each_sample(const Chunk& chunk, std::string_view data, Each&& each) {
  if (chunk.encoding == wire::ChunkEncoding::xor_) {
    wire::XorReader reader(data);
    model::Sample sample;
    while (reader.next(sample)) each(sample);
    if (!reader.ok()) return fail(*reader.error());
    return {};
  }
  wire::HistogramChunkReader reader(chunk.encoding == wire::ChunkEncoding::float_histogram, data);
  while (reader.next()) each(reader.sample());
  if (reader.error()) return fail(*reader.error());
  return {};
}

void add_entry(SelectedSamples& out, std::string_view entry, uint64_t samples) {
  out.entries += entry;
  out.entry_sizes.push_back(entry.size());
  out.samples += samples;
}

// Writes a chunk again with only the samples within the range; none where there are none.
Result<void> add_cut_chunk(const EncodedSeries& series, const Chunk& chunk, const Range& range, SelectedSamples& out) {
  std::string entry;
  if (chunk.encoding == wire::ChunkEncoding::xor_) {
    wire::XorWriter writer;
    wire::XorReader reader(series.data(chunk));
    model::Sample sample;
    while (reader.next(sample))
      if (range.covers(sample.timestamp_ms)) writer.append(sample);
    if (!reader.ok()) return fail(*reader.error());
    if (writer.empty()) return {};
    wire::append_chunk(entry, writer.min_time_ms(), writer.max_time_ms(), chunk.encoding, writer.bytes());
    add_entry(out, entry, writer.count());
    return {};
  }
  wire::HistogramChunkWriter writer({.max_samples = std::numeric_limits<uint16_t>::max()});
  wire::HistogramChunkReader reader(chunk.encoding == wire::ChunkEncoding::float_histogram, series.data(chunk));
  while (reader.next()) {
    if (!range.covers(reader.sample().timestamp_ms)) continue;
    if (auto done = writer.append(reader.sample()); !done) return done;
  }
  if (reader.error()) return fail(*reader.error());
  for (const auto& rewritten : writer.finish()) {
    entry.clear();
    wire::append_chunk(entry, rewritten.min_time_ms, rewritten.max_time_ms, chunk.encoding, rewritten.bytes);
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

Result<EncodedSeries> EncodedSeries::encode(const model::Series& series, Generation generation) {
  HeadAppender appender(generation);
  auto histogram = series.histograms.begin();
  const auto append_histograms_before = [&](int64_t timestamp_ms) -> Result<void> {
    for (; histogram != series.histograms.end() && histogram->timestamp_ms < timestamp_ms; ++histogram)
      if (auto done = appender.append(*histogram); !done) return done;
    return {};
  };
  for (const model::Sample& sample : series.samples) {
    if (auto done = append_histograms_before(sample.timestamp_ms); !done) return fail(done.error());
    if (auto done = appender.append(sample); !done) return fail(done.error());
  }
  if (auto done = append_histograms_before(endless); !done) return fail(done.error());
  return appender.finish();
}

bool overlaps(const EncodedSeries& series, const model::Query& query) {
  const Range range = cut_range(query);
  return std::any_of(series.chunks().begin(), series.chunks().end(),
                     [&](const Chunk& chunk) { return is_picked(series, chunk, query, range); });
}

Result<void> select_chunks(const EncodedSeries& series, const model::Query& query, SelectedSamples& out) {
  out.clear();
  const Range range = cut_range(query);
  for (const Chunk& chunk : series.chunks()) {
    if (!is_picked(series, chunk, query, range)) continue;
    out.in_answer = true;
    // The open chunk ends nowhere, so Prometheus writes it again whenever the range has an end; a histogram chunk loses
    // its counter reset header by that.
    const bool open = &chunk == &series.chunks().back();
    const bool whole = chunk.min_time_ms >= range.first_ms && chunk.max_time_ms <= range.last_ms;
    const bool as_it_is = whole && (!open || chunk.encoding == wire::ChunkEncoding::xor_ || range.last_ms == endless);
    if (as_it_is) {
      add_entry(out, series.entry(chunk), chunk.samples);
    } else if (auto done = add_cut_chunk(series, chunk, range, out); !done) {
      return done;
    }
  }
  return {};
}

Result<void> select_samples(const EncodedSeries& series, const model::Query& query, SelectedSamples& out) {
  out.clear();
  const Range range = cut_range(query);
  const bool labels_only = query.hints && query.hints->func == "series";
  for (const Chunk& chunk : series.chunks()) {
    if (!is_picked(series, chunk, query, range)) continue;
    out.in_answer = true;
    if (labels_only) break;
    const auto add = [&](const auto& sample) {
      if (!range.covers(sample.timestamp_ms)) return;
      ++out.samples;
      if constexpr (std::is_same_v<std::decay_t<decltype(sample)>, model::Sample>)
        out.floats.push_back(sample);
      else
        wire::append_histogram_entry(out.histogram_entries, sample);
    };
    if (auto done = each_sample(chunk, series.data(chunk), add); !done) return done;
  }
  return {};
}

}  // namespace mread::mockstore
