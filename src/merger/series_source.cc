#include "merger/series_source.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "merger/replica_labels.h"
#include "wire/labels_view.h"
#include "wire/samples_response.h"
#include "wire/snappy_block.h"

namespace mread::merger {
namespace {

struct SamplesBody {
  wire::Uncompressed bytes;
  wire::ReadResponseView view;
};

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

std::string too_many_bytes(uint64_t limit) {
  return fmt::format("the read holds more than {} bytes (limits.bytes_in_flight)", limit);
}

}  // namespace

SeriesSource::SeriesSource(uint32_t index, SourceOptions options)
    : index_(index), options_(std::move(options)), window_(options_.hold_all ? SIZE_MAX : options_.window) {}

Result<void> SeriesSource::feed(std::shared_ptr<const std::string> piece) {
  if (ended_ || piece->empty()) return {};
  if (type_ == model::ResponseType::samples) {
    if (body_bytes_ + piece->size() > options_.body_limit) {
      return exceed(too_many_bytes(options_.body_limit));
    }
    body_bytes_ += piece->size();
    body_.push_back(std::move(piece));
    return {};
  }
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
  if (type_ == model::ResponseType::samples) {
    if (auto taken = take_body(); !taken) return taken;
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
  } else if (type_ == model::ResponseType::streamed_xor_chunks && series_ > 0) {
    window_.erase(last_labels_);
  }
  window_.end();
  splitter_.reset();
  body_.clear();
  body_bytes_ = 0;
  ended_ = true;
  error_ = std::move(error);
}

void SeriesSource::discard() {
  window_.clear();
  window_.end();
  splitter_.reset();
  body_.clear();
  body_bytes_ = 0;
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

Result<void> SeriesSource::set_labels(Fragment& fragment, std::string_view labels, bool pinned, bool& canonical) {
  canonical = wire::is_canonical_labels(labels);
  std::string written;
  if (!canonical) {
    auto rewritten = wire::canonical_labels(labels);
    if (!rewritten) return fail(std::move(rewritten).error());
    written = *std::move(rewritten);
  }
  SplitLabels split;
  if (!options_.replica_labels.empty() &&
      split_labels(canonical ? labels : std::string_view(written), options_.replica_labels, split)) {
    canonical = false;
    const auto owned = std::make_shared<const std::string>(std::move(split.bytes));
    fragment.labels = std::string_view(*owned).substr(0, split.kept);
    fragment.replica = std::string_view(*owned).substr(split.kept);
    fragment.labels_pin = owned;
    return {};
  }
  if (canonical && pinned) {
    fragment.labels = labels;
    return {};
  }
  const auto owned = std::make_shared<const std::string>(canonical ? std::string(labels) : std::move(written));
  fragment.labels = *owned;
  fragment.labels_pin = owned;
  return {};
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
    if (auto set = set_labels(fragment, series.labels, pinned, canonical); !set) return set;
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

Result<void> SeriesSource::exceed(std::string what) {
  over_limit_ = true;
  return fail(Errc::limit, std::move(what));
}

Result<void> SeriesSource::take_body() {
  auto bytes = wire::uncompress(std::span(body_), options_.body_limit);
  if (!bytes && bytes.error().is(Errc::limit)) return exceed(too_many_bytes(options_.body_limit));
  if (!bytes) return fail(std::move(bytes).error());
  body_.clear();
  body_bytes_ = 0;
  auto body = std::make_shared<SamplesBody>();
  body->bytes = *std::move(bytes);
  auto view =
      wire::parse_read_response(body->bytes.view(), options_.series_limit == 0 ? SIZE_MAX : options_.series_limit);
  if (!view && view.error().is(Errc::limit)) {
    return exceed(fmt::format("the answer has more than {} series (limits.series)", options_.series_limit));
  }
  if (!view) return fail(std::move(view).error());
  body->view = *std::move(view);
  if (body->view.results.size() != 1) {
    return fail(Errc::malformed, fmt::format("{} results for 1 query", body->view.results.size()));
  }
  const auto& listed = body->view.results.front().series;
  std::vector<Fragment> fragments;
  fragments.reserve(listed.size());
  bool sorted = true;
  for (const wire::TimeSeriesView& series : listed) {
    const std::string_view before = fragments.empty() ? std::string_view() : fragments.back().labels;
    Fragment& fragment = fragments.emplace_back();
    fragment.source = index_;
    fragment.group = options_.group;
    fragment.is_samples = true;
    bool canonical = true;
    const wire::LabelsStep step = wire::step_labels(before, series.labels);
    if (step.canonical && options_.replica_labels.empty()) {
      fragment.labels = series.labels;
      sorted = sorted && step.order >= 0;
    } else {
      if (auto set = set_labels(fragment, series.labels, true, canonical); !set) {
        return fail(set.error().in(fmt::format("series {}", fragments.size() - 1)));
      }
      sorted = sorted && wire::compare_labels(before, fragment.labels) <= 0;
    }
    fragment.pin = body;
    fragment.samples = series.samples;
    fragment.histograms = series.histograms;
    if (canonical) fragment.body = series.body;
    fragment.bytes = series.body.size();
  }
  // SAMPLES answers need not be sorted: this is no lapse of the backend's.
  if (!sorted) {
    std::stable_sort(fragments.begin(), fragments.end(),
                     [](const Fragment& a, const Fragment& b) { return wire::compare_labels(a.labels, b.labels) < 0; });
  }
  for (Fragment& fragment : fragments) {
    ++series_;
    if (skips(fragment)) continue;
    if (auto pushed = window_.push(std::move(fragment)); !pushed) return pushed;
  }
  return {};
}

}  // namespace mread::merger
