#include "merger/sampled_answer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "merger/fragment_labels.h"
#include "merger/series_source.h"
#include "wire/labels_view.h"
#include "wire/samples_response.h"
#include "wire/snappy_block.h"

namespace mread::merger {
namespace {

struct Body {
  wire::Uncompressed bytes;
  wire::ReadResponseView view;
};

}  // namespace

Result<void> SampledAnswer::feed(std::shared_ptr<const std::string> piece, const SourceOptions& options) {
  if (bytes_ + piece->size() > options.body_limit) return exceed_bytes(options.body_limit);
  bytes_ += piece->size();
  pieces_.push_back(std::move(piece));
  return {};
}

Result<void> SampledAnswer::end(uint32_t source, const SourceOptions& options) {
  if (!options.defer) return check(source, options);
  // What is no block at all is told at once.
  const auto length = wire::uncompressed_length(pieces_, options.body_limit);
  if (!length && length.error().is(Errc::limit)) return exceed_bytes(options.body_limit);
  if (!length) return fail(length.error());
  waits_ = true;
  return {};
}

Result<void> SampledAnswer::check(uint32_t source, const SourceOptions& options) {
  waits_ = false;
  lapsed_ = false;
  left_to_ = nullptr;
  reader_.reset();
  pin_.reset();
  auto bytes = wire::uncompress(pieces_, options.body_limit);
  if (!bytes && bytes.error().is(Errc::limit)) return exceed_bytes(options.body_limit);
  if (!bytes) return fail(std::move(bytes).error());
  pieces_.clear();
  bytes_ = 0;
  const auto body = std::make_shared<Body>();
  body->bytes = *std::move(bytes);
  auto view =
      wire::parse_read_response(body->bytes.view(), options.series_limit == 0 ? SIZE_MAX : options.series_limit);
  if (!view && view.error().is(Errc::limit)) {
    return exceed(fmt::format("the answer has more than {} series (limits.series)", options.series_limit));
  }
  if (!view) return fail(std::move(view).error());
  body->view = *std::move(view);
  if (body->view.results.size() != 1) {
    return fail(Errc::malformed, fmt::format("{} results for 1 query", body->view.results.size()));
  }
  const Pin pin(new Block(body));
  const auto& listed = body->view.results.front().series;
  fragments_.reserve(listed.size());
  bool sorted = true;
  for (const wire::TimeSeriesView& series : listed) {
    const std::string_view before = fragments_.empty() ? std::string_view() : fragments_.back().labels;
    Fragment& fragment = fragments_.emplace_back();
    fragment.source = source;
    fragment.group = options.group;
    fragment.is_samples = true;
    wire::LabelsStep step = wire::step_labels(before, series.labels);
    bool as_came = true;
    if (step.canonical && options.replica_labels.empty()) {
      fragment.labels = series.labels;
    } else {
      const auto set = set_labels(fragment, series.labels, true, options.replica_labels);
      if (!set) return fail(set.error().in(fmt::format("series {}", fragments_.size() - 1)));
      as_came = *set;
      step.common = 0;
      step.order = wire::compare_labels_from(fragment.labels, before, step.common);
    }
    sorted = sorted && step.order >= 0;
    fragment.common = step.order == 0 ? same_labels : static_cast<uint32_t>(step.common);
    fragment.pin = pin;
    fragment.entries = series.samples;
    if (!series.histograms.empty()) fragment.own_rare().histograms = series.histograms;
    if (as_came) fragment.whole = series.body;
    fragment.bytes = series.body.size();
  }
  series_ = fragments_.size();
  if (!sorted) {
    std::stable_sort(fragments_.begin(), fragments_.end(),
                     [](const Fragment& a, const Fragment& b) { return wire::compare_labels(a.labels, b.labels) < 0; });
    for (Fragment& fragment : fragments_) fragment.common = unknown_common;
  }
  const auto is_skipped = [&options](const Fragment& fragment) {
    return options.resume && options.resume->skips(fragment.labels);
  };
  while (next_ < fragments_.size() && is_skipped(fragments_[next_])) fragments_[next_++] = {};
  for (size_t i = next_; i < fragments_.size(); ++i) bytes_ += fragments_[i].bytes;
  return {};
}

void SampledAnswer::read(uint32_t source, const SourceOptions& options) {
  waits_ = false;
  reader_ = std::make_unique<wire::SamplesBlockReader>(pieces_);
  source_ = source;
  group_ = options.group;
  series_limit_ = options.series_limit == 0 ? UINT64_MAX : options.series_limit;
  advance();
}

void SampledAnswer::advance() {
  const auto state = reader_->next();
  has_front_ = state == wire::SamplesBlockReader::State::series;
  lapsed_ = state == wire::SamplesBlockReader::State::lapse;
  if (!has_front_) return;
  const std::string_view labels = reader_->series().labels;
  const wire::LabelsStep step = wire::step_labels(last_labels_, labels);
  if (!step.canonical || (series_ > 0 && step.order <= 0) || series_ == series_limit_) {
    has_front_ = false;
    lapsed_ = true;
    return;
  }
  last_labels_.replace(step.common, std::string::npos, labels.substr(step.common));
  front_common_ = static_cast<uint32_t>(step.common);
  ++series_;
  if (pinned_ == reader_->memory().get()) return;
  pinned_ = reader_->memory().get();
  pin_ = Pin(new Block(reader_->memory()));
}

void SampledAnswer::leave_to(const SampledAnswer& other) {
  waits_ = false;
  left_to_ = &other;
  pieces_ = other.pieces_;
  bytes_ = 0;
}

void SampledAnswer::leave(uint64_t series) {
  waits_ = false;
  series_ = series;
  pieces_.clear();
  bytes_ = 0;
}

bool SampledAnswer::has_same_bytes(const SampledAnswer& other) const {
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

void SampledAnswer::clear() {
  pieces_.clear();
  fragments_.clear();
  reader_.reset();
  pin_.reset();
  pinned_ = nullptr;
  waits_ = false;
  lapsed_ = false;
  next_ = 0;
  bytes_ = 0;
}

void SampledAnswer::pop_series(std::vector<Fragment>& out) {
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
  const std::string_view labels = front();  // Its bytes stay: the fragment that pins them goes to `out`.
  const auto continues = [labels](const Fragment& fragment) {
    return fragment.common == same_labels || (fragment.common == unknown_common && fragment.labels == labels);
  };
  do {
    bytes_ -= fragments_[next_].bytes;
    out.push_back(std::move(fragments_[next_++]));
  } while (!empty() && continues(fragments_[next_]));
}

Result<void> SampledAnswer::exceed(std::string what) {
  over_limit_ = true;
  return fail(Errc::limit, std::move(what));
}

Result<void> SampledAnswer::exceed_bytes(uint64_t limit) {
  return exceed(fmt::format("the read holds more than {} bytes (limits.bytes_in_flight)", limit));
}

}  // namespace mread::merger
