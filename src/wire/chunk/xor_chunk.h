#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/sample.h"
#include "wire/bytes/bits.h"

namespace mread::wire {

/// Reads the samples of an XOR chunk (Gorilla compression as Prometheus writes it:
/// tsdb/chunkenc/xor.go).
///
///   count (16 bits) | t0 varint | v0 64 bits | dt varint | xor(v1) | ddt, xor(v2) | …
///   ddt   0: 1 bit;  10, 110, 1110, 1111: 14, 17, 20, 64 bits
///   xor   0: same value;  10: bits of the last window;  11: 5 bits leading, 6 bits length, bits
///
/// Output   count() samples in the chunk's order. Timestamps are returned as encoded; in a valid
///          chunk they increase, which is not checked here.
/// Errors   next() returns false and error() is set if the chunk ends before its count is reached
///          or no encoder could have written the bits. Samples already given stay valid. Nothing
///          outside the bytes is read; the bytes must outlive the reader.
class XorReader {
 public:
  explicit XorReader(std::string_view data);

  bool next(model::Sample& out) { return read({&out, 1}) == 1; }

  /// Reads samples until `out` is full and returns their number. It is smaller only at the end or
  /// at an error. This is the fast interface: one call for a chunk.
  size_t read(std::span<model::Sample> out);

  /// The number of samples that the chunk's header claims.
  uint16_t count() const { return count_; }
  bool ok() const { return !error_; }
  const std::optional<Error>& error() const { return error_; }
  /// The bytes after the samples that were given.
  uint64_t bits_left() const { return 8 * uint64_t{rest_.size()} - state_.at; }
  /// Whether the samples given are strictly increasing in time. False may also mean that this is
  /// unknown.
  bool is_increasing() const {
    return !state_.may_fall && (given_ < 2 || state_.timestamp_ms > first_ms_);
  }

 private:
  class Bits;

  // What changes with every sample, apart so that a loop can keep it in registers.
  struct State {
    uint64_t at = 0;  // The bit that the next sample begins with.
    int64_t timestamp_ms = 0;
    uint64_t delta_ms = 0;
    uint64_t value = 0;
    // As in the table of windows. A writer that continues a chunk whose values were all equal uses
    // the whole width without announcing it.
    uint64_t window = 64 << 8;
    bool may_fall = false;  // A delta was not from 1 to 2^46 - 1: so few as there can be of these
                            // add up to no overflow.
  };

  bool read_first(model::Sample& out);
  bool read_second(model::Sample& out);
  size_t read_tail(std::span<model::Sample> out);
  bool bad(const char* what);

  std::string_view rest_;  // What follows the header; behind the second timestamp the bits begin.
  State state_;
  uint16_t count_ = 0;
  uint16_t given_ = 0;
  int64_t first_ms_ = 0;
  std::optional<Error> error_;
};

/// Writes an XOR chunk, byte for byte as Prometheus's appender does.
class XorWriter {
 public:
  static constexpr size_t max_samples = UINT16_MAX;

  XorWriter() { reset(); }

  /// At most max_samples in all; Prometheus cuts a chunk after 120.
  void append(std::span<const model::Sample> samples);
  void append(model::Sample sample) { append({&sample, 1}); }

  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  int64_t min_time_ms() const { return first_ms_; }  ///< the first sample's; valid unless empty
  int64_t max_time_ms() const {
    return state_.timestamp_ms;
  }  ///< the last sample's; valid unless empty

  /// The chunk so far; the view lives until the next append() or reset().
  std::string_view bytes();
  /// Starts a new chunk and keeps the memory.
  void reset();

 private:
  static constexpr unsigned no_window = 0xff;

  // What changes with every sample, apart so that a loop can keep it in registers.
  struct State {
    int64_t timestamp_ms = 0;
    uint64_t delta_ms = 0;
    uint64_t value = 0;
    unsigned leading = no_window;
    unsigned trailing = 0;
    unsigned significant = 0;
  };

  static void put_samples(BitCursor& out, State& state, std::span<const model::Sample> samples);
  static void put_samples_bmi2(BitCursor& out, State& state,
                               std::span<const model::Sample> samples);
  static void put_sample(BitCursor& out, State& state, model::Sample sample);
  static void put_value(BitCursor& out, State& state, uint64_t value, uint64_t before,
                        unsigned before_bits);
  void append_first(model::Sample sample);
  void append_second(model::Sample sample);

  BitWriter bits_;
  State state_;
  size_t count_ = 0;
  int64_t first_ms_ = 0;
};

}  // namespace mread::wire
