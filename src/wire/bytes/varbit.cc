#include "wire/bytes/varbit.h"

#include <algorithm>
#include <bit>

#include "wire/bytes/varint.h"

namespace mread::wire {

namespace {

// Payload bits by the number of ones in the prefix (which ends in a zero, or has all eight ones).
constexpr unsigned class_bits[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};
constexpr unsigned classes = 9;

uint64_t low_mask(unsigned count) {
  return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

void put_class(VarbitWriter& writer, unsigned ones) {
  if (ones == classes - 1) {
    writer.bits(0xff, 8);
  } else {
    writer.bits(low_mask(ones) << 1, ones + 1);
  }
}

}  // namespace

uint64_t VarbitReader::bits(unsigned count) {
  if (count > bits_left()) {
    failed_ = true;
    return 0;
  }
  uint64_t value = 0;
  while (count > 0) {
    const auto byte = static_cast<uint8_t>(bytes_[position_ / 8]);
    const auto in_byte = static_cast<unsigned>(8 - position_ % 8);
    const unsigned take = std::min(in_byte, count);
    value = (value << take) | ((byte >> (in_byte - take)) & low_mask(take));
    position_ += take;
    count -= take;
  }
  return value;
}

unsigned VarbitReader::varbit_class() {
  unsigned ones = 0;
  while (ones < classes - 1 && bit()) ++ones;
  return class_bits[ones];
}

int64_t VarbitReader::varbit_int() {
  const unsigned size = varbit_class();
  uint64_t value = bits(size);
  // A class of n bits holds -(2^(n-1) - 1) .. 2^(n-1): the top is positive.
  if (size > 0 && size < 64 && value > (uint64_t{1} << (size - 1))) value -= uint64_t{1} << size;
  return static_cast<int64_t>(value);
}

uint64_t VarbitReader::varbit_uint() { return bits(varbit_class()); }

int64_t VarbitReader::zigzag_varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const uint64_t byte = bits(8);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return unzigzag(value);
  }
  failed_ = true;
  return 0;
}

void VarbitWriter::bits(uint64_t value, unsigned count) {
  while (count > 0) {
    if (free_ == 0) {
      bytes_.push_back(0);
      free_ = 8;
    }
    const unsigned put = std::min(free_, count);
    const auto part = static_cast<uint8_t>((value >> (count - put)) & low_mask(put));
    bytes_.back() =
        static_cast<char>(static_cast<uint8_t>(bytes_.back()) | (part << (free_ - put)));
    free_ -= put;
    count -= put;
  }
}

void VarbitWriter::varbit_int(int64_t value) {
  unsigned ones = 0;
  if (value != 0) {
    for (ones = 1; ones < classes - 1; ++ones) {
      const int64_t top = int64_t{1} << (class_bits[ones] - 1);
      if (value > -top && value <= top) break;
    }
  }
  put_class(*this, ones);
  bits(static_cast<uint64_t>(value), class_bits[ones]);
}

void VarbitWriter::varbit_uint(uint64_t value) {
  unsigned ones = 0;
  while (ones < classes - 1 && value > low_mask(class_bits[ones])) ++ones;
  put_class(*this, ones);
  bits(value, class_bits[ones]);
}

void VarbitWriter::zigzag_varint(int64_t value) {
  uint64_t rest = zigzag(value);
  for (; rest >= 0x80; rest >>= 7) bits((rest & 0x7f) | 0x80, 8);
  bits(rest, 8);
}

bool XorValue::read(VarbitReader& reader) {
  if (!reader.bit()) return !reader.failed();
  if (reader.bit()) {
    const auto lead = static_cast<unsigned>(reader.bits(5));
    auto size = static_cast<unsigned>(reader.bits(6));
    if (size == 0) size = 64;  // 64 does not fit the field; 0 is never needed
    if (lead + size > 64) {
      reader.fail();  // no writer makes this
      return false;
    }
    leading = static_cast<uint8_t>(lead);
    trailing = static_cast<uint8_t>(64 - lead - size);
  }
  const uint64_t delta = reader.bits(64U - leading - trailing);
  bits ^= delta << trailing;
  return !reader.failed();
}

void XorValue::write(VarbitWriter& writer, uint64_t value) {
  const uint64_t delta = value ^ bits;
  bits = value;
  writer.bit(delta != 0);
  if (delta == 0) return;
  const auto lead = static_cast<uint8_t>(std::min(std::countl_zero(delta), 31));
  const auto trail = static_cast<uint8_t>(std::countr_zero(delta));
  const bool fits = has_window && lead >= leading && trail >= trailing;
  writer.bit(!fits);
  if (!fits) {
    leading = lead;
    trailing = trail;
    has_window = true;
    writer.bits(lead, 5);
    writer.bits((64U - lead - trail) & 63U, 6);
  }
  writer.bits(delta >> trailing, 64U - leading - trailing);
}

}  // namespace mread::wire
