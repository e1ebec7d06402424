#include "merger/source/samples_answer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "merger/source/fragment_labels.h"
#include "wire/bytes/large_memory.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace mread::merger {
Result<void> SamplesAnswer::feed(std::shared_ptr<const std::string> piece,
                                 const SourceOptions& options) {
  if (bytes_ + piece->size() > options.body_limit) return exceed_body(options);
  bytes_ += piece->size();
  pieces_.push_back(std::move(piece));
  return {};
}

Result<void> SamplesAnswer::end(uint32_t source, const SourceOptions& options) {
  if (!options.defer) return check(source, options);
  // What is no block at all is told at once.
  const auto length = wire::uncompressed_length(pieces_, options.body_limit);
  if (!length && length.error().is(Errc::limit)) return exceed_body(options);
  if (!length) return fail(length.error());
  waits_ = true;
  return {};
}

Result<void> SamplesAnswer::check(uint32_t source, const SourceOptions& options) {
  waits_ = false;
  irregular_ = false;
  left_to_ = nullptr;
  reader_.reset();
  pin_.reset();
  series_ = 0;
  const auto length = wire::uncompressed_length(pieces_, options.body_limit);
  if (!length && length.error().is(Errc::limit)) return exceed_body(options);
  if (!length) return fail(length.error());
  if (auto room = take_room(wire::large_memory_bytes(*length), options); !room) return room;
  Charge charge(options.account, wire::large_memory_bytes(*length) + object_overhead);
  auto bytes = wire::uncompress(pieces_, options.body_limit);
  if (!bytes) return fail(std::move(bytes).error());
  pieces_ = {};
  bytes_ = 0;
  const std::string_view body = bytes->view();
  const Pin pin(new Block(std::move(bytes->memory), std::move(charge)));
  fragments_charge_ = Charge(options.account);
  auto taken = take_all(body, pin, source, options);
  if (taken) taken = sort(options);
  fragments_charge_.set(0);  // They are a part of memory() from here on.
  if (!taken) return taken;
  const auto is_skipped = [&options](const Fragment& fragment) {
    return options.resume && options.resume->skips(fragment.labels);
  };
  while (next_ < fragments_.size() && is_skipped(fragments_[next_])) fragments_[next_++] = {};
  for (size_t i = next_; i < fragments_.size(); ++i) bytes_ += fragments_[i].bytes;
  return {};
}

Result<void> SamplesAnswer::take_all(std::string_view body, const Pin& pin, uint32_t source,
                                     const SourceOptions& options) {
  const uint64_t limit = options.series_limit == 0 ? UINT64_MAX : options.series_limit;
  wire::ReadResponseReader reader(body);
  unsorted_ = false;
  for (wire::TimeSeriesView series; reader.next(series);) {
    if (series_ == limit) {
      over_limit_ = true;
      return fail(Errc::limit,
                  fmt::format("the answer has more than {} series (limits.series)", limit));
    }
    if (auto grown = grow(options); !grown) return grown;
    const auto step = add_fragment(series, reader.labels_stand(), pin, options);
    if (!step)
      return over_budget_ ? fail(step.error())
                          : fail(step.error().in(fmt::format("series {}", series_)));
    Fragment& fragment = fragments_.back();
    fragment.source = source;
    const bool repeats = series_ > 0 && step->order == 0;
    ++series_;
    // It would be one more fragment of the same series, with nothing in it.
    if (repeats && fragment.entries.empty() && !fragment.rare) fragments_.pop_back();
    unsorted_ = unsorted_ || step->order < 0;
  }
  if (reader.error()) return fail(*reader.error());
  if (reader.results() != 1)
    return fail(Errc::malformed, fmt::format("{} results for 1 query", reader.results()));
  return {};
}

// Room for one more. What is to be moved and where it goes to are there at the same time.
Result<void> SamplesAnswer::grow(const SourceOptions& options) {
  if (fragments_.size() < fragments_.capacity()) return {};
  const size_t next = std::max<size_t>(16, 2 * fragments_.capacity());
  if (auto room = take_room(next * sizeof(Fragment), options); !room) return room;
  fragments_.reserve(next);
  fragments_charge_.set(fragments_.capacity() * sizeof(Fragment));
  return {};
}

Result<wire::LabelsStep> SamplesAnswer::add_fragment(const wire::TimeSeriesView& series,
                                                     bool labels_stand, const Pin& pin,
                                                     const SourceOptions& options) {
  const std::string_view before =
      fragments_.empty() ? std::string_view() : fragments_.back().labels;
  Fragment& fragment = fragments_.emplace_back();
  fragment.group = options.group;
  fragment.is_samples = true;
  wire::LabelsStep step = wire::step_labels(before, series.labels);
  bool as_came = true;
  if (step.canonical && labels_stand && options.replica_labels.empty()) {
    fragment.labels = series.labels;
  } else {
    const auto set =
        set_labels(fragment, series.labels, labels_stand, options.replica_labels, options.account);
    if (!set) return fail(set.error());
    as_came = *set && labels_stand;
    step.common = 0;
    step.order = wire::compare_labels_from(fragment.labels, before, step.common);
  }
  fragment.common = step.order == 0 ? same_labels : static_cast<uint32_t>(step.common);
  fragment.pin = pin;
  fragment.entries = series.samples;
  if (!series.histograms.empty()) fragment.own_rare().histograms = series.histograms;
  fragment.charge_rare(options.account);
  if (as_came) fragment.whole = series.body;
  fragment.bytes = series.body.size();
  if (options.account->budget().exceeded()) [[unlikely]] {
    if (auto room = take_room(0, options); !room) return fail(std::move(room).error());
  }
  return step;
}

