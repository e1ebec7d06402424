#include "mockstore/tsdb/head_appender.h"

#include <cmath>
#include <limits>

namespace mread::mockstore {
namespace {

constexpr size_t samples_per_chunk = 120;
constexpr int64_t chunk_range_ms = 2 * 60 * 60 * 1000;
constexpr size_t max_xor_bytes = 1024 - 19;  // The largest sample takes 19 bytes.
constexpr size_t target_histogram_bytes = 1024;
constexpr size_t min_histogram_samples = 10;
constexpr wire::HistogramChunkWriter::Options no_count_limit{
    .max_samples = std::numeric_limits<uint16_t>::max()};

int64_t range_end(int64_t timestamp_ms) {
  return timestamp_ms / chunk_range_ms * chunk_range_ms + chunk_range_ms;
}

// Spreads the rest of the range evenly over chunks like the one that is 1 / ratio_to_full full.
int64_t chunk_end(int64_t first_ms, int64_t last_ms, int64_t range_end_ms, double ratio_to_full) {
  const double chunks = static_cast<double>(range_end_ms - first_ms) /
                        (static_cast<double>(last_ms - first_ms + 1) * ratio_to_full);
  if (chunks <= 1) return range_end_ms;
  return static_cast<int64_t>(static_cast<double>(first_ms) +
                              static_cast<double>(range_end_ms - first_ms) / std::floor(chunks));
}

// What the header of a chunk that continues another says of its first sample.
Result<wire::CounterResetHeader> continued_header(const model::HistogramSample& before,
                                                  const model::HistogramSample& sample) {
  wire::HistogramChunkWriter writer(no_count_limit);
  if (auto done = writer.append(before); !done) return fail(done.error());
  if (auto done = writer.append(sample); !done) return fail(done.error());
  const auto chunks = writer.finish();
  if (sample.histogram.counter_reset_hint == model::CounterResetHint::gauge)
    return wire::CounterResetHeader::gauge;
  if (chunks.size() < 2) return wire::CounterResetHeader::not_reset;
  const auto header =
      wire::HistogramChunkReader(chunks.back().is_float, chunks.back().bytes).header();
  return header == wire::CounterResetHeader::reset ? header : wire::CounterResetHeader::not_reset;
}

}  // namespace

bool HeadAppender::must_cut_by_count(int64_t timestamp_ms, size_t count) {
  if (count == samples_per_chunk / 4) next_at_ms_ = chunk_end(first_ms_, last_ms_, next_at_ms_, 4);
  return timestamp_ms >= next_at_ms_ || count >= 2 * samples_per_chunk;
}

Result<void> HeadAppender::append(const model::Sample& sample) {
  // A scrape marks the end of any series by a float; the head makes it fit.
  if (model::is_stale(sample.bits) &&
      (open_ == Open::histograms || open_ == Open::float_histograms))
    return append(model::HistogramSample{sample.timestamp_ms,
                                         model::Histogram::stale(open_ == Open::float_histograms)});
  const bool too_large =
      behaves_like_ == PrometheusVersion::v3_5 && float_bytes().size() > max_xor_bytes;
  if (open_ != Open::floats || too_large || must_cut_by_count(sample.timestamp_ms, count_)) {
    close();
    open(Open::floats, sample.timestamp_ms);
  }
  const int64_t start_ms = start_of(sample.timestamp_ms);
  if (newer_) {
    newer_floats_.append(sample, start_ms);
  } else {
    floats_.append(sample);
  }
  last_ms_ = sample.timestamp_ms;
  ++count_;
  return {};
}

bool HeadAppender::must_cut_histogram(int64_t timestamp_ms) {
  if (behaves_like_ == PrometheusVersion::v2_42) return must_cut_by_count(timestamp_ms, count_);
  wire::HistogramChunkWriter copy = histograms_;
  const size_t bytes = copy.finish().back().bytes.size();
  const int64_t next_range_ms = histogram_end_known_ ? range_end(first_ms_) : next_at_ms_;
  if (!histogram_end_known_ && bytes >= target_histogram_bytes / 4) {
    next_at_ms_ =
        chunk_end(first_ms_, last_ms_, next_at_ms_,
                  static_cast<double>(target_histogram_bytes) / static_cast<double>(bytes));
    histogram_end_known_ = true;
  }
  return (timestamp_ms >= next_at_ms_ || bytes >= 2 * target_histogram_bytes) &&
         (count_ >= min_histogram_samples || timestamp_ms >= next_range_ms);
}

Result<void> HeadAppender::append(const model::HistogramSample& sample) {
  const Open kind = sample.histogram.is_float ? Open::float_histograms : Open::histograms;
  if (open_ != kind) {
    close();
    open(kind, sample.timestamp_ms);
    histogram_end_known_ = false;
  } else if (must_cut_histogram(sample.timestamp_ms)) {
    auto header = continued_header(*last_histogram_, sample);
    if (!header) return fail(header.error());
    close();
    open(kind, sample.timestamp_ms, *header);
    histogram_end_known_ = false;
  }
  if (auto done = histograms_.append(sample, start_of(sample.timestamp_ms)); !done) return done;
  for (const auto& chunk :
       histograms_.take()) {  // The sample did not fit the chunk and began another.
    put(chunk);
    first_ms_ = sample.timestamp_ms;
    next_at_ms_ = range_end(first_ms_);
    count_ = 0;
  }
  last_histogram_ = sample;
  last_ms_ = sample.timestamp_ms;
  ++count_;
  return {};
}

int64_t HeadAppender::start_of(int64_t timestamp_ms) {
  if (!start_ms_) start_ms_ = timestamp_ms;
  return *start_ms_;
}

void HeadAppender::open(Open kind, int64_t timestamp_ms, wire::CounterResetHeader header) {
  open_ = kind;
  first_ms_ = timestamp_ms;
  next_at_ms_ = range_end(timestamp_ms);
  count_ = 0;
  if (kind == Open::floats) {
    floats_.reset();
    newer_floats_.reset();
  } else {
    wire::HistogramChunkWriter::Options options = no_count_limit;
    options.start_times = newer_;
    options.first_header = header;
    histograms_ = wire::HistogramChunkWriter(options);
  }
}

void HeadAppender::close() {
  if (open_ == Open::floats) {
    put(first_ms_, last_ms_, newer_ ? wire::ChunkEncoding::xor2 : wire::ChunkEncoding::xor_, count_,
        float_bytes());
  } else if (open_ != Open::none) {
    for (const auto& chunk : histograms_.finish()) put(chunk);
  }
  open_ = Open::none;
}

void HeadAppender::put(const wire::EncodedHistogramChunk& chunk) {
  put(chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.samples, chunk.bytes);
}

void HeadAppender::put(int64_t min_ms, int64_t max_ms, wire::ChunkEncoding encoding, size_t samples,
                       std::string_view data) {
  EncodedSeries::Chunk chunk{min_ms, max_ms, encoding, static_cast<uint32_t>(samples)};
  chunk.entry_offset = out_.data_.size();
  wire::append_chunk(out_.data_, min_ms, max_ms, encoding, data);
  chunk.entry_size = out_.data_.size() - chunk.entry_offset;
  // The data are the last field of the entry.
  chunk.data_offset = out_.data_.size() - data.size();
  chunk.data_size = data.size();
  out_.chunks_.push_back(chunk);
  out_.samples_ += samples;
}

EncodedSeries HeadAppender::finish() {
  close();
  out_.data_.shrink_to_fit();
  return std::move(out_);
}

Result<EncodedSeries> EncodedSeries::encode(const model::Series& series,
                                            PrometheusVersion behaves_like, Encodings encodings) {
  HeadAppender appender(behaves_like, encodings);
  auto histogram = series.histograms.begin();
  const auto append_histograms_before = [&](int64_t timestamp_ms) -> Result<void> {
    for (; histogram != series.histograms.end() && histogram->timestamp_ms < timestamp_ms;
         ++histogram)
      if (auto done = appender.append(*histogram); !done) return done;
    return {};
  };
  for (const model::Sample& sample : series.samples) {
    if (auto done = append_histograms_before(sample.timestamp_ms); !done) return fail(done.error());
    if (auto done = appender.append(sample); !done) return fail(done.error());
  }
  if (auto done = append_histograms_before(std::numeric_limits<int64_t>::max()); !done)
    return fail(done.error());
  return appender.finish();
}

}  // namespace mread::mockstore
