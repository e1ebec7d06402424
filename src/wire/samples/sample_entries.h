#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/sample.h"
#include "wire/bytes/bmi2.h"
#include "wire/bytes/varint.h"
#include "wire/snappy/snappy_elements.h"

namespace mread::wire {

// A sample's entry in a TimeSeries, as Go writes it if the timestamp takes six bytes, as it does
// from 1971 to 2109:
//
//   12 10 09 VALUE(8) 10 TIME(6)     or, if the value is zero,     12 07 10 TIME(6)
inline constexpr size_t value_entry = 18;
inline constexpr size_t zero_entry = 9;
inline constexpr size_t entry_head = 3;
inline constexpr uint64_t value_head = 0x091012;  ///< as it is loaded; of the other form
inline constexpr uint64_t zero_head = 0x0712;
inline constexpr size_t time_at = 9;  ///< in an entry, behind its head, VALUE and 10

/// The size of any sample's entry, without its tag and length [bytes].
inline size_t sample_size(const model::Sample& sample) {
  return (sample.bits == 0 ? 0 : 9) +
         (sample.timestamp_ms == 0 ? 0
                                   : 1 + varint_size(static_cast<uint64_t>(sample.timestamp_ms)));
}

inline bool has_common_time(int64_t timestamp_ms) {
  return timestamp_ms >= int64_t{1} << 35 && timestamp_ms < int64_t{1} << 42;
}
/// The six bytes of a common timestamp.
inline constexpr uint64_t common_time_marks = 0x8080808080;
inline uint64_t common_time_bytes(int64_t timestamp_ms) {
  return spread_sevens<false>(static_cast<uint64_t>(timestamp_ms)) | common_time_marks;
}

/// The first byte of a number that differs (8 if none does), and the last one, from the bits that
/// differ.
inline size_t begin_of(uint64_t different) {
  return static_cast<size_t>(std::countr_zero(different)) / 8;
}
inline size_t end_of(uint64_t different) {
  return 8 - static_cast<size_t>(std::countl_zero(different)) / 8;
}

/// Facts about a series' samples that need no look at their values.
struct PlainSamples {
  uint64_t count = 0;
  int64_t first_ms = 0;
  int64_t last_ms = 0;
};

/// Facts about entries that all have one of the two forms above and strictly increasing times;
/// nothing for others.
std::optional<PlainSamples> plain_samples(std::string_view entries);
/// Also reads the samples. They are written after the first `size` samples of `memory`, which grows
/// only if it has to.
std::optional<PlainSamples> read_plain_samples(std::string_view entries,
                                               std::vector<model::Sample>& memory, size_t size);

/// Whether all samples have entries of the first form, in order of time: they are *regular*.
bool are_regular(std::span<const model::Sample> samples);
/// Writes entries of the first form as snappy elements. Each is written as the difference from the
/// entry `lag` before it.
void write_regular_entries(SnappyElements& out, std::span<const model::Sample> samples, size_t lag);
/// Writes entries as differences from the entries of `others`, which are as many, regular, and of
/// the same times, and were written `offset` bytes before: 1 to SnappyCursor::offset_limit - 1.
void write_regular_entries_after(SnappyElements& out, std::span<const model::Sample> samples,
                                 std::span<const model::Sample> others, uint32_t offset);

}  // namespace mread::wire
