#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mread::wire {

/// The memory for the bytes of a snappy block that is uncompressed in portions.
struct SnappyOutput {
  char* begin = nullptr;  ///< of all that was written here and stays,
  char* at = nullptr;     ///< up to here;
  /// There is room until here, which may be written to and then be written to again.
  char* end = nullptr;
  /// Bytes of the block that were written elsewhere: those just before `begin`.
  std::string_view before;
};

/// Uncompresses a snappy block (source of the format: format_description.txt of google/snappy) that
/// came in pieces, none of them empty. It goes on as far as there is room, and later continues
/// where it stopped.
///
/// It is tuned to answers: elements of a few bytes, literals and copies in turns. It decodes a
/// short literal together with the copy after it, and avoids branches that the processor cannot
/// predict.
///
/// Input   Any bytes: nothing outside the pieces is read, and nothing outside an output is written.
/// Not thread-safe.
class SnappyReader {
 public:
  using Pieces = std::span<const std::shared_ptr<const std::string>>;

  enum class State {
    full,    ///< the portion has no room, and there is more to come
    end,     ///< all elements were read
    broken,  ///< no valid length or element, or a copy of bytes that never were
    /// A copy of bytes that are neither in the output nor just before it, though they may have been
    /// there once.
    far,
  };

  SnappyReader() = default;
  /// Reads the length at the beginning of the block. The pieces must outlive the reader.
  explicit SnappyReader(Pieces pieces);

  /// The uncompressed size that the block claims. Its elements may hold more or less.
  uint64_t length() const { return length_; }
  /// Fills the output and moves `at`. No more may be read after `broken` and `far`.
  State read(SnappyOutput& to);
  /// The number of bytes written so far.
  uint64_t written() const { return written_; }

 private:
  bool next_piece();
  bool next_byte(uint32_t& byte);
  bool next_element();
  void read_fast(SnappyOutput& to);
  State put(SnappyOutput& to);

  Pieces pieces_;  // Behind the current one.
  const char* p_ = nullptr;
  const char* end_ = nullptr;
  uint64_t length_ = 0;
  uint64_t written_ = 0;
  // Of the element that was begun.
  size_t literal_ = 0;
  size_t copy_ = 0;
  size_t offset_ = 0;
  bool broken_ = false;
};

}  // namespace mread::wire
