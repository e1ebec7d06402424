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

/// The fewest bits that samples take in a chunk of one encoding, its header included. A second
/// sample takes `later` and `second`, each one after it `later`.
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

/// By encoding; all zeros for one that is not known.
constexpr LeastBits least_bits(ChunkEncoding encoding) {
  // A timestamp and a delta of one byte each, a value; then a bit for the time and one for the
  // value, or one for both.
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

/// Whether the data are enough for the samples that their header claims. True does not say that
/// they can be read. The data are two bytes at the least.
constexpr bool may_hold_its_samples(ChunkEncoding encoding, std::string_view data) {
  const uint64_t samples = claimed_samples(encoding, data);
  const uint64_t bits = 8 * uint64_t{data.size()};
  if (bits >= 256 + 4 * samples) [[likely]]  // Enough in every encoding.
    return true;
  return bits >= least_bits(encoding).of(samples);
}

/// Why may_hold_its_samples() is false.
Error holds_too_few(ChunkEncoding encoding, std::string_view data);

/// Errc::malformed unless the samples of a chunk are in the time that it claims; it may claim more.
/// `increasing`: they are known to be, so the first and the last say it.
Result<void> check_times(const ChunkView& chunk, std::span<const model::Sample> samples,
                         bool increasing);
/// The same for one sample.
Result<void> check_time(const ChunkView& chunk, int64_t timestamp_ms);

/// Reads all of a chunk.
///
/// Errors   the readers'; Errc::malformed where timestamps do not rise, where a sample is outside
///          of the time that the chunk claims, or where more than `most_padding_bytes` follow the
///          last sample; Errc::unsupported for an encoding that is not known.
/// Memory   that of one histogram at most.
Result<void> verify_chunk(const ChunkView& chunk);

/// What may follow the last sample of an honest chunk: Prometheus up to 2.53 leaves a byte behind a
/// chunk of one sample.
inline constexpr uint64_t most_padding_bytes = 1;

}  // namespace mread::wire
