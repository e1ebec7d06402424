#include "merger/source/series_source.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "merger/source/fragment_labels.h"
#include "wire/labels/labels_view.h"
#include "wire/streamed/chunk_check.h"

namespace mread::merger {
namespace {

bool inside(std::string_view part, std::string_view whole) {
  return std::greater_equal<>()(part.data(), whole.data()) &&
         std::less_equal<>()(part.data() + part.size(), whole.data() + whole.size());
}

bool is_sound(const wire::ChunkView& chunk) {
  return wire::is_known(chunk.encoding) && chunk.data.size() >= 2 &&
         chunk.max_time_ms >= chunk.min_time_ms &&
         wire::may_hold_its_samples(chunk.encoding, chunk.data);
}

Error what_is_wrong(const wire::ChunkView& chunk) {
  if (!wire::is_known(chunk.encoding)) {
    return {Errc::unsupported,
            fmt::format("chunk encoding {} is not supported", static_cast<int>(chunk.encoding))};
  }
  if (chunk.data.size() < 2) return {Errc::malformed, "a chunk of less than two bytes"};
  if (!wire::may_hold_its_samples(chunk.encoding, chunk.data))
    return wire::holds_too_few(chunk.encoding, chunk.data);
  return {Errc::malformed, fmt::format("a chunk ends at {} before it begins at {}",
                                       chunk.max_time_ms, chunk.min_time_ms)};
}

}  // namespace

SeriesSource::SeriesSource(uint32_t index, SourceOptions options)
    : index_(index),
      options_(std::move(options)),
      window_(options_.hold_all ? SIZE_MAX : options_.window) {
  if (!options_.account) options_.account = new Account();
  window_charge_ = Charge(options_.account);
  samples_charge_ = Charge(options_.account);
  frame_charge_ = Charge(options_.account);
}

Result<void> SeriesSource::feed(std::shared_ptr<const std::string> piece) {
  if (ended_ || piece->empty()) return {};
  piece = counted(std::move(piece), options_.account);
  if (auto room = take_room(0); !room) return room;
  auto fed =
      is_samples() ? samples_.feed(std::move(piece), options_) : feed_frames(std::move(piece));
  if (is_samples()) ++progress_;
  over_budget_ = over_budget_ || samples_.over_budget();
  recount();
  return fed;
}

Result<void> SeriesSource::feed_frames(std::shared_ptr<const std::string> piece) {
  if (!splitter_) splitter_.emplace(options_.frame_limit);
  const uint64_t before = splitter_->frames();
  splitter_->feed(std::move(piece));
  auto taken = take_frames();
  // A large frame comes in many pieces.
  if (taken && splitter_->frames() == before) ++progress_;
  return taken;
}

// Whether it may take so many bytes. If not, it has failed.
Result<void> SeriesSource::take_room(uint64_t more) {
  if (options_.account->may_take(more)) [[likely]]
    return {};
  over_budget_ = true;
  return fail(holds_too_much(options_.account->budget().limit()));
}

void SeriesSource::recount() {
  window_charge_.set(window_.memory());
  samples_charge_.set(samples_.memory());
  frame_charge_.set(response_.memory() + stepper_.memory() + (splitter_ ? splitter_->memory() : 0));
}

Result<void> SeriesSource::end() {
  if (ended_) return {};
  if (is_samples()) {
    auto taken = samples_.end(index_, options_);
    over_budget_ = over_budget_ || samples_.over_budget();
    if (!taken) return taken;
  } else if (splitter_) {
    if (auto finished = splitter_->finish(); !finished) return finished;
    splitter_.reset();
  }
  window_.end();
  ended_ = true;
  recount();
  return {};
}

void SeriesSource::end_early(Error error) {
  if (options_.replaceable) {
    window_.keep_due();
  } else if (!is_samples() && series_ > 0) {
    window_.erase(last_labels_);
  }
  window_.end();
  splitter_.reset();
  samples_.clear();
  ended_ = true;
  error_ = std::move(error);
  recount();
}

void SeriesSource::read_answer() {
  samples_.read(index_, options_);
  note_irregular();
  recount();
}

Result<void> SeriesSource::check_answer() {
  error_.reset();
  auto checked = samples_.check(index_, options_);
  over_budget_ = over_budget_ || samples_.over_budget();
  recount();
  return checked;
}

void SeriesSource::discard() {
  window_.clear();
  window_.end();
  splitter_.reset();
  samples_.clear();
  response_ = {};
  stepper_ = {};
  block_.reset();
  block_bytes_ = nullptr;
  last_labels_ = {};
  last_pin_.reset();
  ended_ = true;
  recount();
}

void SeriesSource::discard(Error error) {
  discard();
  error_ = std::move(error);
}

Result<void> SeriesSource::take_frames() {
  for (;;) {
    const auto twin = take_twin();
    if (!twin && over_budget_) return fail(twin.error());
    if (!twin) return fail(twin.error().in(fmt::format("frame {}", splitter_->frames() - 1)));
    if (*twin) continue;
    wire::Frame frame;
    if (!splitter_->next_whole(frame)) {
      auto next = splitter_->next();
      if (!next) return fail(std::move(next).error());
      if (!*next) return {};
      frame = **next;
    }
    if (splitter_->pin().get() != block_bytes_) block_ = pin_frame();
    auto taken = take_frame(frame);
    if (!taken && over_budget_) return taken;
    if (!taken) return fail(taken.error().in(fmt::format("frame {}", splitter_->frames() - 1)));
    if (!note_frame(said_something_)) [[unlikely]]
      return fail(too_many_idle().in(fmt::format("frame {}", splitter_->frames() - 1)));
    twins_.missed(last_labels_);
  }
}

// Pieces are counted as they come; what straddled several has memory of its own.
Pin SeriesSource::pin_frame() {
  const auto& bytes = splitter_->pin();
  block_bytes_ = bytes.get();
  Charge charge;
  if (splitter_->pin_is_own())
    charge = Charge(options_.account, bytes->capacity() + 4 * object_overhead);
  return Pin(new Block(bytes, std::move(charge)));
}

Error SeriesSource::too_many_idle() {
  return {Errc::malformed, fmt::format("more than {} frames that say nothing", most_idle)};
}

// Takes the next frame if another source has given the same, which was checked and parsed then.
Result<bool> SeriesSource::take_twin() {
  const Fragment* const guess = twins_.guess();
  if (guess == nullptr || guess->whole.size() > options_.frame_limit ||
      !splitter_->skip_known(guess->whole)) {
    return false;
  }
  Fragment fragment = *guess;
  fragment.source = index_;
  fragment.group = options_.group;
  wire::LabelsStep step;
  if (twins_.follows_match() && fragment.common != unknown_common) {
    const bool same = fragment.common == same_labels;
    step.common = same ? fragment.labels.size() : fragment.common;
    step.order = same ? std::strong_ordering::equal : std::strong_ordering::greater;
  } else {
    step.common = 0;
    step.order = wire::compare_labels_from(fragment.labels, last_labels_, step.common);
  }
  twins_.matched();
  stepper_.restart(fragment.labels);
  // In order where it stands, it need not be so here.
  said_something_ = false;
  if (auto pushed = push(std::move(fragment), step); !pushed)
    return fail(std::move(pushed).error());
  if (!note_frame(said_something_)) [[unlikely]]
    return fail(too_many_idle());
  started_ = started_ || window_.due();
  return true;
}

Result<void> SeriesSource::take_frame(const wire::Frame& frame) {
  // No chunk with data takes less than eight bytes, so more entries than that are an attempt on the
  // memory.
  const size_t limit_entries = frame.data.size() / 8 + 16;
  // Their list grows by doubling.
  const size_t affordable = options_.account->budget().room() / (3 * sizeof(wire::ChunkView)) + 16;
  said_something_ = false;
  wire::LabelsStepper* const stepper = options_.replica_labels.empty() ? &stepper_ : nullptr;
  auto parsed = wire::parse_chunked_response(frame.data, response_,
                                             std::min(limit_entries, affordable), stepper);
  if (!parsed && parsed.error().is(Errc::limit) && affordable < limit_entries) {
    // Where others make room it is read once more.
    if (auto room = take_room(3 * sizeof(wire::ChunkView) * limit_entries); !room) return room;
    parsed = wire::parse_chunked_response(frame.data, response_, limit_entries, nullptr);
  }
  if (!parsed) return parsed;
  constexpr size_t usual_memory = 1U << 20;
  const bool unusual = frame.data.size() > usual_memory / sizeof(wire::ChunkView) &&
                       response_.memory() > usual_memory;
  if (unusual) recount();
  if (response_.query_index != 0) {
    return fail(Errc::malformed, fmt::format("answers query {} of 1", response_.query_index + 1));
  }
  const bool alone = response_.series.size() == 1;
  for (const wire::ChunkedSeriesView& series : response_.series) {
    if (auto taken = take_series(frame, series, alone); !taken) return taken;
  }
  if (!response_.step) stepper_.restart(last_labels_);
  if (unusual) response_ = {};
  return {};
}

// Pushes it unless it is skipped; `step` is that from the series that was received before.
Result<void> SeriesSource::push(Fragment&& fragment, const wire::LabelsStep& step) {
  const bool repeats = series_ > 0 && step.order == 0;
  if (!repeats) ++series_;
  const bool skipped = options_.resume && options_.resume->skips(fragment.labels);
  // It would be one more fragment of the same series, with nothing in it.
  const bool is_void =
      fragment.entries.empty() && repeats && last_pushed_ && !skipped && !fragment.rare;
  last_labels_ = fragment.labels;
  // Mostly many follow on each other in one block.
  if (const Pin& pin = fragment.labels_pin(); pin != last_pin_) last_pin_ = pin;
  if (is_void) return {};
  const bool from_last = std::exchange(last_pushed_, !skipped);
  if (skipped) return repeats ? Result<void>() : skip();
  said_something_ = true;
  fragment.bytes = std::max(fragment.bytes, sizeof(Fragment));
  if (auto pushed = window_.push(std::move(fragment), from_last ? &step : nullptr); !pushed)
      [[unlikely]] {
    unsorted_ = true;
    return pushed;
  }
  // What fragments pin was counted before, so that is all that grows.
  if (window_.memory() == window_charge_.bytes() && !options_.hold_all) [[likely]]
    return {};
  return note_growth();
}

Result<void> SeriesSource::note_growth() {
  unsorted_ = unsorted_ || window_.unsorted();
  window_charge_.set(window_.memory());
  if (options_.hold_all && window_.bytes() > options_.repair_limit) {
    return fail(
        Errc::limit,
        fmt::format("its series are out of order and need more than merge.repair_limit ({} bytes)",
                    options_.repair_limit));
  }
  return take_room(0);
}

// A replica that takes over has to say all from the beginning, which is progress, up to what an
// answer may hold.
Result<void> SeriesSource::skip() {
  said_something_ = true;
  if (++skipped_ <= options_.series_limit || options_.series_limit == 0) return {};
  return fail(Errc::limit,
              fmt::format("more than {} series before those that are wanted of it (limits.series)",
                          options_.series_limit));
}

Result<void> SeriesSource::take_series(const wire::Frame& frame,
                                       const wire::ChunkedSeriesView& series, bool alone) {
  Fragment fragment;
  fragment.source = index_;
  fragment.group = options_.group;
  fragment.pin = block_;
  bool as_it_came = true;
  wire::LabelsStep step;
  if (response_.step) {
    step = *response_.step;
    fragment.labels = series.labels;
  } else {
    const bool pinned = inside(series.labels, frame.data);
    const auto set =
        set_labels(fragment, series.labels, pinned, options_.replica_labels, options_.account);
    if (!set) return fail(set.error());
    as_it_came = *set && pinned;
    step.common = 0;
    step.order = wire::compare_labels_from(fragment.labels, last_labels_, step.common);
  }
  bool together = true;
  size_t chunk_bytes = 0;
  const wire::ChunkView* before = nullptr;
  for (const wire::ChunkView& chunk : series.chunks) {
    if (!is_sound(chunk)) return fail(what_is_wrong(chunk));
    if (options_.verify_chunks) {
      if (auto verified = wire::verify_chunk(chunk); !verified) return verified;
    }
    if (before != nullptr) {
      as_it_came = as_it_came && chunk.min_time_ms > before->max_time_ms;
      together = together && before->wire.data() + before->wire.size() == chunk.wire.data();
    }
    before = &chunk;
    chunk_bytes += chunk.wire.size();
    fragment.sample_count += wire::claimed_samples(chunk.encoding, chunk.data);
    fragment.newer_chunks = fragment.newer_chunks || wire::is_newer(chunk.encoding);
  }
  if (!together) {
    if (auto room = take_room(series.chunks.size_bytes()); !room) return room;
    fragment.own_rare().chunks.assign(series.chunks.begin(), series.chunks.end());
  } else if (before != nullptr) {
    fragment.entries = {series.chunks.front().wire.data(), chunk_bytes};
  }
  if (alone && as_it_came) fragment.whole = frame.wire;
  fragment.charge_rare(options_.account);
  fragment.bytes =
      alone ? frame.wire.size() : fragment.labels.size() + sizeof(Fragment) + chunk_bytes;
  auto pushed = push(std::move(fragment), step);
  started_ = started_ || window_.due();
  return pushed;
}

}  // namespace mread::merger
