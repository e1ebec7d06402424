#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace mread::wire {

/// The position of the next element of a snappy block, and the copy that is not written yet.
/// Consecutive copies at one offset become one element, so a caller may announce them in any
/// portions.
///
///   literal  [(len-1) << 2 | 0][bytes]           up to 60 bytes with a one-byte tag
///   copy     [(len-4) << 2 | offset bits | 1][offset]   4 to 11 bytes, offset below 2048
///   copy     [(len-1) << 2 | 2][offset: 2 bytes]        1 to 64 bytes
///
/// Small enough to live in registers as long as nothing takes its address, not even a call that is
/// not inlined. So a loop takes it by value (SnappyElements::open), asks for room once a turn, and
/// gives it back.
class SnappyCursor {
 public:
  /// The most that one turn may write: four calls of copy() and literal().
  static constexpr size_t room_bytes = 512;
  static constexpr uint32_t offset_limit = 1U << 16;

  SnappyCursor() = default;
  SnappyCursor(char* begin, char* end) : p_(begin), end_(end) {}

  bool has_room() const { return static_cast<size_t>(end_ - p_) >= room_bytes; }
  size_t left() const { return static_cast<size_t>(end_ - p_); }
  const char* at() const { return p_; }

  /// Copies `length` bytes (2048 at most) from `offset` bytes before: 1 to offset_limit - 1.
  [[gnu::always_inline]] void copy(uint32_t offset, size_t length) {
    if (offset != offset_) {
      flush();
      offset_ = offset;
    }
    pending_ += length;
    while (pending_ > pending_limit) [[unlikely]] put_copy(64);
  }
  /// Writes the low `size` bytes of `bytes` (1 to 16) as a literal, lowest byte first.
  [[gnu::always_inline]] void literal(unsigned __int128 bytes, size_t size) {
    char* const to = begin_literal(size);
    const auto low = static_cast<uint64_t>(bytes);
    const auto high = static_cast<uint64_t>(bytes >> 64);
    std::memcpy(to, &low, 8);
    std::memcpy(to + 8, &high, 8);
  }
  /// Returns where the caller writes `size` bytes, 1 to 24; it may write up to 24.
  [[gnu::always_inline]] char* begin_literal(size_t size) {
    flush();
    return put_tag(size);
  }
  [[gnu::always_inline]] void flush() {
    if (pending_ == 0) return;
    while (pending_ > 64) put_copy(64);
    put_copy(static_cast<uint32_t>(pending_));
  }

  /// For a loop with short copies that keeps the pending copy itself. It begins with the result:
  /// the pending length at `offset`, 64 bytes at most. It then calls only the next two functions,
  /// until it gives the pending copy back with copy().
  [[gnu::always_inline]] size_t take_pending(uint32_t offset) {
    if (offset_ != offset || pending_ > 64) flush();
    return std::exchange(pending_, 0);
  }
  /// Writes the first 64 bytes of a copy of up to 128 bytes if there are more than 64; returns how
  /// many are left.
  [[gnu::always_inline]] size_t put_all_but_64(uint32_t offset, size_t copied) {
    if (copied <= 64) return copied;
    put_element(offset, 64);
    return copied - 64;
  }
  /// Writes a copy of 1 to 64 bytes, and then does what begin_literal() does.
  [[gnu::always_inline]] char* put(uint32_t offset, size_t copied, size_t size) {
    put_element(offset, static_cast<uint32_t>(copied));
    return put_tag(size);
  }

 private:
  friend class SnappyElements;
  static constexpr size_t pending_limit = 1024;

  // Writes 1 to 64 bytes in the two-byte form if it fits, else in the three-byte form.
  [[gnu::always_inline]] void put_element(uint32_t offset, uint32_t length) {
    const bool fits = offset < 2048 && length - 4 < 8;
    const uint32_t of_two = 1 | (length - 4) << 2 | (offset >> 8) << 5 | (offset & 0xff) << 8;
    const uint32_t of_three = 2 | (length - 1) << 2 | offset << 8;
    const uint32_t element = fits ? of_two : of_three;
    std::memcpy(p_, &element, 4);
    p_ += fits ? 2 : 3;
  }
  [[gnu::always_inline]] void put_copy(uint32_t length) {
    put_element(offset_, length);
    pending_ -= length;
  }
  [[gnu::always_inline]] char* put_tag(size_t size) {
    p_[0] = static_cast<char>((size - 1) << 2);
    char* const to = p_ + 1;
    p_ = to + size;
    return to;
  }

  char* p_ = nullptr;
  char* end_ = nullptr;
  uint32_t offset_ = 0;  // Of the copy that is pending.
  size_t pending_ = 0;
};

/// Writes the elements of a snappy block one after another, for a caller that knows what is
/// repeated (source of the format: format_description.txt of google/snappy).
///
/// The content of a copy is not looked at: its offset must be at least 1 and within what was
/// written, and the bytes there must be the same.
/// Memory   The elements, in pieces that never move.
/// Not thread-safe.
class SnappyElements {
 public:
  struct Piece {
    std::shared_ptr<char[]> memory;
    size_t size = 0;
    size_t room = 0;  ///< what the memory takes
  };

  /// Copies `length` bytes from `offset` bytes before.
  void copy(uint32_t offset, size_t length);
  /// Writes any number of bytes as literals.
  void literal(std::string_view bytes);
  /// Appends finished elements that refer to nothing before them.
  void elements(std::string_view written);

  /// Opens a cursor for a loop. No other function may be called until close(). A pending copy is
  /// written.
  SnappyCursor open();
  void close(const SnappyCursor& cursor) { cursor_ = cursor; }
  /// The same cursor in another piece of memory, with room.
  SnappyCursor with_room(SnappyCursor cursor);

  /// Begins a new piece; returns its number.
  size_t begin_piece();
  /// Bytes of all elements so far.
  size_t size() const { return closed_bytes_ + static_cast<size_t>(cursor_.at() - begin_); }
  /// The memory of the pieces [bytes].
  size_t memory() const { return memory_; }
  /// Returns all pieces. The writer is then empty.
  std::vector<Piece> take();

 private:
  // Pieces grow with the answer: a small answer takes little memory, a large one a few pieces in
  // huge pages.
  static constexpr size_t least_piece = 32U << 10;
  static constexpr size_t most_piece = 4U << 20;
  static constexpr size_t element_limit = SnappyCursor::offset_limit;

  void next_piece();
  void close_piece();

  std::vector<Piece> pieces_;  // The last one is written to, from begin_.
  SnappyCursor cursor_;
  char* begin_ = nullptr;
  size_t closed_bytes_ = 0;  // Of the pieces before.
  size_t memory_ = 0;        // Of all pieces.
};

}  // namespace mread::wire
