#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace mread::wire {

inline constexpr size_t max_varint_bytes = 10;

/// The number of bytes that put_varint writes.
constexpr size_t varint_size(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

/// Reads a base-128 varint of at most ten bytes from [p, end) and moves `p` past it. Returns false
/// and leaves `p` if the bytes end first or the value does not fit 64 bits.
inline bool get_varint(const char*& p, const char* end, uint64_t& value) {
  const char* q = p;
  if (q != end && static_cast<unsigned char>(*q) < 0x80) {
    value = static_cast<unsigned char>(*q);
    p = q + 1;
    return true;
  }
  if (end - q >= 8) {
    // Takes eight bytes at once: the bytes up to the first without its top bit, seven bits of each,
    // joined in pairs.
    uint64_t word;
    std::memcpy(&word, q, 8);
    const uint64_t ends = ~word & 0x8080808080808080;
    if (ends != 0) [[likely]] {
      word &= (ends ^ (ends - 1)) & 0x7f7f7f7f7f7f7f7f;
      word = (word & 0x7f007f007f007f00) >> 1 | (word & 0x007f007f007f007f);
      word = (word & 0x3fff00003fff0000) >> 2 | (word & 0x00003fff00003fff);
      value = (word & 0x0fffffff00000000) >> 4 | (word & 0x000000000fffffff);
      p = q + (std::countr_zero(ends) + 1) / 8;
      return true;
    }
  }
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 70 && q != end; shift += 7) {
    const auto byte = static_cast<unsigned char>(*q++);
    if (shift == 63 && byte > 1) return false;
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = result;
      p = q;
      return true;
    }
  }
  return false;
}

/// Writes to `p`, which must have room for varint_size(value) bytes. Returns the end.
inline char* put_varint(char* p, uint64_t value) {
  while (value >= 0x80) {
    *p++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *p++ = static_cast<char>(value);
  return p;
}

inline void append_varint(std::string& out, uint64_t value) {
  char buffer[max_varint_bytes];
  out.append(buffer, static_cast<size_t>(put_varint(buffer, value) - buffer));
}

/// Go's signed varints (encoding/binary) and protobuf's sint64: small magnitudes are short.
constexpr uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

}  // namespace mread::wire
