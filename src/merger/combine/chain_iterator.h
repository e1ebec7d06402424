#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "merger/combine/conflict.h"
#include "merger/combine/loser_tree.h"
#include "merger/policy/policy.h"
#include "model/sample.h"

namespace mread::merger {

/// Of two different samples at one timestamp, the one that is kept; `kept` comes from the earlier
/// source.
model::Sample resolve_conflict(OnConflict rule, model::Sample kept, model::Sample other);

/// Merges K runs of samples of the same series into one.
///
/// Input    K runs, each strictly increasing in timestamp [ms since epoch]; they outlive the
///          iteration.
/// Output   One sample per distinct timestamp, increasing. On a tie the rule decides, which is by
///          default that the run with the lowest index wins. Samples that differ in a bit from that
///          run's are counted as conflicts, each once. A staleness marker is a sample like any
///          other: it neither hides nor ends another run's samples.
/// Cost     O(log K) comparisons per input sample (one for K = 2), O(K) memory, no allocation but
///          in reset(), which keeps its memory.
///
/// Not thread-safe.
class ChainIterator {
 public:
  explicit ChainIterator(OnConflict rule = OnConflict::first) : rule_(rule) {}

  void reset(std::span<const std::span<const model::Sample>> runs);

  bool next(model::Sample& out) {
    if (pair_) [[likely]] {
      Run& a = runs_[0];
      Run& b = runs_[1];
      if (a.at == a.end) return take(b, out);
      if (b.at == b.end) return take(a, out);
      if (a.at->timestamp_ms < b.at->timestamp_ms) {
        out = *a.at++;
      } else if (b.at->timestamp_ms < a.at->timestamp_ms) {
        out = *b.at++;
      } else {
        out = *a.at++;
        const model::Sample other = *b.at++;
        if (other.bits != out.bits) {
          conflicts_.add(out, other.bits);
          out = resolve_conflict(rule_, out, other);
        }
      }
      return true;
    }
    return next_of_many(out);
  }

  /// All that is left, to `out`, which has room for it; how many samples that makes. The same as
  /// next() gives, in less time: of many runs it takes O(1) a sample where timestamps are spread
  /// over their range as those of scrapes are, and up to eight bytes a sample of memory.
  size_t take_all(model::Sample* out);

  /// Bytes that it takes.
  size_t memory() const {
    return buckets_.capacity() * sizeof(buckets_[0]) + runs_.capacity() * sizeof(Run);
  }

  /// Of all iterations so far.
  const ConflictCount& conflicts() const { return conflicts_; }

 private:
  struct Run {
    const model::Sample* at = nullptr;
    const model::Sample* end = nullptr;
  };

  static bool take(Run& run, model::Sample& out) {
    if (run.at == run.end) return false;
    out = *run.at++;
    return true;
  }
  bool before(size_t i, size_t j) const;
  bool next_of_many(model::Sample& out);
  size_t take_pair(model::Sample* out);
  size_t take_many(model::Sample* out);
  size_t resolve_ties(model::Sample* samples, size_t count);

  OnConflict rule_;
  std::vector<Run> runs_;
  LoserTree tree_;
  bool pair_ = false;
  std::vector<uint32_t> buckets_;
  ConflictCount conflicts_;
};

}  // namespace mread::merger
