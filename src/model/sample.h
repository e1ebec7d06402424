#pragma once

#include <bit>
#include <cstdint>

namespace mread::model {

/// The value that ends a series ("staleness marker"): a NaN with its own payload.
inline constexpr uint64_t stale_nan_bits = 0x7ff0000000000002;
/// The NaN that Prometheus writes in place of every other NaN.
inline constexpr uint64_t normal_nan_bits = 0x7ff8000000000001;

constexpr bool is_stale(uint64_t bits) { return bits == stale_nan_bits; }

/// A float sample. The value is kept as its 64 bits, because NaNs differ by payload. Equality
/// compares bits. Tests: wire/chunk/xor_chunk_test.
struct Sample {
  int64_t timestamp_ms = 0;
  uint64_t bits = 0;

  static Sample of(int64_t timestamp_ms, double value) {
    return {timestamp_ms, std::bit_cast<uint64_t>(value)};
  }
  double value() const { return std::bit_cast<double>(bits); }

  friend bool operator==(const Sample&, const Sample&) = default;
};

}  // namespace mread::model