Result<void> SamplesAnswer::sort(const SourceOptions& options) {
  if (!unsorted_) return {};
  // What the algorithm takes for itself.
  if (auto room = take_room(fragments_.size() / 2 * sizeof(Fragment), options); !room) return room;
  std::stable_sort(fragments_.begin(), fragments_.end(), [](const Fragment& a, const Fragment& b) {
    return wire::compare_labels(a.labels, b.labels) < 0;
  });
  for (Fragment& fragment : fragments_) fragment.common = unknown_common;
  return {};
}

void SamplesAnswer::read(uint32_t source, const SourceOptions& options) {
  waits_ = false;
  reader_ =
      std::make_unique<wire::SamplesBlockReader>(pieces_, options.account->budget().room() / 2);
  source_ = source;
  group_ = options.group;
  series_limit_ = options.series_limit == 0 ? UINT64_MAX : options.series_limit;
  advance();
}

void SamplesAnswer::advance() {
  const auto state = reader_->next();
  has_front_ = state == wire::SamplesBlockReader::State::series;
  irregular_ = state == wire::SamplesBlockReader::State::irregular;
  if (!has_front_) return;
  const std::string_view labels = reader_->series().labels;
  const wire::LabelsStep step = wire::step_labels(last_labels_, labels);
  if (!step.canonical || (series_ > 0 && step.order <= 0) || series_ == series_limit_) {
    has_front_ = false;
    irregular_ = true;
    return;
  }
  last_labels_.replace(step.common, std::string::npos, labels.substr(step.common));
  front_common_ = static_cast<uint32_t>(step.common);
  ++series_;
  if (pinned_ == reader_->memory().get()) return;
  pinned_ = reader_->memory().get();
  pin_ = Pin(new Block(reader_->memory()));
}

void SamplesAnswer::leave_to(const SamplesAnswer& other) {
  waits_ = false;
  left_to_ = &other;
  pieces_ = other.pieces_;
  bytes_ = 0;
}

void SamplesAnswer::leave(uint64_t series) {
  waits_ = false;
  series_ = series;
  pieces_ = {};
  bytes_ = 0;
}

bool SamplesAnswer::has_same_bytes(const SamplesAnswer& other) const {
  if (bytes_ != other.bytes_) return false;
  const auto next = [](Pieces& pieces, std::string_view& part) {
    if (!part.empty() || pieces.empty()) return;
    part = *pieces.front();
    pieces = pieces.subspan(1);
  };
  Pieces these = pieces_;
  Pieces those = other.pieces_;
  std::string_view a, b;
  for (size_t left = bytes_; left > 0;) {
    next(these, a);
    next(those, b);
    const size_t size = std::min(a.size(), b.size());
    if (std::memcmp(a.data(), b.data(), size) != 0) return false;
    a.remove_prefix(size);
    b.remove_prefix(size);
    left -= size;
  }
  return true;
}

void SamplesAnswer::clear() {
  // Assigning {} would keep their memory.
  decltype(pieces_)().swap(pieces_);
  decltype(fragments_)().swap(fragments_);
  reader_.reset();
  pin_.reset();
  pinned_ = nullptr;
  waits_ = false;
  irregular_ = false;
  next_ = 0;
  bytes_ = 0;
}

void SamplesAnswer::pop_series(std::vector<Fragment>& out) {
  if (reader_) {
    const wire::TimeSeriesView& series = reader_->series();
    Fragment& fragment = out.emplace_back();
    fragment.pin = pin_;
    fragment.labels = series.labels;
    fragment.common = front_common_;
    fragment.source = source_;
    fragment.group = group_;
    fragment.is_samples = true;
    fragment.entries = series.samples;
    if (series.has_histograms()) fragment.own_rare().histograms = series.histograms;
    fragment.whole = series.body;
    fragment.bytes = series.body.size();
    advance();
    return;
  }
  const std::string_view labels =
      front();  // Its bytes stay: the fragment that pins them goes to `out`.
  const auto continues = [labels](const Fragment& fragment) {
    return fragment.common == same_labels ||
           (fragment.common == unknown_common && fragment.labels == labels);
  };
  size_t end = next_ + 1;
  while (end < fragments_.size() && continues(fragments_[end])) ++end;
  // Of very many, the list does not take more than it has to.
  constexpr size_t many = 64;
  if (end - next_ > many) out.reserve(out.size() + end - next_);
  for (; next_ < end; ++next_) {
    bytes_ -= fragments_[next_].bytes;
    out.push_back(std::move(fragments_[next_]));
  }
}

Result<void> SamplesAnswer::take_room(uint64_t more, const SourceOptions& options) {
  if (options.account->may_take(more)) [[likely]]
    return {};
  return exceed_bytes(options.account->budget().limit());
}

// It is asked for nevertheless, for whoever decides what becomes of the read.
Result<void> SamplesAnswer::exceed_body(const SourceOptions& options) {
  static_cast<void>(options.account->may_take(options.body_limit));
  return exceed_bytes(options.body_limit);
}

Result<void> SamplesAnswer::exceed_bytes(uint64_t limit) {
  over_budget_ = true;
  return fail(holds_too_much(limit));
}

}  // namespace mread::merger
