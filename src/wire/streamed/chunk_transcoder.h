#pragma once

#include <string>

#include "base/error.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/streamed/chunked_series.h"

namespace mread::wire {

/// Rewrites chunks of the encodings 4, 5 and 6 in 1, 2 and 3, which every Prometheus reads. The
/// samples stay, bit for bit; their start timestamps are dropped.
///
/// Cost   A chunk is decoded and encoded again. Memory is kept for the next.
/// Not thread-safe.
class ChunkTranscoder {
 public:
  /// Appends the chunk to the entries of a ChunkedSeries, with `header` as its counter reset header
  /// if it has histograms. The entries cover the times that the chunk claims. A chunk that no
  /// Prometheus would have written as one becomes several; a chunk without samples becomes none.
  /// Errors: as the readers, and Errc::malformed for histograms out of order in time; nothing is
  /// appended then.
  Result<void> append(std::string& entries, const ChunkView& chunk, CounterResetHeader header);

 private:
  Result<void> append_floats(std::string& entries, const ChunkView& chunk);

  XorWriter floats_;
};

}  // namespace mread::wire
