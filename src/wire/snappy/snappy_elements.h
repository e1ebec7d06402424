#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace mread::wire {

/// Where the next element of a snappy block goes, and the copy that is not written yet: copies that
/// follow each other at one offset become one element, so they may be told in any portions.
///
/// Small enough to live in registers, as long as nothing takes its address, not even a call of its
/// own: a loop takes it by value (SnappyElements::open), asks for room once a turn, and gives it
/// back.
class SnappyCursor {
 public:
  /// What a turn may write: four calls of copy() and literal().
  static constexpr size_t room_bytes = 512;
  static constexpr uint32_t offset_limit = 1U << 16;

  SnappyCursor() = default;
  SnappyCursor(char* begin, char* end) : p_(begin), end_(end) {}

  bool has_room() const { return static_cast<size_t>(end_ - p_) >= room_bytes; }
  size_t left() const { return static_cast<size_t>(end_ - p_); }
  const char* at() const { return p_; }

  /// The next `length` bytes, 2048 at the most, are those `offset` before: 1 to offset_limit - 1.
  [[gnu::always_inline]] void copy(uint32_t offset, size_t length) {
    if (offset != offset_) {
      flush();
      offset_ = offset;
    }
    pending_ += length;
    while (pending_ > pending_limit) [[unlikely]] put_copy(64);
  }
  /// The low `size` bytes of `bytes`, 1 to 16, little end first.
  [[gnu::always_inline]] void literal(unsigned __int128 bytes, size_t size) {
    char* const to = begin_literal(size);
    const auto low = static_cast<uint64_t>(bytes);
    const auto high = static_cast<uint64_t>(bytes >> 64);
    std::memcpy(to, &low, 8);
    std::memcpy(to + 8, &high, 8);
  }
  /// Where the caller writes `size` bytes, 1 to 24; any up to 24 may be written there.
  [[gnu::always_inline]] char* begin_literal(size_t size) {
    flush();
    return put_tag(size);
  }
  [[gnu::always_inline]] void flush() {
    if (pending_ == 0) return;
    while (pending_ > 64) put_copy(64);
    put_copy(static_cast<uint32_t>(pending_));
  }

  /// A loop whose copies are short keeps what is pending itself, and begins with what this gives
  /// it: that at `offset`, 64 bytes at the most. It then calls the next two alone, until it gives
  /// back what is pending by copy().
  [[gnu::always_inline]] size_t take_pending(uint32_t offset) {
    if (offset_ != offset || pending_ > 64) flush();
    return std::exchange(pending_, 0);
  }
  /// Of a copy of up to 128 bytes, writes the first 64 where there are more than that; gives how
  /// many are left.
  [[gnu::always_inline]] size_t put_all_but_64(uint32_t offset, size_t copied) {
    if (copied <= 64) return copied;
    put_element(offset, 64);
    return copied - 64;
  }
  /// A copy of 1 to 64 bytes, and what begin_literal() does behind it.
  [[gnu::always_inline]] char* put(uint32_t offset, size_t copied, size_t size) {
    put_element(offset, static_cast<uint32_t>(copied));
    return put_tag(size);
  }

 private:
  friend class SnappyElements;
  static constexpr size_t pending_limit = 1024;

  // 1 to 64 bytes: the form of two bytes where it fits, else that of three.
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

/// Writes the elements of a snappy block, one after another, for someone who knows himself what is
/// repeated (source of the format: format_description.txt of google/snappy).
///
/// What a copy repeats is not looked at: its offset must be 1 at the least and within what was
/// written, and the bytes there must be the same.
/// Memory   the elements alone, in pieces that never move. Not thread-safe.
class SnappyElements {
 public:
  struct Piece {
    std::shared_ptr<char[]> memory;
    size_t size = 0;
    size_t room = 0;  ///< what the memory takes
  };

  /// `length` bytes from `offset` before.
  void copy(uint32_t offset, size_t length);
  /// Any bytes, none included.
  void literal(std::string_view bytes);
  /// Elements that are written already and refer to nothing before them.
  void elements(std::string_view written);

  /// For a loop of its own; nothing else may be called until close(). A copy that was pending is
  /// written.
  SnappyCursor open();
  void close(const SnappyCursor& cursor) { cursor_ = cursor; }
  /// The same at another place, with room.
  SnappyCursor with_room(SnappyCursor cursor);

  /// What is written from here on goes into a new piece; gives its number.
  size_t begin_piece();
  /// Bytes of all elements so far.
  size_t size() const { return closed_bytes_ + static_cast<size_t>(cursor_.at() - begin_); }
  /// What the pieces take.
  size_t memory() const { return memory_; }
  /// All pieces; empty again afterwards.
  std::vector<Piece> take();

 private:
  // Pieces grow with the answer: a small one takes little, a large one few and huge pages.
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
