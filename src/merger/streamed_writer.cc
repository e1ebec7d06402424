#include "merger/streamed_writer.h"

#include <algorithm>

#include "wire/chunked_series.h"
#include "wire/frame_splitter.h"

namespace mread::merger {

void StreamedWriter::begin_result(size_t query_index, const model::Query&) { query_index_ = query_index; }

SourceResult<void> StreamedWriter::write(std::vector<Fragment>& fragments, Batch& batch) {
  const bool identical = all_identical(fragments);
  const bool readable = config_.chunk_encodings == ChunkEncodings::newer || !fragments[0].newer_chunks;
  if (identical && readable && !fragments[0].is_samples && !fragments[0].whole.empty() && query_index_ == 0) {
    if (auto counted = count_series(fragments[0].sample_count); !counted) return counted;
    ++counts_.frames_passed_on;
    batch.pass_on(fragments[0].whole, std::move(fragments[0].pin));
    return {};
  }

  labels_ = fragments[0].labels;
  entries_.clear();
  frames_ = 0;
  samples_ = 0;
  last_source_ = no_source;
  out_ = &batch.own();
  const size_t begin = out_->size();
  const auto transcoded_before = counts_.transcoded;
  auto written = combine(std::span(fragments).first(identical ? 1 : fragments.size()), *this);
  if (written) written = count_series(samples_);
  if (!written) {
    floats_.reset();
    histograms_ = {};
    out_->resize(begin);
    counts_.transcoded = transcoded_before;
    return written;
  }
  if (!entries_.empty() || frames_ == 0) write_frame();
  batch.add_own(begin);
  return {};
}

SourceResult<void> StreamedWriter::chunk(const wire::ChunkView& chunk, uint32_t source) {
  // A histogram chunk's header says how it follows on the chunk before: nothing is known of that any more when the
  // chunk before was another source's.
  const bool follows_another = last_source_ != no_source && last_source_ != source;
  auto header = wire::counter_reset_header(chunk.encoding, chunk.data);
  const bool relates = header == wire::CounterResetHeader::reset || header == wire::CounterResetHeader::not_reset;
  if (follows_another && relates) header = wire::CounterResetHeader::unknown;
  if (must_transcode(chunk)) {
    if (auto appended = transcoder_.append(entries_, chunk, header); !appended) {
      return tl::unexpected<SourceError>({source, std::move(appended).error()});
    }
    ++counts_.transcoded[static_cast<size_t>(chunk.encoding) - static_cast<size_t>(wire::newer_encodings[0])];
  } else if (follows_another && relates) {
    std::string data(chunk.data);
    char& byte = data[wire::is_newer(chunk.encoding) ? 0 : 2];
    byte = static_cast<char>(byte & 0x3f);
    wire::append_chunk(entries_, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, data);
  } else {
    entries_.append(chunk.wire);
  }
  last_source_ = source;
  samples_ += wire::claimed_samples(chunk.encoding, chunk.data);
  cut_frame_if_large();
  return check_samples(samples_);
}

SourceResult<void> StreamedWriter::samples(std::span<const model::Sample> samples) {
  for (size_t i = 0; i < samples.size(); i += chunk_samples) {
    floats_.append(samples.subspan(i, std::min(chunk_samples, samples.size() - i)));
    close_float_chunk();
  }
  last_source_ = no_source - 1;  // No single source's.
  samples_ += samples.size();
  return check_samples(samples_);
}

SourceResult<void> StreamedWriter::mixed(std::span<const MixedSample> samples) {
  for (const MixedSample& sample : samples) {
    if (!sample.is_histogram) {
      close_histogram_chunks();
      floats_.append({sample.timestamp_ms, sample.bits});
      if (floats_.count() == chunk_samples) close_float_chunk();
      continue;
    }
    close_float_chunk();
    if (auto added = histograms_.append({sample.timestamp_ms, sample.histogram}); !added) {
      return tl::unexpected<SourceError>({sample.source, added.error()});
    }
  }
  close_float_chunk();
  close_histogram_chunks();
  last_source_ = no_source - 1;
  samples_ += samples.size();
  return check_samples(samples_);
}

void StreamedWriter::close_float_chunk() {
  if (floats_.empty()) return;
  wire::append_chunk(entries_, floats_.min_time_ms(), floats_.max_time_ms(), wire::ChunkEncoding::xor_,
                     floats_.bytes());
  floats_.reset();
  cut_frame_if_large();
}

void StreamedWriter::close_histogram_chunks() {
  for (const wire::EncodedHistogramChunk& chunk : histograms_.finish()) {
    wire::append_chunk(entries_, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.bytes);
  }
  cut_frame_if_large();
}

void StreamedWriter::cut_frame_if_large() {
  if (entries_.size() >= frame_limit) write_frame();
}

void StreamedWriter::write_frame() {
  message_.clear();
  wire::encode_chunked_series(labels_, entries_, static_cast<int64_t>(query_index_), message_);
  wire::append_frame(*out_, message_);
  entries_.clear();
  ++frames_;
}

}  // namespace mread::merger
