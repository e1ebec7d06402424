#include "wire/snappy/snappy_reader.h"

#include <algorithm>
#include <cstring>

#include "wire/bytes/bits.h"

namespace mread::wire {
namespace {

// The number of bytes that are read and written at once if there is room.
constexpr size_t most_read = 80;
constexpr size_t most_written = 96;

void copy16(char* to, const char* from) {
  // All bytes are read before they are written, because the two may overlap.
  uint64_t words[2];
  std::memcpy(words, from, 16);
  std::memcpy(to, words, 16);
}

void copy64(char* to, const char* from) {
  for (size_t i = 0; i < 64; i += 16) copy16(to + i, from + i);
}

// The meaning of a tag byte. A lookup is cheaper for the processor than telling the kinds apart.
struct Literals {
  uint8_t bytes[256];  // 0 of a copy.
  uint8_t next[256];   // Where in a word the tag behind a literal is, in bits; of a copy 0, its own
                       // place.
};
constexpr uint8_t not_short = 255;
constexpr Literals literals = [] {
  Literals all{};
  for (unsigned tag = 0; tag < 256; tag += 4) {
    const unsigned high = tag >> 2;
    all.bytes[tag] = static_cast<uint8_t>(high + 1);
    all.next[tag] = high < 6 ? static_cast<uint8_t>(8 * (high + 2)) : not_short;
  }
  return all;
}();

struct Copy {
  uint16_t mask;  // Which of the two bytes behind the tag count for the offset,
  uint16_t high;  // and what the tag itself has of it.
  uint32_t length;
};
struct Copies {
  Copy of[256];
};
constexpr Copies copies = [] {
  Copies all{};
  for (unsigned tag = 0; tag < 256; ++tag) {
    const unsigned high = tag >> 2;
    all.of[tag] = (tag & 3) == 1 ? Copy{0xff, static_cast<uint16_t>(high >> 3 << 8), 4 + (high & 7)}
                                 : Copy{0xffff, 0, 1 + high};
  }
  return all;
}();

// Copies `length` bytes, each of which may have been written just before.
void repeat(char* to, size_t offset, size_t length) {
  const char* from = to - offset;
  for (size_t i = 0; i < length; ++i) to[i] = from[i];
}

}  // namespace

SnappyReader::SnappyReader(Pieces pieces) : pieces_(pieces) {
  uint32_t byte = 0;
  for (unsigned shift = 0; !broken_; shift += 7) {
    broken_ = !next_byte(byte) || (shift == 28 && byte > 15);
    length_ |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
}

bool SnappyReader::next_piece() {
  if (pieces_.empty()) {
    p_ = end_ = nullptr;
    return false;
  }
  p_ = pieces_.front()->data();
  end_ = p_ + pieces_.front()->size();
  pieces_ = pieces_.subspan(1);
  return true;
}

bool SnappyReader::next_byte(uint32_t& byte) {
  while (p_ == end_) {
    if (!next_piece()) return false;
  }
  byte = static_cast<unsigned char>(*p_++);
  return true;
}

// Reads the tag, length and offset of an element. Returns false if they are broken; there must be
// at least one byte.
bool SnappyReader::next_element() {
  uint32_t tag = 0;
  if (!next_byte(tag)) return false;
  const auto little = [this](size_t bytes, size_t& value) {
    value = 0;
    for (size_t i = 0; i < bytes; ++i) {
      uint32_t byte = 0;
      if (!next_byte(byte)) return false;
      value |= static_cast<size_t>(byte) << (8 * i);
    }
    return true;
  };
  const size_t high = tag >> 2;
  size_t value = 0;
  switch (tag & 3) {
    case 0:
      if (high >= 60) {
        if (!little(high - 59, value)) return false;
        literal_ = value + 1;
      } else {
        literal_ = high + 1;
      }
      return true;
    case 1:
      if (!little(1, value)) return false;
      copy_ = 4 + (high & 7);
      offset_ = (high >> 3) << 8 | value;
      break;
    default:
      if (!little((tag & 3) == 2 ? 2 : 4, value)) return false;
      copy_ = high + 1;
      offset_ = value;
  }
  return offset_ > 0;
}

// Continues the element that was begun, byte for byte as far as there is room.
SnappyReader::State SnappyReader::put(SnappyOutput& to) {
  while (literal_ > 0) {
    if (to.at == to.end) return State::full;
    if (p_ == end_ && !next_piece()) return State::broken;
    const size_t size =
        std::min({literal_, static_cast<size_t>(end_ - p_), static_cast<size_t>(to.end - to.at)});
    std::memcpy(to.at, p_, size);
    p_ += size;
    to.at += size;
    written_ += size;
    literal_ -= size;
  }
  while (copy_ > 0) {
    if (to.at == to.end) return State::full;
    const auto here = static_cast<size_t>(to.at - to.begin);
    size_t size = std::min(copy_, static_cast<size_t>(to.end - to.at));
    if (offset_ > here) {
      const size_t back = offset_ - here;
      if (back > to.before.size()) return offset_ > written_ ? State::broken : State::far;
      size = std::min(size, back);
      std::memcpy(to.at, to.before.data() + to.before.size() - back, size);
    } else {
      repeat(to.at, offset_, size);
    }
    to.at += size;
    written_ += size;
    copy_ -= size;
  }
  return State::end;
}

// Reads elements that are not near an end of the piece or of the output, up to one that needs care.
void SnappyReader::read_fast(SnappyOutput& to) {
  if (static_cast<size_t>(end_ - p_) < most_read ||
      static_cast<size_t>(to.end - to.at) < most_written)
    return;
  const char* const begin = to.begin;
  const char* const p_limit = end_ - most_read;
  char* const at_limit = to.end - most_written;
  const char* p = p_;
  char* at = to.at;
  while (p <= p_limit && at <= at_limit) {
    const uint64_t word = load64(p);
    const size_t next = literals.next[word & 0xff];
    if (next == not_short) [[unlikely]] {
      const size_t literal = literals.bytes[word & 0xff];
      if (literal > 60) break;
      copy16(at, p + 1);
      if (literal > 16) copy64(at, p + 1);
      at += literal;
      p += literal + 1;
      continue;
    }
    // Handles the literal, if it is one, and the next element, which is nearly always a copy.
    const uint64_t bytes = word >> 8;
    std::memcpy(at, &bytes, 8);
    at += literals.bytes[word & 0xff];
    p += next / 8;
    const auto tag = static_cast<uint32_t>(word >> next) & 0xff;
    const uint32_t type = tag & 3;
    if (type - 1 > 1) [[unlikely]] {  // Another literal is dealt with in the next turn.
      if (type == 0) continue;
      break;
    }
    const Copy& copy = copies.of[tag];
    uint16_t two;
    std::memcpy(&two, p + 1, 2);
    const size_t length = copy.length;
    const size_t offset = copy.high | (two & copy.mask);
    if (offset - 1 >= static_cast<size_t>(at - begin)) [[unlikely]]
      break;
    const char* const from = at - offset;
    if (length > 16 || length > offset) [[unlikely]] {
      if (offset >= 16) {
        copy64(at, from);
      } else {
        repeat(at, offset, length);
      }
    } else {
      copy16(at, from);
    }
    at += length;
    p += 1 + type;
  }
  p_ = p;
  written_ += static_cast<uint64_t>(at - to.at);
  to.at = at;
}

SnappyReader::State SnappyReader::read(SnappyOutput& to) {
  if (broken_) return State::broken;
  for (;;) {
    if (const State state = put(to); state != State::end) return state;
    while (p_ == end_) {
      if (!next_piece()) return State::end;
    }
    if (to.at == to.end) return State::full;
    read_fast(to);
    if (!next_element()) return State::broken;
  }
}

}  // namespace mread::wire
