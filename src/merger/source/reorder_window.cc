#include "merger/source/reorder_window.h"

#include <algorithm>

#include "wire/labels/labels_view.h"

namespace mread::merger {

bool ReorderWindow::ByLabels::operator()(const Fragment& a, const Fragment& b) const {
  return wire::compare_labels(a.labels, b.labels) < 0;
}

Result<void> ReorderWindow::push(Fragment&& fragment, const wire::LabelsStep* step) {
  const size_t size = fragment.bytes;
  fragment.common = unknown_common;
  if (sorted_) {
    bool follows = queue_.empty();
    if (!follows) {
      size_t common = step != nullptr ? step->common : 0;
      const auto order = step != nullptr ? step->order
                                         : wire::compare_labels_from(fragment.labels,
                                                                     queue_.back().labels, common);
      follows = order >= 0;
      fragment.common = order == 0 ? same_labels : static_cast<uint32_t>(common);
    }
    if (follows) {
      if (fragment.common != same_labels) ++series_;
      queue_.push_back(std::move(fragment));
      bytes_ += size;
      return {};
    }
    leave_order();
    fragment.common = unknown_common;
  }
  if (any_due_ && wire::compare_labels(fragment.labels, last_due_) <= 0) {
    const auto labels = wire::decode_labels(fragment.labels);
    return fail(Errc::unsorted,
                "series out of order: " +
                    (labels ? labels->to_string() : std::string("one with broken labels")) +
                    " comes too late to be put in its place");
  }
  tree_.insert(std::move(fragment));
  tree_bytes_ += size;
  bytes_ += size;
  settle();
  return {};
}

// From here on the queue holds what is due, and the tree the rest.
void ReorderWindow::leave_order() {
  sorted_ = false;
  for (size_t i = 0; i < queue_.size(); ++i) {
    Fragment& fragment = queue_[i];
    tree_bytes_ += fragment.bytes;
    fragment.common = unknown_common;
    tree_.insert(tree_.end(), std::move(fragment));
  }
  queue_.clear();
  settle();
}

void ReorderWindow::settle() {
  while (tree_bytes_ >= window_ && !tree_.empty() &&
         tree_.begin()->labels != tree_.rbegin()->labels) {
    last_due_ = tree_.begin()->labels;
    last_due_pin_ = tree_.begin()->labels_pin();
    any_due_ = true;
    do {
      auto node = tree_.extract(tree_.begin());
      tree_bytes_ -= node.value().bytes;
      queue_.push_back(std::move(node.value()));
    } while (tree_.begin()->labels == last_due_);
  }
}

void ReorderWindow::end() {
  ended_ = true;
  while (!tree_.empty()) queue_.push_back(std::move(tree_.extract(tree_.begin()).value()));
  tree_bytes_ = 0;
}

namespace {

bool continues(const Fragment& fragment, std::string_view labels) {
  return fragment.common == same_labels ||
         (fragment.common == unknown_common && fragment.labels == labels);
}

// The next series of a source is looked at only after those of all others: by then it can be near.
// What its labels have in common with those before is not read again.
void prefetch_labels(const Fragment& fragment) {
  const size_t known = fragment.common == unknown_common
                           ? 0
                           : std::min<size_t>(fragment.common, fragment.labels.size());
  __builtin_prefetch(fragment.labels.data() + known);
}

void prefetch_itself(const Fragment& fragment) {
  const char* const p = reinterpret_cast<const char*>(&fragment);
  __builtin_prefetch(p);
  __builtin_prefetch(p + sizeof fragment - 1);
}

}  // namespace

// Of very many fragments, the list does not take more than it has to.
void ReorderWindow::reserve_for_series(std::vector<Fragment>& out, std::string_view labels) const {
  size_t count = 1;
  while (count < queue_.size() && continues(queue_[count], labels)) ++count;
  out.reserve(out.size() + count);
}

void ReorderWindow::pop_series(std::vector<Fragment>& out) {
  if (sorted_) {
    last_due_ = queue_.front().labels;
    if (const Pin& pin = queue_.front().labels_pin(); pin != last_due_pin_) last_due_pin_ = pin;
    any_due_ = true;
    --series_;
  }
  const std::string_view labels =
      queue_.front().labels;  // Its bytes stay: the fragment that pins them goes to `out`.
  constexpr size_t many = 64;
  size_t count = 0;
  do {
    if (++count == many) reserve_for_series(out, labels);
    bytes_ -= queue_.front().bytes;
    out.push_back(std::move(queue_.front()));
    queue_.pop_front();
    ++taken_;
  } while (!queue_.empty() && continues(queue_.front(), labels));
  constexpr size_t ahead = 3;
  if (queue_.size() > ahead) prefetch_itself(queue_[ahead]);
  if (!queue_.empty()) prefetch_labels(queue_.front());
}

uint64_t ReorderWindow::find(std::string_view labels) const {
  if (!sorted_) return taken_;
  size_t first = 0;
  for (size_t left = queue_.size(); left > 0;) {
    const size_t half = left / 2;
    const bool before = wire::compare_labels(queue_[first + half].labels, labels) < 0;
    first = before ? first + half + 1 : first;
    left = before ? left - half - 1 : half;
  }
  return taken_ + first;
}

void ReorderWindow::erase(std::string_view labels) {
  while (sorted_ && !queue_.empty() && queue_.back().labels == labels) drop_back();
  for (auto it = tree_.begin(); it != tree_.end();) {
    if (it->labels == labels) {
      bytes_ -= it->bytes;
      tree_bytes_ -= it->bytes;
      it = tree_.erase(it);
    } else {
      ++it;
    }
  }
}

void ReorderWindow::keep_due() {
  if (ended_) return;
  if (!sorted_) {
    tree_.clear();
    bytes_ -= tree_bytes_;
    tree_bytes_ = 0;
    return;
  }
  size_t kept = 0;
  for (size_t rest = bytes_;
       rest >= window_ && kept < queue_.size() && queue_[kept].labels != queue_.back().labels;) {
    const std::string_view labels = queue_[kept].labels;
    for (; queue_[kept].labels == labels; ++kept) rest -= queue_[kept].bytes;
  }
  while (queue_.size() > kept) drop_back();
}

void ReorderWindow::drop_back() {
  bytes_ -= queue_.back().bytes;
  if (queue_.back().common != same_labels) --series_;
  queue_.pop_back();
}

void ReorderWindow::clear() {
  queue_.clear();
  tree_.clear();
  last_due_ = {};
  last_due_pin_.reset();
  any_due_ = false;
  series_ = 0;
  bytes_ = 0;
  tree_bytes_ = 0;
}

}  // namespace mread::merger
