#include "merger/answer/samples_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "wire/chunk/histogram_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/histogram_proto.h"
#include "wire/samples/sample_entries.h"
#include "wire/samples/samples_block_reader.h"
#include "wire/samples/samples_response.h"
#include "wire/streamed/chunk_check.h"

namespace mread::merger {
namespace {

bool are_rising(std::span<const model::Sample> samples) {
  bool rising = true;
  for (size_t i = 1; i < samples.size(); ++i)
    rising &= samples[i - 1].timestamp_ms < samples[i].timestamp_ms;
  return rising;
}

}  // namespace

void SamplesWriter::begin_result(size_t, const model::Query& query) {
  range_ = answered_range(query);
  labels_only_ = asks_for_labels_only(query);
  response_.begin_result();
}

// Takes a series that is as the answer wants it already: floats only, strictly increasing, nothing
// to trim.
bool SamplesWriter::take_samples(const Fragment& fragment) {
  if (!fragment.is_samples || fragment.entries.empty() || !fragment.histograms().empty())
    return false;
  if (const auto plain = wire::read_plain_samples(fragment.entries, samples_, 0)) {
    samples_.resize(plain->count);
    return range_.contains(plain->first_ms) && range_.contains(plain->last_ms);
  }
  samples_.clear();
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
  if (auto room = check_room(0); !room) return room;
  whole_ = {};
  histogram_entries_.clear();
  histograms_ = 0;
  float_histograms_ = false;
  if (labels_only_) {
    samples_.clear();
    return append(fragments[0].labels);
  }
  if (identical && take_samples(fragments[0])) return append(fragments[0].labels);

  samples_.clear();
  any_ = false;
  next_ms_ = range_.first_ms;
  const auto different = std::span(fragments).first(identical ? 1 : fragments.size());
  // Of SAMPLES alone the combiner makes one part.
  in_one_part_ = std::all_of(different.begin(), different.end(),
                             [](const Fragment& fragment) { return fragment.is_samples; });
  const size_t before = samples_.capacity() + histogram_entries_.capacity();
  auto combined = combine(different, *this);
  if (combiner_has_grown() || samples_.capacity() + histogram_entries_.capacity() != before)
    recount();
  if (!combined) return combined;
  if (any_ && samples_.empty() && whole_.empty() && histogram_entries_.empty()) return {};
  return append(fragments[0].labels);
}

SourceResult<void> SamplesWriter::append(std::string_view labels) {
  constexpr uint64_t largest_block = UINT32_MAX;
  constexpr uint64_t largest_sample = 22;
  const uint64_t count = samples_.size() + whole_.size();
  const uint64_t at_most = largest_sample * count + labels.size() + histogram_entries_.size() + 16;
  if (leaves_out(labels)) return {};
  if (float_histograms_ && refuses_float_histograms(client_)) {
    leave_out(Refusal::float_histogram);
    return {};
  }
  if (response_.uncompressed_size() + at_most > largest_block) {
    return tl::unexpected<SourceError>(
        {no_source,
         Error(Errc::limit, "the answer has more than 4 GiB, which no SAMPLES answer can hold")});
  }
  // The series once more, and a block for it.
  if (auto room = check_room(count * sizeof(model::Sample) + at_most); !room) return room;
  if (auto counted = count_series(count + histograms_); !counted) return counted;
  const size_t before = response_.memory();
  if (whole_.empty()) {
    response_.take_series(labels, samples_, histogram_entries_);
  } else {
    response_.append_series(labels, whole_, histogram_entries_);
  }
  if (response_.memory() != before) recount();
  return {};
}

// Once in a while, since memory grows by doubling and in blocks. What one series took that was
// unusually large is not kept for the next.
void SamplesWriter::recount() {
  constexpr size_t usual_memory = 4U << 20;
  if (combiner_memory() > usual_memory && whole_.empty()) release_combiner();
  charge_.set(response_.memory() + combiner_memory() + samples_.capacity() * sizeof(samples_[0]) +
              histogram_entries_.capacity() + pieces_bytes_);
}

void SamplesWriter::release() noexcept {
  response_ = {};
  passed_on_ = {};
  pieces_ = {};
  pieces_bytes_ = 0;
  samples_ = {};
  whole_ = {};
  histogram_entries_ = {};
  release_combiner();
  recount();
}

// Whether the series is what would be written of it: its samples, nothing to trim, nothing else.
// Adds their number.
bool SamplesWriter::would_stay(const wire::TimeSeriesView& series, uint64_t& samples) const {
  if (series.has_histograms() || series.labels.size() + series.samples.size() != series.body.size())
    return false;
  if (!series.labels.empty() && series.labels.data() != series.body.data()) return false;
  const auto plain = wire::plain_samples(series.samples);
  if (!plain) return false;
  samples += plain->count;
  return plain->count == 0 || (range_.contains(plain->first_ms) && range_.contains(plain->last_ms));
}

std::optional<uint64_t> SamplesWriter::pass_on(SamplesAnswer::Pieces body) {
  const auto within = [](uint64_t limit, uint64_t value) { return limit == 0 || value <= limit; };
  uint64_t bytes = 0;
  for (const auto& piece : body) bytes += piece->size();
  if (!within(policy_.limits.bytes_in_flight, bytes)) return std::nullopt;
  wire::SamplesBlockReader reader(body, account_->budget().room() / 2);
  std::string labels;
  uint64_t series = 0;
  uint64_t samples = 0;
  using State = wire::SamplesBlockReader::State;
  for (State state = reader.next(); state != State::end; state = reader.next(), ++series) {
    if (state == State::irregular || !would_stay(reader.series(), samples)) return std::nullopt;
    if (labels_only_ && samples > 0) return std::nullopt;
    const wire::LabelsStep step = wire::step_labels(labels, reader.series().labels);
    if (!step.canonical || (series > 0 && step.order <= 0)) return std::nullopt;
    if (refused_label(client_, reader.series().labels)) return std::nullopt;
    labels.replace(step.common, std::string::npos, reader.series().labels.substr(step.common));
    if (!within(policy_.limits.series, series + 1) || !within(policy_.limits.samples, samples))
      return std::nullopt;
  }
  counts_.series += series;
  counts_.samples += samples;
  passed_on_.assign(body.begin(), body.end());
  return series;
}

bool SamplesWriter::finish(Batch& batch, size_t batch_bytes) {
  if (!taken_) {
    taken_ = true;
    if (passed_on_.empty()) pieces_ = response_.take();
    for (const auto& piece : pieces_) pieces_bytes_ += piece.room;
    samples_ = {};
    release_combiner();
    recount();
  }
  for (; finished_ < passed_on_.size() && batch.size() < batch_bytes; ++finished_) {
    auto& piece = passed_on_[finished_];
    const std::string_view bytes = *piece;
    batch.pass_on(bytes, Pin(new Block(std::move(piece))));
  }
  for (; finished_ < pieces_.size() && batch.size() < batch_bytes; ++finished_) {
    auto& piece = pieces_[finished_];
    const std::string_view bytes(piece.memory.get(), piece.size);
    pieces_bytes_ -= piece.room;
    recount();
    batch.pass_on(bytes, Pin(new Block(std::move(piece.memory), Charge(account_, piece.room))));
  }
  return finished_ == passed_on_.size() + pieces_.size();
}

SourceResult<void> SamplesWriter::chunk(const wire::ChunkView& chunk, uint32_t source) {
  if (wire::has_floats(chunk.encoding)) {
    const size_t before = samples_.size();
    const size_t more = wire::claimed_samples(chunk.encoding, chunk.data);
    if (before + more > samples_.capacity()) {
      const uint64_t bytes = std::max(before + more, 2 * before) * sizeof(model::Sample);
      if (auto room = check_room(bytes); !room) return room;
    }
    if (auto read = append_samples(chunk, samples_); !read) {
      return tl::unexpected<SourceError>({source, std::move(read).error()});
    }
    const auto added = std::span<const model::Sample>(samples_).subspan(before);
    const bool rises = are_rising(added);
    if (auto inside = wire::check_times(chunk, added, rises); !inside) {
      return tl::unexpected<SourceError>({source, std::move(inside).error()});
    }
    return keep_in_order(before, rises);
  }
  wire::HistogramChunkReader reader(chunk.encoding, chunk.data);
  while (reader.next()) {
    if (auto inside = wire::check_time(chunk, reader.sample().timestamp_ms); !inside) {
      return tl::unexpected<SourceError>({source, std::move(inside).error()});
    }
    MixedSample sample;
    sample.timestamp_ms = reader.sample().timestamp_ms;
    sample.source = source;
    sample.is_histogram = true;
    sample.histogram = reader.sample().histogram;
    if (auto put = mixed({&sample, 1}); !put) return put;
  }
  if (reader.error()) return tl::unexpected<SourceError>({source, *reader.error()});
  return {};
}

SourceResult<void> SamplesWriter::samples(std::span<const model::Sample> samples) {
  if (in_one_part_) {
    any_ = any_ || !samples.empty();
    const auto earlier = [](const model::Sample& sample, int64_t timestamp_ms) {
      return sample.timestamp_ms < timestamp_ms;
    };
    const auto later = [](int64_t timestamp_ms, const model::Sample& sample) {
      return timestamp_ms < sample.timestamp_ms;
    };
    const auto begin = std::lower_bound(samples.begin(), samples.end(), range_.first_ms, earlier);
    whole_ = {begin, std::upper_bound(begin, samples.end(), range_.last_ms, later)};
    return check_samples(whole_.size());
  }
  const size_t before = samples_.size();
  if (auto room = check_room(2 * (before + samples.size()) * sizeof(model::Sample)); !room)
    return room;
  samples_.insert(samples_.end(), samples.begin(), samples.end());
  return keep_in_order(before,
                       are_rising(std::span<const model::Sample>(samples_).subspan(before)));
}

// Of the samples from `before` on, leaves those that may follow. `rises`: are_rising() of them.
SourceResult<void> SamplesWriter::keep_in_order(size_t before, bool rises) {
  const auto added = std::span<const model::Sample>(samples_).subspan(before);
  if (added.empty()) return {};
  any_ = true;
  const bool in_order = rises && added.front().timestamp_ms >= next_ms_;
  // As it is nearly always. Where the last one is kept, too, all of them are.
  if (in_order && keeps(added.back().timestamp_ms))
    return check_samples(samples_.size() + histograms_);
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
      if (auto room = check_room(2 * histogram_entries_.size()); !room) return room;
      wire::append_histogram_entry(histogram_entries_, {sample.timestamp_ms, sample.histogram});
      ++histograms_;
      float_histograms_ |= sample.histogram.is_float;
    }
  }
  return check_samples(samples_.size() + histograms_);
}

}  // namespace mread::merger
