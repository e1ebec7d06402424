#include "merger/streamed_writer.h"

#include <algorithm>

#include "wire/chunked_series.h"
#include "wire/frame_splitter.h"

namespace mread::merger {
namespace {

uint64_t claimed_samples(const wire::ChunkView& chunk) {
  return static_cast<uint64_t>(static_cast<unsigned char>(chunk.data[0])) << 8 |
         static_cast<unsigned char>(chunk.data[1]);
}

}  // namespace

void StreamedWriter::begin_result(size_t query_index, const model::Query&) { query_index_ = query_index; }

SourceResult<void> StreamedWriter::write(std::vector<Fragment>& fragments, Batch& batch) {
  const bool identical = all_identical(fragments);
  if (identical && !fragments[0].frame.empty() && query_index_ == 0) {
    if (auto counted = count_series(fragments[0].sample_count); !counted) return counted;
    ++counts_.frames_passed_on;
    batch.pass_on(fragments[0].frame, std::move(fragments[0].pin));
    return {};
  }

  labels_ = fragments[0].labels;
  entries_.clear();
  frames_ = 0;
  samples_ = 0;
  last_source_ = no_source;
  out_ = &batch.own();
  const size_t begin = out_->size();
  auto written = combiner_.combine(std::span(fragments).first(identical ? 1 : fragments.size()), *this);
  if (written) written = count_series(samples_);
  if (!written) {
    floats_.reset();
    histograms_ = {};
    out_->resize(begin);
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
  const auto header =
      chunk.data.size() > 2 ? static_cast<wire::CounterResetHeader>(chunk.data[2] & 0xc0) : wire::CounterResetHeader();
  if (chunk.encoding != wire::ChunkEncoding::xor_ && follows_another &&
      (header == wire::CounterResetHeader::reset || header == wire::CounterResetHeader::not_reset)) {
    std::string data(chunk.data);
    data[2] = static_cast<char>(data[2] & 0x3f);
    wire::append_chunk(entries_, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, data);
  } else {
    entries_.append(chunk.wire);
  }
  last_source_ = source;
  samples_ += claimed_samples(chunk);
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
    wire::append_chunk(entries_, chunk.min_time_ms, chunk.max_time_ms,
                       chunk.is_float ? wire::ChunkEncoding::float_histogram : wire::ChunkEncoding::histogram,
                       chunk.bytes);
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
