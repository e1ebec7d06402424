#include "merger/samples_writer.h"

#include <fmt/format.h>

#include "wire/histogram_chunk.h"
#include "wire/histogram_proto.h"
#include "wire/snappy_block.h"

namespace mread::merger {

void SamplesWriter::begin_result(size_t, const model::Query& query) {
  range_ = answered_range(query);
  response_.begin_result();
}

// A series that is as the answer wants it already, so that its bytes can be copied: floats only, strictly increasing,
// nothing to trim.
bool SamplesWriter::is_final(const Fragment& fragment, uint64_t& count) const {
  if (!fragment.is_samples || fragment.body.empty() || !fragment.histograms.empty()) return false;
  wire::SamplesReader reader(fragment.samples);
  int64_t last_ms = INT64_MIN;
  count = 0;
  for (model::Sample sample; reader.next(sample); last_ms = sample.timestamp_ms, ++count) {
    if (!range_.contains(sample.timestamp_ms) || (count > 0 && sample.timestamp_ms <= last_ms)) return false;
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
  uint64_t count = 0;
  if (identical && is_final(fragments[0], count)) {
    if (auto counted = count_series(count); !counted) return counted;
    response_.append_raw_series(fragments[0].body);
    return {};
  }

  samples_.clear();
  histogram_entries_.clear();
  histograms_ = 0;
  any_ = false;
  next_ms_ = range_.first_ms;
  const auto different = std::span(fragments).first(identical ? 1 : fragments.size());
  if (auto combined = combiner_.combine(different, *this); !combined) return combined;
  if (any_ && samples_.empty() && histogram_entries_.empty()) return {};
  if (auto counted = count_series(samples_.size() + histograms_); !counted) return counted;
  response_.append_series(fragments[0].labels, samples_, histogram_entries_);
  return {};
}

void SamplesWriter::finish(Batch& batch) {
  const size_t begin = batch.own().size();
  batch.own() += wire::compress(response_.bytes());
  batch.add_own(begin);
  response_.reset();
}

SourceResult<void> SamplesWriter::chunk(const wire::ChunkView& chunk, uint32_t source) {
  if (chunk.encoding == wire::ChunkEncoding::xor_) {
    decoded_.clear();
    if (auto read = append_samples(chunk, decoded_); !read) {
      return tl::unexpected<SourceError>({source, std::move(read).error()});
    }
    return samples(decoded_);
  }
  mixed_.clear();
  wire::HistogramChunkReader reader(chunk.encoding == wire::ChunkEncoding::float_histogram, chunk.data);
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
  if (samples.empty()) return {};
  any_ = true;
  for (const model::Sample& sample : samples) {
    if (keeps(sample.timestamp_ms)) samples_.push_back(sample);
  }
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
