#include "merger/answer/streamed_writer.h"

#include <algorithm>

#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::merger {

void StreamedWriter::begin_result(size_t query_index, const model::Query& query) {
  query_index_ = query_index;
  labels_only_ = asks_for_labels_only(query);
}

SourceResult<void> StreamedWriter::write(std::vector<Fragment>& fragments, Batch& batch) {
  if (leaves_out(fragments[0].labels)) return {};
  if (labels_only_) return write_labels(fragments[0].labels, batch);
  const bool identical = all_identical(fragments);
  const bool readable =
      policy_.chunk_encodings == ChunkEncodings::newer || !fragments[0].newer_chunks;
  if (identical && readable && !fragments[0].is_samples && !fragments[0].whole.empty() &&
      query_index_ == 0) {
    if (auto counted = count_series(fragments[0].sample_count); !counted) return counted;
    ++counts_.frames_passed_on;
    batch.pass_on(fragments[0].whole, std::move(fragments[0].pin));
    return {};
  }

  labels_ = fragments[0].labels;
  entries_.clear();
  came_ = {};
  frames_ = 0;
  samples_ = 0;
  last_source_ = no_source;
  out_ = &batch.own();
  const size_t entries_before = entries_.capacity();
  const size_t begin = out_->size();
  const auto transcoded_before = counts_.transcoded;
  auto written = combine(std::span(fragments).first(identical ? 1 : fragments.size()), *this);
  if (combiner_has_grown() || entries_.capacity() != entries_before) recount();
  if (written) written = count_series(samples_);
  if (!written) {
    floats_.reset();
    histograms_ = {};
    out_->resize(begin);
    counts_.transcoded = transcoded_before;
    return written;
  }
  if (Fragment* found = find_passed_on(fragments)) {
    ++counts_.frames_passed_on;
    batch.pass_on(found->whole, std::move(found->pin));
    return {};
  }
  if (!entries().empty() || frames_ == 0) write_frame();
  batch.add_own(begin);
  return {};
}

SourceResult<void> StreamedWriter::write_labels(std::string_view labels, Batch& batch) {
  if (auto room = check_room(2 * (batch.own().size() + labels.size())); !room) return room;
  if (auto counted = count_series(0); !counted) return counted;
  const size_t begin = batch.own().size();
  labels_ = labels;
  entries_.clear();
  came_ = {};
  out_ = &batch.own();
  write_frame();
  batch.add_own(begin);
  return {};
}

// What a series took that was unusually large is not kept for the next.
void StreamedWriter::recount() {
  constexpr size_t usual_memory = 4U << 20;
  if (combiner_memory() > usual_memory) release_combiner();
  if (message_.capacity() > usual_memory) message_ = {};
  charge_.set(combiner_memory() + entries_.capacity() + message_.capacity());
}

void StreamedWriter::release() noexcept {
  entries_ = {};
  message_ = {};
  release_combiner();
  recount();
}

// What is written of the series so far is in the batch, and once more where that has to grow.
SourceResult<void> StreamedWriter::check_part() const {
  if (auto room = check_room(2 * (out_->size() + entries_.size())); !room) return room;
  return check_samples(samples_);
}

// The one whose frame says all that is to be written, and nothing more.
Fragment* StreamedWriter::find_passed_on(std::span<Fragment> fragments) const {
  if (frames_ > 0 || !entries_.empty() || came_.empty() || query_index_ != 0) return nullptr;
  const auto found =
      std::find_if(fragments.begin(), fragments.end(), [this](const Fragment& fragment) {
        return !fragment.is_samples && !fragment.whole.empty() &&
               fragment.entries.data() == came_.data() &&
               fragment.whole.data() + fragment.whole.size() == came_.data() + came_.size();
      });
  return found == fragments.end() ? nullptr : &*found;
}

