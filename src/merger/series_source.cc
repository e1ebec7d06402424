#include "merger/series_source.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "merger/fragment_labels.h"
#include "wire/labels_view.h"

namespace mread::merger {
namespace {

bool inside(std::string_view part, std::string_view whole) {
  return std::greater_equal<>()(part.data(), whole.data()) &&
         std::less_equal<>()(part.data() + part.size(), whole.data() + whole.size());
}

Result<void> check_chunk(const wire::ChunkView& chunk) {
  if (!wire::is_known(chunk.encoding)) {
    return fail(Errc::unsupported, fmt::format("chunk encoding {} is not supported", static_cast<int>(chunk.encoding)));
  }
  if (chunk.data.size() < 2) return fail(Errc::malformed, "a chunk of less than two bytes");
  if (chunk.max_time_ms < chunk.min_time_ms) {
    return fail(Errc::malformed,
                fmt::format("a chunk ends at {} before it begins at {}", chunk.max_time_ms, chunk.min_time_ms));
  }
  return {};
}

}  // namespace

SeriesSource::SeriesSource(uint32_t index, SourceOptions options)
    : index_(index), options_(std::move(options)), window_(options_.hold_all ? SIZE_MAX : options_.window) {}

Result<void> SeriesSource::feed(std::shared_ptr<const std::string> piece) {
  if (ended_ || piece->empty()) return {};
  if (is_sampled()) return sampled_.feed(std::move(piece), options_);
  if (!splitter_) splitter_.emplace(options_.frame_limit);
  splitter_->feed(std::move(piece));
  if (auto taken = take_frames(); !taken) return taken;
  if (options_.hold_all && held() > options_.repair_limit) {
    return fail(Errc::limit, fmt::format("its series are out of order and need more than merge.repair_limit ({} bytes)",
                                         options_.repair_limit));
  }
  return {};
}

Result<void> SeriesSource::end() {
  if (ended_) return {};
  if (is_sampled()) {
    if (auto taken = sampled_.end(index_, options_); !taken) return taken;
  } else if (splitter_) {
    if (auto finished = splitter_->finish(); !finished) return finished;
    splitter_.reset();
  }
  window_.end();
  ended_ = true;
  return {};
}

void SeriesSource::end_early(Error error) {
  if (options_.replaceable) {
    window_.keep_due();
  } else if (!is_sampled() && series_ > 0) {
    window_.erase(last_labels_);
  }
  window_.end();
  splitter_.reset();
  sampled_.clear();
  ended_ = true;
  error_ = std::move(error);
}

void SeriesSource::discard() {
  window_.clear();
  window_.end();
  splitter_.reset();
  sampled_.clear();
  ended_ = true;
}

Result<void> SeriesSource::take_frames() {
  for (;;) {
    auto frame = splitter_->next();
    if (!frame) return fail(std::move(frame).error());
    if (!*frame) return {};
    if (auto taken = take_frame(**frame); !taken) {
      return fail(taken.error().in(fmt::format("frame {}", splitter_->frames() - 1)));
    }
  }
}

Result<void> SeriesSource::take_frame(const wire::Frame& frame) {
  // No chunk with data takes less than eight bytes, so more entries than that are an attempt on the memory.
  const size_t limit_entries = frame.data.size() / 8 + 16;
  if (auto parsed = wire::parse_chunked_response(frame.data, response_, limit_entries); !parsed) return parsed;
  if (response_.query_index != 0) {
    return fail(Errc::malformed, fmt::format("answers query {} of 1", response_.query_index + 1));
  }
  const bool alone = response_.series.size() == 1;
  for (const wire::ChunkedSeriesView& series : response_.series) {
    if (auto taken = take_series(frame, series, alone); !taken) return taken;
  }
  return {};
}

// The series that was received, and its step from the one before.
void SeriesSource::take_labels(const Fragment& fragment, const wire::LabelsStep& step) {
  if (series_ > 0 && step.order == 0) return;
  ++series_;
  last_labels_.replace(step.common, std::string::npos, fragment.labels.substr(step.common));
}

// Pushes it unless it is skipped.
Result<void> SeriesSource::push(Fragment&& fragment, const wire::LabelsStep& step) {
  const bool skipped = skips(fragment);
  const bool from_last = std::exchange(last_pushed_, !skipped);
  if (skipped) return {};
  auto pushed = window_.push(std::move(fragment), from_last ? &step : nullptr);
  unsorted_ = unsorted_ || window_.unsorted();
  return pushed;
}

bool SeriesSource::skips(const Fragment& fragment) const {
  if (!options_.resume) return false;
  const auto order = wire::compare_labels(fragment.labels, options_.resume->labels);
  return order < 0 || (order == 0 && !options_.resume->inclusive);
}

Result<void> SeriesSource::take_series(const wire::Frame& frame, const wire::ChunkedSeriesView& series, bool alone) {
  Fragment fragment;
  fragment.source = index_;
  fragment.group = options_.group;
  const bool pinned = inside(series.labels, frame.data);
  bool canonical = true;
  wire::LabelsStep step;
  if (pinned && options_.replica_labels.empty()) step = wire::step_labels(last_labels_, series.labels);
  if (pinned && options_.replica_labels.empty() && step.canonical) {
    fragment.labels = series.labels;
  } else {
    const auto set = set_labels(fragment, series.labels, pinned, options_.replica_labels);
    if (!set) return fail(set.error());
    canonical = *set;
    step.common = 0;
    step.order = wire::compare_labels_from(fragment.labels, last_labels_, step.common);
  }
  fragment.pin = frame.pin;
  bool ordered = true;
  for (const wire::ChunkView& chunk : series.chunks) {
    if (auto checked = check_chunk(chunk); !checked) return checked;
    ordered = ordered && (fragment.chunks.empty() || chunk.min_time_ms > fragment.chunks.back().max_time_ms);
    fragment.chunks.push_back(chunk);
    fragment.sample_count += wire::claimed_samples(chunk.encoding, chunk.data);
    fragment.newer_chunks = fragment.newer_chunks || wire::is_newer(chunk.encoding);
  }
  if (alone && canonical && pinned && ordered) fragment.frame = frame.wire;
  fragment.bytes = alone ? frame.wire.size() : fragment.labels.size() + sizeof(Fragment);
  if (!alone) {
    for (const wire::ChunkView& chunk : fragment.chunks) fragment.bytes += chunk.wire.size();
  }
  take_labels(fragment, step);
  auto pushed = push(std::move(fragment), step);
  started_ = started_ || window_.due();
  return pushed;
}

}  // namespace mread::merger
