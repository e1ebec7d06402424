#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace mread::merger {

/// A tournament of `k` leaves: which of them comes first, and what follows once that one has moved
/// on.
///
/// `Before` is a strict order on leaf numbers; it must break ties itself (by number), so the result
/// is deterministic. It may learn from what it is asked: every leaf but the one on top was last
/// asked about together with the leaf that it lost to, and replay() asks only about leaves that
/// have lost to the one on top before it moved on.
///
/// For four leaves with the keys 3 1 4 2 (the number of a leaf in brackets):
///
///     nodes_[0]        1 [1]           the winner
///     nodes_[1]        2 [3]           lost to it in the final
///     nodes_[2], [3]   3 [0]   4 [2]   lost in the first round
///     leaves           3 1     4 2
///
/// When leaf 1 moves on, replay() meets 3 and then 2 only: the losers on its way up.
///
/// Cost     build() k - 1 comparisons, replay() at most ceil(log2 k). Only build() allocates, and
///          keeps its memory.
/// Not thread-safe.
class LoserTree {
 public:
  template <class Before>
  void build(size_t leaves, const Before& before) {
    leaves_ = leaves;
    nodes_.resize(leaves);
    winners_.resize(2 * leaves);
    for (size_t i = 0; i < leaves; ++i) winners_[leaves + i] = i;
    for (size_t node = leaves; node-- > 1;) {
      size_t winner = winners_[2 * node];
      size_t loser = winners_[2 * node + 1];
      if (before(loser, winner)) std::swap(winner, loser);
      winners_[node] = winner;
      nodes_[node] = loser;
    }
    if (leaves > 0) nodes_[0] = winners_[1];
  }

  /// The leaf that comes first. At least one leaf.
  size_t top() const {
    assert(leaves_ > 0 && nodes_[0] < leaves_);
    return nodes_[0];
  }

  /// To be called after the leaf on top has got a later key (never for another leaf: build() again
  /// for that).
  template <class Before>
  void replay(const Before& before) {
    assert(leaves_ > 0);
    size_t winner = nodes_[0];
    for (size_t node = (winner + leaves_) / 2; node > 0; node /= 2) {
      assert(node < leaves_ && nodes_[node] < leaves_ && nodes_[node] != winner);
      if (before(nodes_[node], winner)) std::swap(winner, nodes_[node]);
    }
    nodes_[0] = winner;
  }

 private:
  size_t leaves_ = 0;
  std::vector<size_t> nodes_;  // [0] the winner, the others each the loser of their match.
  std::vector<size_t> winners_;
};

}  // namespace mread::merger
