#pragma once

#include <cstdint>
#include <vector>

#include "merger/combine/conflict.h"
#include "merger/combine/gap_fill.h"
#include "merger/policy/policy.h"
#include "model/histogram.h"
#include "model/sample.h"

namespace mread::merger {

/// A sample of a series that has histograms.
struct MixedSample {
  int64_t timestamp_ms = 0;
  uint32_t source = 0;
  uint32_t run = 0;       ///< what one replica says: on ties, the lowest wins
  uint32_t position = 0;  ///< in its run; set by order_mixed
  bool is_histogram = false;
  uint64_t bits = 0;  ///< a float sample's value
  model::Histogram histogram;
};

/// Memory of the sample outside of the object.
size_t memory_with(const MixedSample& sample);

/// Sorts each run by time and leaves one sample a timestamp, on a tie the first, or which the rule
/// prefers as in merge_mixed; those that differ are added to `conflicts`. Cost: O(n log n).
void order_mixed(std::vector<MixedSample>& samples, OnConflict rule, ConflictCount& conflicts);

/// After order_mixed: leaves of the runs [first, last), which are one group's, what GapFill
/// chooses. A histogram counts by its count of observations, a gauge histogram may change as it
/// likes.
void fill_mixed_gaps(std::vector<MixedSample>& samples, uint32_t first, uint32_t last,
                     GapFill& gap_fill);

/// After order_mixed: sorts the samples of all runs into one series: one sample a timestamp,
/// increasing. On a tie the run with the lowest number wins, whatever the kinds (`live` prefers
/// what is not stale; max and min compare floats only); samples that differ from that run's are
/// added to `conflicts`.
///
/// A counter-reset hint holds between two neighbours of one run. Where the sample before is
/// another's now, the hint becomes unknown, so that a reader compares for itself; gauges stay
/// gauges.
///
/// Cost     O(n log n). Series of floats alone take ChainIterator instead.
void merge_mixed(std::vector<MixedSample>& samples, OnConflict rule, ConflictCount& conflicts);

}  // namespace mread::merger
