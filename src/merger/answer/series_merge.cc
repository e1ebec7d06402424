#include "merger/answer/series_merge.h"

#include <algorithm>
#include <cassert>

#include "wire/labels/labels_view.h"

namespace mread::merger {

void SeriesMerge::start(std::vector<SeriesSource*> sources) {
  sources_ = std::move(sources);
  leaves_.assign(sources_.size(), {});
  windows_.clear();
  built_ = false;
  replay_ = false;
  series_.clear();
  written_pin_.reset();
  failed_source_ = no_source;
  undecodable_ = false;
  error_.reset();
  for (const SeriesSource* source : sources_) windows_.push_back(&source->window());
  for (SeriesSource* source : sources_) source->know(windows_);
}

// Both have lost to the same leaf, or follow on the same series (see LoserTree), and neither comes
// before that. The one that agrees with it further comes first, without a look at the labels; and
// what the other has in common with the winner is what it had in common with that.
bool SeriesMerge::before(size_t i, size_t j) {
  Leaf& a = leaves_[i];
  Leaf& b = leaves_[j];
  if (a.ended || b.ended) return !a.ended || (b.ended && i < j);
  if (a.common != b.common) return a.common > b.common;
  if (a.common == same_labels) return i < j;
  size_t common = a.common;
  // Twins are the same bytes (TwinFinder).
  const auto order = a.labels.data() == b.labels.data() && a.labels.size() == b.labels.size()
                         ? std::strong_ordering::equal
                         : wire::compare_labels_from(a.labels, b.labels, common);
  const bool first = order < 0 || (order == 0 && i < j);
  (first ? b : a).common = order == 0 ? same_labels : static_cast<uint32_t>(common);
  return first;
}

bool SeriesMerge::fail_with(size_t source, Error error) {
  failed_source_ = source;
  error_ = std::move(error);
  return false;
}

// Brings the tree up to date with what the sources hold. False where a source has to say more
// first, or has failed.
bool SeriesMerge::refresh() {
  const auto order = [this](size_t i, size_t j) { return before(i, j); };
  const auto read_leaf = [this](size_t i) {
    SeriesSource& source = *sources_[i];
    if (!source.ready()) return false;
    if (source.drained() && source.error()) {
      return fail_with(source.index(), *source.error());
    }
    leaves_[i] = source.drained() ? Leaf{{}, true, 0} : Leaf{source.head(), false, 0};
    return true;
  };

  if (!built_) {
    for (size_t i = 0; i < sources_.size(); ++i) {
      if (!read_leaf(i)) return false;
    }
    tree_.build(sources_.size(), order);
    built_ = true;
    fresh_ = true;
    replay_ = false;
  } else if (replay_) {
    Leaf& top = leaves_[tree_.top()];
    if (!read_leaf(tree_.top())) return false;
    if (!top.ended) {
      top.common = sources_[tree_.top()]->head_common();
      if (top.common == unknown_common) {
        size_t common = 0;
        const auto step = wire::compare_labels_from(series_.front().labels, top.labels, common);
        top.common = step == 0 ? same_labels : static_cast<uint32_t>(common);
      }
    }
    fresh_ = false;
    tree_.replay(order);
    replay_ = false;
  }
  return true;
}

bool SeriesMerge::write_series(AnswerWriter& writer, Batch& batch) {
  assert(!series_.empty());
  assert(std::is_sorted(series_.begin(), series_.end(),
                        [](const Fragment& a, const Fragment& b) { return a.source < b.source; }));
  const std::string_view labels = series_.front().labels;
  assert(!written_pin_ || wire::compare_labels(written_, labels) < 0);
  Pin pin = series_.front().labels_pin();
  if (auto written = writer.write(series_, batch); !written) {
    undecodable_ = true;
    return fail_with(written.error().source, std::move(written.error().error));
  }
  written_ = labels;
  written_pin_ = std::move(pin);
  constexpr size_t usual_fragments = 1024;
  if (series_.capacity() > usual_fragments) {
    series_ = {};
  } else {
    series_.clear();
  }
  return true;
}

std::optional<ResumePoint> SeriesMerge::resume_point() const {
  if (!series_.empty()) return ResumePoint{std::string(series_.front().labels), true};
  if (written_pin_) return ResumePoint{std::string(written_), false};
  return std::nullopt;
}

void SeriesMerge::add(SeriesSource* source) {
  assert(source->index() == sources_.size());
  sources_.push_back(source);
  windows_.push_back(&source->window());
  source->know(windows_);
  leaves_.emplace_back();
  built_ = false;
  replay_ = false;
}

bool SeriesMerge::continues(const Leaf& top) const {
  return fresh_ ? top.labels == series_.front().labels : top.common == same_labels;
}

SeriesMerge::State SeriesMerge::run(AnswerWriter& writer, Batch& batch, size_t batch_bytes) {
  if (error_) return State::failed;
  if (sources_.empty()) return State::done;
  while (batch.size() < batch_bytes) {
    if (!refresh()) return error_ ? State::failed : State::blocked;
    const Leaf& top = leaves_[tree_.top()];
    if (!series_.empty() && (top.ended || !continues(top))) {
      if (!write_series(writer, batch)) return State::failed;
      continue;
    }
    if (top.ended) return State::done;
    sources_[tree_.top()]->pop_series(series_);
    replay_ = true;
  }
  return State::full;
}

void SeriesMerge::skip_failure() {
  assert(error_ && failed_source_ != no_source);
  for (SeriesSource* source : sources_) {
    if (source->index() != failed_source_) continue;
    source->discard();
    source->forgive();
  }
  // A series that did not decode is tried again without the failed source's part. What a source
  // gave before it ended early is good.
  if (undecodable_) {
    std::erase_if(series_,
                  [this](const Fragment& fragment) { return fragment.source == failed_source_; });
  }
  undecodable_ = false;
  built_ = false;
  replay_ = false;
  failed_source_ = no_source;
  error_.reset();
}

}  // namespace mread::merger
