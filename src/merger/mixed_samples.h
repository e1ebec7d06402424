#pragma once

#include <cstdint>
#include <vector>

#include "merger/config.h"
#include "model/histogram.h"
#include "model/sample.h"

namespace mread::merger {

/// A sample of a series that has histograms.
struct MixedSample {
  int64_t timestamp_ms = 0;
  uint32_t source = 0;
  uint32_t position = 0;  ///< among its source's samples; set by merge_mixed
  bool is_histogram = false;
  uint64_t bits = 0;  ///< a float sample's value
  model::Histogram histogram;
};

/// Sorts the samples of all sources into one series: one sample a timestamp, increasing. On a tie the source with the
/// lowest index wins, whatever the kinds (`live` prefers what is not stale; max and min compare floats only); samples
/// that differ from that source's are added to `conflicts`.
///
/// A counter-reset hint holds between two neighbours of one source. Where the sample before is another's now, the hint
/// becomes unknown, so that a reader compares for itself; gauges stay gauges.
///
/// Cost     O(n log n). Series of floats alone take ChainIterator instead.
void merge_mixed(std::vector<MixedSample>& samples, OnConflict rule, uint64_t& conflicts);

}  // namespace mread::merger
