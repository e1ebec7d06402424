#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace mread::wire {

static_assert(std::endian::native == std::endian::little,
              "mread's wire formats are read with little-endian loads");

inline uint64_t load64(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, 8);
  return value;
}

inline uint64_t load_big_endian64(const char* p) { return __builtin_bswap64(load64(p)); }

/// Reads bits, most significant first, through a 64-bit window.
///
/// The caller refills, then peeks and skips up to 56 bits without further checks. Past the end the
/// reader yields zero bits, and overrun() tells that some of them were skipped. Nothing outside the
/// bytes is read.
class BitReader {
 public:
  BitReader() = default;
  explicit BitReader(std::string_view bytes)
      : p_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// Makes at least 56 bits ready, or all that are left.
  void refill() {
    if (end_ - p_ >= 8) [[likely]] {
      window_ |= load_big_endian64(p_) >> ready_;
      p_ += (63 - ready_) >> 3;
      ready_ |= 56;
    } else {
      refill_slowly();
    }
  }

  uint64_t window() const { return window_; }  ///< the next bits, left-justified
  /// The next `count` bits, 1 to 56. refill() must have made them ready.
  uint64_t peek(unsigned count) const { return window_ >> (64 - count); }
  /// Skips up to 56 bits. Past the end it only sets overrun().
  void skip(unsigned count) {
    window_ <<= count;
    ready_ -= static_cast<int>(count);
    if (ready_ < 0) [[unlikely]] {
      overrun_ = true;
      ready_ = 0;
      window_ = 0;
    }
  }
  /// Refills and reads `count` bits, 1 to 64 of them.
  uint64_t read(unsigned count) {
    refill();
    if (count <= 56) [[likely]] {
      const uint64_t value = peek(count);
      skip(count);
      return value;
    }
    const uint64_t high = peek(32);
    skip(32);
    return high << (count - 32) | read(count - 32);
  }

  bool overrun() const { return overrun_; }
  uint64_t bits_left() const {
    return static_cast<uint64_t>(end_ - p_) * 8 + static_cast<uint64_t>(ready_);
  }

 private:
  void refill_slowly() {
    // The fast path may leave bits in the window of a byte that is read again. Bits that are not
    // ready count as zero.
    window_ &= ready_ == 0 ? 0 : ~uint64_t{0} << (64 - ready_);
    while (ready_ <= 56 && p_ != end_) {
      window_ |= static_cast<uint64_t>(static_cast<unsigned char>(*p_++)) << (56 - ready_);
      ready_ += 8;
    }
  }

  const char* p_ = nullptr;
  const char* end_ = nullptr;
  uint64_t window_ = 0;
  int ready_ = 0;
  bool overrun_ = false;
};

/// The position for the next bits, for a loop that writes many. Small enough to live in registers.
/// Writes into the room that BitWriter::open gave it.
class BitCursor {
 public:
  static constexpr unsigned most_bits = 56;

  /// Appends the low `count` bits, 1 to most_bits of them; higher bits of `value` must be zero.
  [[gnu::always_inline]] void put(uint64_t value, unsigned count) {
    window_ |= value << (64 - pending_ - count);
    pending_ += count;
    const uint64_t word = __builtin_bswap64(window_);
    std::memcpy(p_, &word, 8);
    p_ += pending_ / 8;
    window_ <<= pending_ & ~7U;
    pending_ &= 7;
  }
  /// The same for up to 64 bits.
  [[gnu::always_inline]] void put_long(uint64_t value, unsigned count) {
    if (count > most_bits) {
      put(value >> 32, count - 32);
      value &= UINT32_MAX;
      count = 32;
    }
    put(value, count);
  }

 private:
  friend class BitWriter;
  char* p_ = nullptr;
  uint64_t window_ = 0;
  unsigned pending_ = 0;  // Less than eight.
};

/// Writes bits, most significant first; the last byte is padded with zero bits.
class BitWriter {
 public:
  /// Opens a cursor for a loop that writes up to `bytes` bytes by itself. No other function may be
  /// called until close().
  BitCursor open(size_t bytes) {
    if (buffer_.size() < size_ + bytes + 24) buffer_.resize(2 * buffer_.size() + bytes + 24);
    BitCursor cursor;
    cursor.p_ = buffer_.data() + size_;
    const uint64_t word = __builtin_bswap64(window_);
    std::memcpy(cursor.p_, &word, 8);
    cursor.p_ += pending_ / 8;
    cursor.window_ = window_ << (pending_ & ~7U);
    cursor.pending_ = pending_ & 7;
    return cursor;
  }
  void close(const BitCursor& cursor) {
    size_ = static_cast<size_t>(cursor.p_ - buffer_.data());
    window_ = cursor.window_;
    pending_ = cursor.pending_;
  }

  /// Appends the low `count` bits, 1 to 64 of them; higher bits of `value` must be zero.
  void write(uint64_t value, unsigned count) {
    const unsigned room = 64 - pending_;
    if (count < room) [[likely]] {
      window_ |= value << (room - count);
      pending_ += count;
      return;
    }
    window_ |= value >> (count - room);
    flush_word();
    const unsigned rest = count - room;
    window_ = rest == 0 ? 0 : value << (64 - rest);
    pending_ = rest;
  }

  /// The bytes written so far. The view is valid until the next non-const call.
  std::string_view bytes() {
    const size_t tail = (pending_ + 7) / 8;
    grow();
    const uint64_t word = __builtin_bswap64(window_);
    std::memcpy(buffer_.data() + size_, &word, 8);
    return {buffer_.data(), size_ + tail};
  }
  /// Writable view of the first bytes, for a header that is filled in later. At least one bytes()
  /// call or eight bytes must have passed.
  char* data() { return buffer_.data(); }

  /// Clears the writer and keeps its memory.
  void clear() {
    size_ = 0;
    window_ = 0;
    pending_ = 0;
  }

 private:
  void grow() {
    if (buffer_.size() < size_ + 8) buffer_.resize(buffer_.size() * 2 + 64);
  }
  void flush_word() {
    grow();
    const uint64_t word = __builtin_bswap64(window_);
    std::memcpy(buffer_.data() + size_, &word, 8);
    size_ += 8;
  }

  std::string buffer_;  // Larger than what is written; size_ counts.
  size_t size_ = 0;
  uint64_t window_ = 0;
  unsigned pending_ = 0;
};

}  // namespace mread::wire
