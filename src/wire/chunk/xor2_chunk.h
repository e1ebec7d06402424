#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "model/sample.h"
#include "wire/bytes/bits.h"
#include "wire/chunk/start_times.h"

namespace mread::wire {

/// Reads the samples of an XOR2 chunk (encoding 4: tsdb/chunkenc/xor2.go of Prometheus 3.14).
///
/// Differs from the XOR chunk in three points: one control code covers time and value; a staleness
/// marker leaves the previous value in place for later samples; and there are start timestamps
/// (start_times.h).
class Xor2Reader {
 public:
  explicit Xor2Reader(std::string_view data);

  bool next(model::Sample& out) { return read({&out, 1}) == 1; }
  /// Reads samples until `out` is full and returns their number. It is smaller only at the end or
  /// at an error.
  size_t read(std::span<model::Sample> out);

  /// When the counter of the last sample began; 0 if unknown.
  int64_t start_ms() const { return state_.starts.start_ms(); }
  /// The number of samples that the chunk's header claims.
  uint16_t count() const { return count_; }
  bool ok() const { return !error_; }
  const std::optional<Error>& error() const { return error_; }
  /// The bytes after the samples that were given.
  uint64_t bits_left() const { return state_.bits.bits_left(); }

 private:
  // The state that changes with every sample, in a struct of its own so that a loop can keep it in
  // registers.
  struct State {
    BitReader bits;
    StartTimesReader starts;
    int64_t timestamp_ms = 0;
    uint64_t delta_ms = 0;
    uint64_t value = 0;  // The last that was no staleness marker.
    uint8_t trailing = 0;
    uint8_t significant = 64;
    bool malformed = false;
  };

  static void read_first(State& state, model::Sample& out);
  static void read_second(State& state, model::Sample& out);
  static void read_next(State& state, model::Sample& out);
  static uint64_t read_value(State& state);
  static uint64_t read_changed(State& state, bool new_window);

  std::string_view data_;
  State state_;
  uint16_t count_ = 0;
  uint16_t given_ = 0;
  std::optional<Error> error_;
};

/// Writes an XOR2 chunk, byte for byte as Prometheus's appender does.
class Xor2Writer {
 public:
  static constexpr size_t max_samples = UINT16_MAX;

  Xor2Writer() { reset(); }

  /// At most max_samples. `start_ms` is the time when the counter began, 0 if unknown.
  void append(model::Sample sample, int64_t start_ms = 0);

  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  int64_t min_time_ms() const { return first_ms_; }      ///< the first sample's; valid unless empty
  int64_t max_time_ms() const { return timestamp_ms_; }  ///< the last sample's; valid unless empty

  /// The chunk so far; the view lives until the next append() or reset().
  std::string_view bytes();
  /// Starts a new chunk and keeps the memory.
  void reset();

 private:
  static constexpr uint8_t no_window = 0xff;

  void write_joint(int64_t dod, uint64_t value);
  void write_value(uint64_t value);
  void write_window(uint64_t delta, unsigned fresh, unsigned fresh_bits);

  BitWriter bits_;
  StartTimesWriter starts_;
  size_t count_ = 0;
  int64_t first_ms_ = 0;
  int64_t timestamp_ms_ = 0;
  uint64_t delta_ms_ = 0;
  uint64_t value_ = 0;  // The last that was no staleness marker.
  uint8_t leading_ = no_window;
  uint8_t trailing_ = 0;
};

}  // namespace mread::wire
