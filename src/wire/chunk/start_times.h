#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace mread::wire {

/// The header byte of a chunk with start timestamps: when the counter of each sample began.
///
///   header byte   [first_known: 1 bit][changes_at: 7 bits]
///   after sample 0           timestamp - start, if first_known
///   after sample i           nothing, for i < changes_at or changes_at == 0
///   after changes_at         distance = previous timestamp - start
///   after every later one    change of that distance
///
/// Samples before `changes_at` have the start of the first. A start of 0 means that it is unknown.
/// Source: tsdb/chunkenc/st.go of Prometheus 3.14.
struct StartTimesHeader {
  static constexpr uint8_t first_known_bit = 0x80;
  /// The header's width: every sample from this one on has a start.
  static constexpr uint8_t last_change = 0x7f;

  bool first_known = false;
  uint8_t changes_at = 0;  ///< 0: never

  static StartTimesHeader of(uint8_t byte) {
    return {(byte & first_known_bit) != 0, static_cast<uint8_t>(byte & last_change)};
  }
  uint8_t byte() const {
    return static_cast<uint8_t>((first_known ? first_known_bit : 0) | changes_at);
  }
};

/// Reads the start timestamps of a chunk from a bit reader that has zigzag_varint() and
/// varbit_int(). Arithmetic is modulo 2^64.
class StartTimesReader {
 public:
  StartTimesReader() = default;
  explicit StartTimesReader(StartTimesHeader header) : header_(header) {}

  /// Reads what follows sample `index`. To be called for every sample in order. `previous_ms` is
  /// ignored for the first.
  template <class Bits>
  void read(Bits& bits, size_t index, int64_t timestamp_ms, int64_t previous_ms) {
    if (index == 0) {
      if (header_.first_known)
        start_ = static_cast<uint64_t>(timestamp_ms) - static_cast<uint64_t>(bits.zigzag_varint());
      return;
    }
    if (header_.changes_at == 0 || index < header_.changes_at) return;
    const auto change = static_cast<uint64_t>(bits.varbit_int());
    distance_ = index == header_.changes_at ? change : distance_ + change;
    start_ = static_cast<uint64_t>(previous_ms) - distance_;
  }

  int64_t start_ms() const {
    return static_cast<int64_t>(start_);
  }  ///< of the sample read last; 0: not known

 private:
  StartTimesHeader header_;
  uint64_t start_ = 0;
  uint64_t distance_ = 0;
};

/// The writer for StartTimesReader; header() is complete after the last sample.
class StartTimesWriter {
 public:
  template <class Bits>
  void write(Bits& bits, size_t index, int64_t start_ms, int64_t timestamp_ms,
             int64_t previous_ms) {
    const auto start = static_cast<uint64_t>(start_ms);
    if (index == 0) {
      header_.first_known = start != 0;
      if (header_.first_known)
        bits.zigzag_varint(static_cast<int64_t>(static_cast<uint64_t>(timestamp_ms) - start));
    } else if (header_.changes_at != 0 || start != start_ ||
               index == StartTimesHeader::last_change) {
      const uint64_t distance = static_cast<uint64_t>(previous_ms) - start;
      if (header_.changes_at == 0) {
        header_.changes_at = static_cast<uint8_t>(index);
        distance_ = 0;
      }
      bits.varbit_int(static_cast<int64_t>(distance - distance_));
      distance_ = distance;
    }
    start_ = start;
  }

  StartTimesHeader header() const { return header_; }

 private:
  StartTimesHeader header_;
  uint64_t start_ = 0;
  uint64_t distance_ = 0;
};

}  // namespace mread::wire
