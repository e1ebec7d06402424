#include "merger/samples_writer.h"

#include <fmt/format.h>

#include "wire/histogram_chunk.h"
#include "wire/histogram_proto.h"
#include "wire/samples_response.h"

namespace mread::merger {

void SamplesWriter::begin_result(size_t, const model::Query& query) {
  range_ = answered_range(query);
  response_.begin_result();
}

// Takes a series that is as the answer wants it already: floats only, strictly increasing, nothing to trim.
bool SamplesWriter::take_samples(const Fragment& fragment) {
  if (!fragment.is_samples || fragment.entries.empty() || !fragment.histograms().empty()) return false;
  wire::SamplesReader reader(fragment.entries);
  int64_t next_ms = range_.first_ms;
  for (model::Sample sample; reader.next(sample); next_ms = sample.timestamp_ms + 1) {
    if (sample.timestamp_ms < next_ms || sample.timestamp_ms >= range_.last_ms) {
      if (sample.timestamp_ms != range_.last_ms || range_.last_ms == INT64_MAX) return false;
    }
    samples_.push_back(sample);
  }
  return reader.ok();
}

SourceResult<void> SamplesWriter::write(std::vector<Fragment>& fragments, Batch&) {
  const bool identical = all_identical(fragments);
  const uint64_t limit = config_.limits.bytes_in_flight;
  if (limit != 0 && response_.size() > limit) {
    return tl::unexpected<SourceError>(
        {no_source,
         Error(Errc::limit, fmt::format("the answer has more than {} bytes (limits.bytes_in_flight)", limit))});
  }
  samples_.clear();
  histogram_entries_.clear();
  histograms_ = 0;
  if (identical && take_samples(fragments[0])) return append(fragments[0].labels);

  samples_.clear();
  any_ = false;
  next_ms_ = range_.first_ms;
  const auto different = std::span(fragments).first(identical ? 1 : fragments.size());
  if (auto combined = combine(different, *this); !combined) return combined;
  if (any_ && samples_.empty() && histogram_entries_.empty()) return {};
  return append(fragments[0].labels);
}

SourceResult<void> SamplesWriter::append(std::string_view labels) {
  constexpr uint64_t largest_block = UINT32_MAX;
  constexpr uint64_t largest_sample = 22;
  const uint64_t at_most = largest_sample * samples_.size() + labels.size() + histogram_entries_.size() + 16;
  if (response_.uncompressed_size() + at_most > largest_block) {
    return tl::unexpected<SourceError>(
        {no_source, Error(Errc::limit, "the answer has more than 4 GiB, which no SAMPLES answer can hold")});
  }
  if (auto counted = count_series(samples_.size() + histograms_); !counted) return counted;
  response_.append_series(labels, samples_, histogram_entries_);
  return {};
}

void SamplesWriter::finish(Batch& batch) {
  for (wire::SamplesBlockWriter::Piece& piece : response_.take()) {
    const std::string_view bytes(piece.memory.get(), piece.size);
    batch.pass_on(bytes, Pin(new Block(std::move(piece.memory))));
  }
}

SourceResult<void> SamplesWriter::chunk(const wire::ChunkView& chunk, uint32_t source) {
  if (wire::has_floats(chunk.encoding)) {
    const size_t before = samples_.size();
    if (auto read = append_samples(chunk, samples_); !read) {
      return tl::unexpected<SourceError>({source, std::move(read).error()});
    }
    return keep_in_order(before);
  }
  mixed_.clear();
  wire::HistogramChunkReader reader(chunk.encoding, chunk.data);
  while (reader.next()) {
    MixedSample sample;
    sample.timestamp_ms = reader.sample().timestamp_ms;
    sample.source = source;
    sample.is_histogram = true;
    sample.histogram = reader.sample().histogram;
    mixed_.push_back(std::move(sample));
  }
  if (reader.error()) return tl::unexpected<SourceError>({source, *reader.error()});
  return mixed(mixed_);
}

SourceResult<void> SamplesWriter::samples(std::span<const model::Sample> samples) {
  const size_t before = samples_.size();
  samples_.insert(samples_.end(), samples.begin(), samples.end());
  return keep_in_order(before);
}

// Of the samples from `before` on, leaves those that may follow.
SourceResult<void> SamplesWriter::keep_in_order(size_t before) {
  any_ = any_ || samples_.size() > before;
  size_t kept = before;
  for (size_t i = before; i < samples_.size(); ++i) {
    const model::Sample sample = samples_[i];
    samples_[kept] = sample;
    kept += keeps(sample.timestamp_ms) ? 1 : 0;
  }
  samples_.resize(kept);
  return check_samples(samples_.size() + histograms_);
}

SourceResult<void> SamplesWriter::mixed(std::span<const MixedSample> samples) {
  for (const MixedSample& sample : samples) {
    any_ = true;
    if (!keeps(sample.timestamp_ms)) continue;
    if (!sample.is_histogram) {
      samples_.push_back({sample.timestamp_ms, sample.bits});
    } else {
      wire::append_histogram_entry(histogram_entries_, {sample.timestamp_ms, sample.histogram});
      ++histograms_;
    }
  }
  return check_samples(samples_.size() + histograms_);
}

}  // namespace mread::merger
