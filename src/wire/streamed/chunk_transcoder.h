#pragma once

#include <string>

#include "base/error.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/streamed/chunked_series.h"

namespace mread::wire {

/// Rewrites chunks of the encodings 4, 5 and 6 in 1, 2 and 3, which every Prometheus reads: the
/// samples stay, bit for bit, and their start timestamps go.
///
/// Cost     a chunk is decoded and written again. Memory is kept for the next.
/// Not thread-safe.
class ChunkTranscoder {
 public:
  /// Appends the chunk to the entries of a ChunkedSeries; with `header` as its counter reset header
  /// where it has histograms. The entries cover the times that the chunk claims. Several come of
  /// one that no Prometheus would have written as one, none of one without samples. Errors: as the
  /// readers', Errc::malformed for histograms that do not follow each other in time; nothing is
  /// appended.
  Result<void> append(std::string& entries, const ChunkView& chunk, CounterResetHeader header);

 private:
  Result<void> append_floats(std::string& entries, const ChunkView& chunk);

  XorWriter floats_;
};

}  // namespace mread::wire
