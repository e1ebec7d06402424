#pragma once

#include <cstdint>
#include <vector>

#include "model/histogram.h"

namespace mread::wire {

/// The buckets of one side (positive or negative) of two histograms, laid over each other. `chunk`
/// is the layout so far, `sample` the new one's. Bucket values are 64 bits that mean nothing here.
/// Cost     linear in the buckets of both.
struct SideMerge {
  bool chunk_grows = false;   ///< the sample has buckets that the chunk lacks
  bool sample_grows = false;  ///< the chunk has buckets that the sample lacks
  /// For each bucket of the union, in order: its place in the chunk's and in the sample's buckets,
  /// -1 where absent.
  struct Position {
    int64_t chunk = -1;
    int64_t sample = -1;
  };
  std::vector<Position> positions;
  std::vector<model::BucketSpan> spans;  ///< of the union, without empty or adjoining spans
};

SideMerge merge_side(const std::vector<model::BucketSpan>& chunk,
                     const std::vector<model::BucketSpan>& sample);

/// The values in the union's order, 0 for what is absent. `member` says which place counts.
std::vector<uint64_t> widen(const std::vector<uint64_t>& values,
                            const std::vector<SideMerge::Position>& positions,
                            int64_t SideMerge::Position::*member);

}  // namespace mread::wire
