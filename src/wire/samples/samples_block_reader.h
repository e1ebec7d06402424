#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_reader.h"

namespace mread::wire {

/// Reads the series of a SAMPLES answer one after another from its snappy block. It uncompresses
/// only as much as the next series needs, so the bytes in use at any time fit the caches.
///
/// It reads what servers write: a block whose copies reach back less than 64 KiB (as of every
/// encoder that works in blocks of this size), with one result. Anything else is *irregular*,
/// whether broken or only unusual: the caller must then read the answer as a whole (uncompress,
/// parse_read_response), which tells the two apart.
///
/// Input    Pieces, none of them empty, that claim no more than can be uncompressed
///          (uncompressed_length); they must outlive the reader.
/// Memory   Two windows of 64 KiB, and the windows whose series are pinned; the largest series. A
///          series above `most_window` bytes is irregular.
/// Not thread-safe.
class SamplesBlockReader {
 public:
  enum class State { series, end, irregular };

  explicit SamplesBlockReader(SnappyReader::Pieces pieces, size_t most_window = SIZE_MAX)
      : reader_(pieces), most_window_(most_window) {}

  /// Reads the next series. After `end` and `irregular` it returns the same again.
  State next();
  /// The series that next() found. The views are valid as long as memory().
  const TimeSeriesView& series() const { return series_; }
  const std::shared_ptr<char[]>& memory() const { return window_.memory; }
  /// The memory that it takes, pinned or not [bytes].
  size_t memory_bytes() const {
    return window_.size + before_.size + spare_.size() * window_bytes +
           spare_.capacity() * sizeof(Window);
  }

 private:
  static constexpr size_t window_bytes = 64U << 10;

  struct Window {
    std::shared_ptr<char[]> memory;
    size_t size = 0;
  };

  bool hold(uint64_t bytes);
  void next_window(size_t bytes);
  /// Reads a field's tag and length at at_ if the tag is the expected one, and moves at_ past it.
  bool begin_field(uint64_t& length);
  size_t held() const { return static_cast<size_t>(output_.at - at_); }
  State find_next();

  SnappyReader reader_;
  size_t most_window_;
  uint64_t left_ = 0;  // Of the result.
  bool begun_ = false;
  bool all_read_ = false;
  bool broken_ = false;  // Or unusual.
  State state_ = State::series;
  SnappyOutput output_;       // In the window.
  const char* at_ = nullptr;  // Where the next series begins.
  Window window_;
  Window before_;
  std::vector<Window> spare_;  // Those that somebody pins among them.
  TimeSeriesView series_;
};

}  // namespace mread::wire
