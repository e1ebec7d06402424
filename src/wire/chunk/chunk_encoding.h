#pragma once

#include <cstdint>
#include <string_view>

namespace mread::wire {

/// Chunk encodings. Every Prometheus since 2.40 has the first three, Prometheus since 3.14 the
/// others. A number that is not listed is kept.
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

/// How a histogram chunk began, as its header says.
enum class CounterResetHeader : uint8_t {
  unknown = 0x00,
  not_reset = 0x40,
  reset = 0x80,
  gauge = 0xc0,
};

constexpr bool is_known(ChunkEncoding encoding) {
  return encoding >= ChunkEncoding::xor_ && encoding <= ChunkEncoding::float_histogram_st;
}
/// Whether a Prometheus before 3.14 cannot read the encoding.
constexpr bool is_newer(ChunkEncoding encoding) {
  return encoding >= ChunkEncoding::xor2 && is_known(encoding);
}
/// Whether the encoding holds floats, not histograms.
constexpr bool has_floats(ChunkEncoding encoding) {
  return encoding == ChunkEncoding::xor_ || encoding == ChunkEncoding::xor2;
}
/// The encoding of the same samples that every Prometheus reads. Such an encoding is returned
/// unchanged.
constexpr ChunkEncoding compatible(ChunkEncoding encoding) {
  return is_newer(encoding) ? static_cast<ChunkEncoding>(static_cast<int32_t>(encoding) - 3)
                            : encoding;
}
/// The encoding of the same samples with start timestamps (XOR2 for floats). Such an encoding is
/// returned unchanged.
constexpr ChunkEncoding newer(ChunkEncoding encoding) {
  return is_known(encoding) && !is_newer(encoding)
             ? static_cast<ChunkEncoding>(static_cast<int32_t>(encoding) + 3)
             : encoding;
}

/// Prometheus's names in lower case: "xor2", "histogram_st". A number that is not listed is
/// "unknown".
const char* to_string(ChunkEncoding encoding);

/// The number of samples that a chunk's header claims. The data must have at least two bytes.
constexpr uint64_t claimed_samples(ChunkEncoding encoding, std::string_view data) {
  const auto first = static_cast<unsigned char>(data[0]);
  const bool shared =
      encoding == ChunkEncoding::histogram_st || encoding == ChunkEncoding::float_histogram_st;
  return static_cast<uint64_t>(shared ? first & 0x3f : first) << 8 |
         static_cast<unsigned char>(data[1]);
}

/// The counter reset header of a histogram chunk. It is unknown for other encodings and for data
/// that are too short.
constexpr CounterResetHeader counter_reset_header(ChunkEncoding encoding, std::string_view data) {
  if (has_floats(encoding) || data.size() < 3) return CounterResetHeader::unknown;
  return static_cast<CounterResetHeader>(
      static_cast<unsigned char>(data[is_newer(encoding) ? 0 : 2]) & 0xc0);
}

}  // namespace mread::wire
