#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mread::wire {

/// Where the bytes of a snappy block go that comes to be uncompressed a stretch at a time.
struct SnappyOutput {
  char* begin = nullptr;  ///< of all that was written here and stays,
  char* at = nullptr;     ///< up to here;
  char* end =
      nullptr;  ///< there is room until here, which may be written to and then be written to again
  std::string_view
      before;  ///< bytes of the block that were written elsewhere: those just before `begin`
};

/// Uncompresses a snappy block (source of the format: format_description.txt of google/snappy) that
/// came in pieces, none of them empty, as far as there is room, and goes on where it stopped.
///
/// It knows what answers look like: elements of a few bytes, literals and copies in turns. It
/// decodes a short literal together with the copy behind it and does not branch on what is hard to
/// foresee.
/// Input    anything: nothing is read outside the pieces, nor written outside a stretch.
/// Not thread-safe.
class SnappyReader {
 public:
  using Pieces = std::span<const std::shared_ptr<const std::string>>;

  enum class State {
    full,    ///< the stretch has no room, and there is more to come
    end,     ///< all elements were read
    broken,  ///< no valid length or element, or a copy of bytes that never were
    far,  ///< a copy of bytes that are neither in the stretch nor before it, though they may have
          ///< been there once
  };

  SnappyReader() = default;
  /// Reads the length that the block begins with. The pieces outlive the reader.
  explicit SnappyReader(Pieces pieces);

  /// What the block claims to hold. What its elements hold may be more or less.
  uint64_t length() const { return length_; }
  /// Fills the stretch and moves `at`. After `broken` and `far` nothing more may be read.
  State read(SnappyOutput& to);
  /// What it has written so far.
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
