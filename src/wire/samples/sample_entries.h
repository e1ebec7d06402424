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

// A sample's entry in a TimeSeries, as Go writes it where the timestamp has six bytes, which is
// that of the years 1971 to 2109:
//
//   12 10 09 VALUE(8) 10 TIME(6)     or, of a value that is zero,     12 07 10 TIME(6)
inline constexpr size_t value_entry = 18;
inline constexpr size_t zero_entry = 9;
inline constexpr size_t entry_head = 3;
inline constexpr uint64_t value_head = 0x091012;  ///< as it is loaded; of the other form
inline constexpr uint64_t zero_head = 0x0712;
inline constexpr size_t time_at = 9;  ///< in an entry, behind its head, VALUE and 10

/// The bytes of any sample's entry, without its tag and length.
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

/// The bytes of a number that differ, by the bits that do: from the first on (8 where none does),
/// up to the last.
inline size_t begin_of(uint64_t different) {
  return static_cast<size_t>(std::countr_zero(different)) / 8;
}
inline size_t end_of(uint64_t different) {
  return 8 - static_cast<size_t>(std::countl_zero(different)) / 8;
}

/// What is known of a series' samples without a look at their values.
struct PlainSamples {
  uint64_t count = 0;
  int64_t first_ms = 0;
  int64_t last_ms = 0;
};

/// Of entries that are all of the two forms above, of strictly increasing time; none for others.
std::optional<PlainSamples> plain_samples(std::string_view entries);
/// The same, and reads them: they stand behind the first `size` of `memory`, which grows where it
/// has to, and only then.
std::optional<PlainSamples> read_plain_samples(std::string_view entries,
                                               std::vector<model::Sample>& memory, size_t size);

/// Whether the samples' entries are all of the first form, and in order.
bool are_regular(std::span<const model::Sample> samples);
/// Writes entries of the first form as snappy elements, each as what differs from the one `lag`
/// before it.
void write_regular_entries(SnappyElements& out, std::span<const model::Sample> samples, size_t lag);
/// The same beside the entries of `others`, as many of the first form and of the same times, which
/// were written `offset` bytes before: 1 to SnappyCursor::offset_limit - 1.
void write_regular_entries_after(SnappyElements& out, std::span<const model::Sample> samples,
                                 std::span<const model::Sample> others, uint32_t offset);

}  // namespace mread::wire
