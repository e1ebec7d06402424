#pragma once

#include <cstdint>
#include <string_view>

namespace mread::wire {

/// Chunk encodings; the first three are in every Prometheus since 2.40, the others since 3.14. A
/// number that is not listed is kept as it is.
enum class ChunkEncoding : int32_t {
  unknown = 0,
  xor_ = 1,
  histogram = 2,
  float_histogram = 3,
  xor2 = 4,
  histogram_st = 5,
  float_histogram_st = 6,
};

inline constexpr ChunkEncoding newer_encodings[] = {
    ChunkEncoding::xor2, ChunkEncoding::histogram_st, ChunkEncoding::float_histogram_st};

/// What a histogram chunk's header says of how the chunk began.
enum class CounterResetHeader : uint8_t {
  unknown = 0x00,
  not_reset = 0x40,
  reset = 0x80,
  gauge = 0xc0,
};

constexpr bool is_known(ChunkEncoding encoding) {
  return encoding >= ChunkEncoding::xor_ && encoding <= ChunkEncoding::float_histogram_st;
}
/// One that a Prometheus before 3.14 does not read.
constexpr bool is_newer(ChunkEncoding encoding) {
  return encoding >= ChunkEncoding::xor2 && is_known(encoding);
}
/// Holds floats, not histograms.
constexpr bool has_floats(ChunkEncoding encoding) {
  return encoding == ChunkEncoding::xor_ || encoding == ChunkEncoding::xor2;
}
/// The encoding of the same samples that every Prometheus reads; itself where it is one.
constexpr ChunkEncoding compatible(ChunkEncoding encoding) {
  return is_newer(encoding) ? static_cast<ChunkEncoding>(static_cast<int32_t>(encoding) - 3)
                            : encoding;
}
/// The other way round.
constexpr ChunkEncoding newer(ChunkEncoding encoding) {
  return is_known(encoding) && !is_newer(encoding)
             ? static_cast<ChunkEncoding>(static_cast<int32_t>(encoding) + 3)
             : encoding;
}

/// Prometheus's names, in small letters: "xor2", "histogram_st"; "unknown" for a number that is not
/// listed.
const char* to_string(ChunkEncoding encoding);

/// How many samples a chunk's header says it has. The data are two bytes at the least.
constexpr uint64_t claimed_samples(ChunkEncoding encoding, std::string_view data) {
  const auto first = static_cast<unsigned char>(data[0]);
  const bool shared =
      encoding == ChunkEncoding::histogram_st || encoding == ChunkEncoding::float_histogram_st;
  return static_cast<uint64_t>(shared ? first & 0x3f : first) << 8 |
         static_cast<unsigned char>(data[1]);
}

/// What a histogram chunk's header says; unknown for others, and for data that are too short.
constexpr CounterResetHeader counter_reset_header(ChunkEncoding encoding, std::string_view data) {
  if (has_floats(encoding) || data.size() < 3) return CounterResetHeader::unknown;
  return static_cast<CounterResetHeader>(
      static_cast<unsigned char>(data[is_newer(encoding) ? 0 : 2]) & 0xc0);
}

}  // namespace mread::wire
