#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "merger/source/block_queue.h"
#include "merger/source/series_fragment.h"
#include "wire/labels/labels_view.h"

namespace mread::merger {

/// The fragments of one source that were received and not taken yet, in the order of their labels;
/// fragments of one series in the order of arrival.
///
/// A series is *due* once `window` bytes are held of it and of what comes after it, some of that
/// another series', or once the source has ended. What is due is final: a series that arrives later
/// and would have to come before it cannot be put in its place any more. Which series these are
/// depends on the bytes alone, not on when they are taken.
///
///     taken <- | a a a | b b | c c c c | <- pushed
///              |<---- bytes held ----->|   a is due once they are `window` or more
///
/// Cost     a queue while the source keeps to the order; from the first series out of order on a
///          tree, O(log n) a fragment.
/// Not thread-safe.
class ReorderWindow {
 public:
  explicit ReorderWindow(size_t window_bytes) : window_(window_bytes) {}

  /// `step` is that from the fragment pushed before, where it is known.
  /// Errors: Errc::unsorted for a series that does not come after all that were due before it.
  Result<void> push(Fragment&& fragment, const wire::LabelsStep* step = nullptr);
  /// Nothing more will be pushed: everything is due.
  void end();

  bool empty() const { return queue_.empty() && tree_.empty(); }
  bool due() const {
    if (ended_ || !sorted_) return !queue_.empty();
    return bytes_ >= window_ && series_ > 1;
  }
  /// The labels of the first series; due() or sorted, and not empty.
  std::string_view front() const { return queue_.front().labels; }
  /// What its labels have in common with those of the series that was taken before
  /// (Fragment::common).
  uint32_t front_common() const { return queue_.front().common; }
  /// Moves all fragments of the first series to the end of `out`; only when due().
  void pop_series(std::vector<Fragment>& out);

  /// The fragment that was pushed as number `number`, from 0; null where it has been taken, is not
  /// there yet, or the source has broken the order.
  const Fragment* pushed(uint64_t number) const {
    return sorted_ && number >= taken_ && number - taken_ < queue_.size() ? &queue_[number - taken_]
                                                                          : nullptr;
  }
  /// The number of the first that is held of the series of these labels, or else of the one after
  /// it; `taken` where the source has broken the order.
  uint64_t find(std::string_view labels) const;

  size_t bytes() const { return bytes_; }
  /// What it takes itself, without what the fragments pin.
  size_t memory() const { return queue_.memory() + (sorted_ ? 0 : tree_.size() * node_bytes); }
  /// True if the source has broken the order.
  bool unsorted() const { return !sorted_; }

  /// Forgets the fragments of a series that is not due; for one that was cut off in the middle.
  void erase(std::string_view labels);
  /// Forgets all that is not due.
  void keep_due();
  /// Forgets all; nothing may be pushed any more.
  void clear();

 private:
  struct ByLabels {
    bool operator()(const Fragment& a, const Fragment& b) const;
  };
  // A node of the tree, as libstdc++ makes it, and the allocator's header.
  static constexpr size_t node_bytes = sizeof(Fragment) + 48;

  void reserve_for_series(std::vector<Fragment>& out, std::string_view labels) const;
  void leave_order();
  void settle();
  void drop_back();

  size_t window_;
  bool sorted_ = true;
  bool ended_ = false;
  BlockQueue<Fragment> queue_;  // Sorted. All of it while sorted_, afterwards what is due.
  std::multiset<Fragment, ByLabels> tree_;
  size_t bytes_ = 0;
  size_t tree_bytes_ = 0;
  uint64_t taken_ = 0;   // While sorted_, fragments;
  uint64_t series_ = 0;  // and how many series those in the queue are of.
  bool any_due_ = false;
  std::string_view last_due_;  // While sorted_, the last that was taken;
  Pin last_due_pin_;           // keeps it.
};

}  // namespace mread::merger