// Neighbours are copied together, or not at all if they are a frame's.
void StreamedWriter::add_as_it_came(std::string_view wire) {
  if (came_.data() + came_.size() == wire.data()) {
    came_ = {came_.data(), came_.size() + wire.size()};
  } else {
    entries();
    came_ = wire;
  }
}

// To be appended to.
std::string& StreamedWriter::entries() {
  entries_.append(came_);
  came_ = {};
  return entries_;
}

SourceResult<void> StreamedWriter::chunk(const wire::ChunkView& chunk, uint32_t source) {
  // A histogram chunk's header says how it follows on the chunk before: nothing is known of that
  // any more when the chunk before was another source's.
  const bool follows_another = last_source_ != no_source && last_source_ != source;
  auto header = wire::counter_reset_header(chunk.encoding, chunk.data);
  const bool relates =
      header == wire::CounterResetHeader::reset || header == wire::CounterResetHeader::not_reset;
  if (follows_another && relates) header = wire::CounterResetHeader::unknown;
  if (must_transcode(chunk)) {
    if (auto appended = transcoder_.append(entries(), chunk, header); !appended) {
      return tl::unexpected<SourceError>({source, std::move(appended).error()});
    }
    ++counts_.transcoded[static_cast<size_t>(chunk.encoding) -
                         static_cast<size_t>(wire::newer_encodings[0])];
  } else if (follows_another && relates) {
    std::string data(chunk.data);
    char& byte = data[wire::is_newer(chunk.encoding) ? 0 : 2];
    byte = static_cast<char>(byte & 0x3f);
    wire::append_chunk(entries(), chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, data);
  } else {
    add_as_it_came(chunk.wire);
  }
  last_source_ = source;
  samples_ += wire::claimed_samples(chunk.encoding, chunk.data);
  cut_frame_if_large();
  return check_part();
}

SourceResult<void> StreamedWriter::decoded_chunk(const wire::ChunkView& chunk, uint32_t source,
                                                 std::span<const model::Sample> samples) {
  if (must_transcode(chunk)) return this->samples(samples);
  const int64_t first_ms = samples.front().timestamp_ms;
  const int64_t last_ms = samples.back().timestamp_ms;
  if (chunk.min_time_ms == first_ms && chunk.max_time_ms == last_ms)
    return this->chunk(chunk, source);
  wire::append_chunk(entries(), first_ms, last_ms, chunk.encoding, chunk.data);
  last_source_ = source;
  samples_ += samples.size();
  cut_frame_if_large();
  return check_part();
}

SourceResult<void> StreamedWriter::samples(std::span<const model::Sample> samples) {
  for (size_t i = 0; i < samples.size(); i += chunk_samples) {
    floats_.append(samples.subspan(i, std::min(chunk_samples, samples.size() - i)));
    close_float_chunk();
  }
  last_source_ = no_source - 1;  // No single source's.
  samples_ += samples.size();
  return check_part();
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
  return check_part();
}

void StreamedWriter::close_float_chunk() {
  if (floats_.empty()) return;
  wire::append_chunk(entries(), floats_.min_time_ms(), floats_.max_time_ms(),
                     wire::ChunkEncoding::xor_, floats_.bytes());
  floats_.reset();
  cut_frame_if_large();
}

void StreamedWriter::close_histogram_chunks() {
  for (const wire::EncodedHistogramChunk& chunk : histograms_.finish()) {
    wire::append_chunk(entries(), chunk.min_time_ms, chunk.max_time_ms, chunk.encoding,
                       chunk.bytes);
  }
  cut_frame_if_large();
}

void StreamedWriter::cut_frame_if_large() {
  if (entries_.size() + came_.size() >= frame_limit) write_frame();
}

void StreamedWriter::write_frame() {
  message_.clear();
  wire::encode_chunked_series(labels_, entries(), static_cast<int64_t>(query_index_), message_);
  wire::append_frame(*out_, message_);
  entries_.clear();
  ++frames_;
}

}  // namespace mread::merger
