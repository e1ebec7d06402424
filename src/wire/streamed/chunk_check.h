#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.h"
#include "model/sample.h"
#include "wire/chunk/chunk_encoding.h"
#include "wire/streamed/chunked_series.h"

namespace mread::wire {

/// The fewest bits that samples take in a chunk of one encoding, its header included. The second
/// sample takes `later` and `second`, each later one `later`.
struct LeastBits {
  uint16_t header = 0;
  uint16_t first = 0;
  uint16_t second = 0;
  uint16_t later = 0;

  constexpr uint64_t of(uint64_t samples) const {
    const uint64_t after_first = samples > 1 ? second + (samples - 1) * later : 0;
    return header + (samples > 0 ? first : 0) + after_first;
  }
};

/// The figures by encoding; all zeros for an unknown one.
constexpr LeastBits least_bits(ChunkEncoding encoding) {
  // A timestamp and a delta of one byte each, and a value; then a bit each for time and value, or
  // one for both.
  constexpr LeastBits xor_chunk{16, 8 + 64, 7, 2};
  constexpr LeastBits xor2_chunk{24, 8 + 64, 8, 1};
  // Zero threshold, schema, two lists of spans, timestamp, count and zero count, sum; then a bit
  // for each of four.
  constexpr LeastBits histogram_chunk{24, 8 + 1 + 2 + 1 + 2 + 64, 0, 4};
  constexpr LeastBits float_histogram_chunk{24, 8 + 1 + 2 + 1 + 3 * 64, 0, 4};
  constexpr LeastBits all[] = {
      {},         xor_chunk,       histogram_chunk,      float_histogram_chunk,
      xor2_chunk, histogram_chunk, float_histogram_chunk};
  return is_known(encoding) ? all[static_cast<size_t>(encoding)] : LeastBits{};
}

/// Whether the data are long enough for the samples that their header claims. True does not mean
/// that they can be read. The data must have at least two bytes.
constexpr bool may_hold_its_samples(ChunkEncoding encoding, std::string_view data) {
  const uint64_t samples = claimed_samples(encoding, data);
  const uint64_t bits = 8 * uint64_t{data.size()};
  if (bits >= 256 + 4 * samples) [[likely]]  // Enough in every encoding.
    return true;
  return bits >= least_bits(encoding).of(samples);
}

/// The error if may_hold_its_samples() is false.
Error holds_too_few(ChunkEncoding encoding, std::string_view data);

/// Errc::malformed unless the samples of a chunk lie within the time range that it claims; the
/// range may be wider. `increasing` tells that the samples are known to increase, so the first and
/// the last decide.
Result<void> check_times(const ChunkView& chunk, std::span<const model::Sample> samples,
                         bool increasing);
/// Checks one sample in the same way.
Result<void> check_time(const ChunkView& chunk, int64_t timestamp_ms);

/// Reads all of a chunk.
///
/// Errors   as the readers; Errc::malformed if timestamps do not increase, if a sample lies outside
///          the time range that the chunk claims, or if more than `most_padding_bytes` follow the
///          last sample; Errc::unsupported for an unknown encoding.
/// Memory   that of one histogram at most.
Result<void> verify_chunk(const ChunkView& chunk);

/// The bytes that may follow the last sample of an honest chunk: Prometheus up to 2.53 leaves one
/// byte after a chunk of one sample.
inline constexpr uint64_t most_padding_bytes = 1;

}  // namespace mread::wire
