#pragma once

#include <cstdint>
#include <vector>

#include "model/histogram.h"

namespace mread::wire {

/// The buckets of one side (positive or negative) of two histograms, merged into one layout.
/// `chunk` is the layout so far, `sample` the layout of the new sample. Bucket values are any 64
/// bits.
/// Cost     linear in the buckets of both.
struct SideMerge {
  bool chunk_grows = false;   ///< the sample has buckets that the chunk lacks
  bool sample_grows = false;  ///< the chunk has buckets that the sample lacks
  /// For each bucket of the union, in order: its index among the chunk's and among the sample's
  /// buckets, -1 if absent.
  struct Position {
    int64_t chunk = -1;
    int64_t sample = -1;
  };
  std::vector<Position> positions;
  std::vector<model::BucketSpan> spans;  ///< of the union, without empty or adjoining spans
};

SideMerge merge_side(const std::vector<model::BucketSpan>& chunk,
                     const std::vector<model::BucketSpan>& sample);

/// The values in the order of the union, 0 for absent buckets. `member` selects the chunk's or the
/// sample's indices.
std::vector<uint64_t> widen(const std::vector<uint64_t>& values,
                            const std::vector<SideMerge::Position>& positions,
                            int64_t SideMerge::Position::*member);

}  // namespace mread::wire
