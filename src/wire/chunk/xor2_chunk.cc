#include "wire/chunk/xor2_chunk.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include <fmt/format.h>

#include "wire/bytes/varint.h"

namespace mread::wire {

namespace {

constexpr size_t xor2_header_bytes = 3;  // Count and start timestamps.

// The control code, by its number of leading ones; after five ones there is no zero.
enum Control : unsigned { unchanged, changed, dod13, dod20, dod64, stale_marker };
constexpr unsigned xor2_dod_bits[] = {0, 0, 13, 20, 64, 0};

// Payload bits by the number of ones in the prefix (which ends in a zero, or has all eight ones).
constexpr unsigned varbit_bits[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};

int64_t sign_extended(uint64_t value, unsigned bits) {
  return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

bool fits_xor2(int64_t dod, unsigned bits) {
  const int64_t top = int64_t{1} << (bits - 1);
  return dod >= -top && dod < top;
}

uint64_t get_varint(BitReader& bits) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const uint64_t byte = bits.read(8);
    if (shift < 64) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

// The numbers of start_times.h in the bit stream.
struct NumberReader {
  BitReader& bits;

  int64_t zigzag_varint() { return unzigzag(get_varint(bits)); }
  int64_t varbit_int() {
    bits.refill();
    const auto ones = static_cast<unsigned>(std::min(std::countl_one(bits.window()), 8));
    bits.skip(ones == 8 ? 8 : ones + 1);
    const unsigned size = varbit_bits[ones];
    if (size == 0) return 0;
    uint64_t value = bits.read(size);
    // A class of n bits holds -(2^(n-1) - 1) .. 2^(n-1): the top is positive.
    if (size < 64 && value > uint64_t{1} << (size - 1)) value -= uint64_t{1} << size;
    return static_cast<int64_t>(value);
  }
};

void put_varint(BitWriter& bits, uint64_t value) {
  for (; value >= 0x80; value >>= 7) bits.write((value & 0x7f) | 0x80, 8);
  bits.write(value, 8);
}

struct NumberWriter {
  BitWriter& bits;

  void zigzag_varint(int64_t value) { put_varint(bits, zigzag(value)); }
  void varbit_int(int64_t value) {
    if (value == 0) return bits.write(0, 1);
    unsigned ones = 1;
    for (; ones < 8; ++ones) {
      const int64_t top = int64_t{1} << (varbit_bits[ones] - 1);
      if (value > -top && value <= top) break;
    }
    if (ones == 8) {
      bits.write(0xff, 8);
      bits.write(static_cast<uint64_t>(value), 64);
      return;
    }
    bits.write(((uint64_t{1} << ones) - 1) << 1, ones + 1);
    const unsigned size = varbit_bits[ones];
    bits.write(static_cast<uint64_t>(value) & ((uint64_t{1} << size) - 1), size);
  }
};

}  // namespace

Xor2Reader::Xor2Reader(std::string_view data) : data_(data) {
  if (data.size() < xor2_header_bytes) {
    error_ = Error(Errc::truncated,
                   fmt::format("XOR2 chunk: {} bytes, too short for a header", data.size()));
    return;
  }
  count_ = static_cast<uint16_t>(static_cast<unsigned char>(data[0]) << 8 |
                                 static_cast<unsigned char>(data[1]));
  state_.starts = StartTimesReader(StartTimesHeader::of(static_cast<uint8_t>(data[2])));
  state_.bits = BitReader(data.substr(xor2_header_bytes));
}

void Xor2Reader::read_first(State& state, model::Sample& out) {
  state.timestamp_ms = unzigzag(get_varint(state.bits));
  const uint64_t value = state.bits.read(64);
  if (!model::is_stale(value)) state.value = value;
  NumberReader numbers{state.bits};
  state.starts.read(numbers, 0, state.timestamp_ms, 0);
  out = {state.timestamp_ms, value};
}

void Xor2Reader::read_second(State& state, model::Sample& out) {
  const int64_t before_ms = state.timestamp_ms;
  state.delta_ms = get_varint(state.bits);
  state.timestamp_ms = static_cast<int64_t>(static_cast<uint64_t>(before_ms) + state.delta_ms);
  state.bits.refill();
  out = {state.timestamp_ms, read_value(state)};
  NumberReader numbers{state.bits};
  state.starts.read(numbers, 1, state.timestamp_ms, before_ms);
}

// Reads all of a sample but its start timestamp.
inline void Xor2Reader::read_next(State& state, model::Sample& out) {
  BitReader& bits = state.bits;
  bits.refill();
  const auto control = static_cast<Control>(std::min(std::countl_one(bits.window()), 5));
  bits.skip(control == stale_marker ? 5 : control + 1U);
  if (const unsigned size = xor2_dod_bits[control]; size == 64) {
    state.delta_ms += bits.read(64);
    bits.refill();
  } else if (size > 0) {
    state.delta_ms += static_cast<uint64_t>(sign_extended(bits.peek(size), size));
    bits.skip(size);
  }
  state.timestamp_ms =
      static_cast<int64_t>(static_cast<uint64_t>(state.timestamp_ms) + state.delta_ms);
  out.timestamp_ms = state.timestamp_ms;
  if (control == unchanged) {
    out.bits = state.value;
  } else if (control == changed) {
    const bool new_window = bits.window() >> 63 != 0;
    bits.skip(1);
    out.bits = read_changed(state, new_window);
  } else if (control == stale_marker) {
    out.bits = model::stale_nan_bits;
  } else {
    out.bits = read_value(state);
  }
}

// Needs 14 bits ready.
inline uint64_t Xor2Reader::read_value(State& state) {
  BitReader& bits = state.bits;
  const int ones = std::min(std::countl_one(bits.window()), 3);
  bits.skip(ones == 3 ? 3 : static_cast<unsigned>(ones) + 1);
  switch (ones) {
    case 0:
      return state.value;
    case 1:
      return read_changed(state, false);
    case 2:
      return read_changed(state, true);
    default:
      return model::stale_nan_bits;
  }
}

// Needs 11 bits ready.
inline uint64_t Xor2Reader::read_changed(State& state, bool new_window) {
  BitReader& bits = state.bits;
  if (new_window) {
    const auto leading = static_cast<unsigned>(bits.peek(5));
    auto significant = static_cast<unsigned>(bits.peek(11) & 63);
    if (significant == 0) significant = 64;  // Zero bits are never needed, and 64 does not fit.
    if (leading + significant > 64) [[unlikely]] {
      state.malformed = true;
      return 0;
    }
    bits.skip(11);
    state.significant = static_cast<uint8_t>(significant);
    state.trailing = static_cast<uint8_t>(64 - leading - significant);
  }
  return state.value ^= bits.read(state.significant) << state.trailing;
}

size_t Xor2Reader::read(std::span<model::Sample> out) {
  if (error_) return 0;
  const size_t want = std::min<size_t>(out.size(), static_cast<size_t>(count_ - given_));
  size_t i = 0;
  State state = state_;
  for (; i < want; ++i) {
    const size_t index = given_ + i;
    const int64_t before_ms = state.timestamp_ms;
    if (index >= 2) [[likely]] {
      read_next(state, out[i]);
      NumberReader numbers{state.bits};
      state.starts.read(numbers, index, state.timestamp_ms, before_ms);
    } else if (index == 0) {
      read_first(state, out[i]);
    } else {
      read_second(state, out[i]);
    }
    if (state.malformed || state.bits.overrun()) [[unlikely]]
      break;
  }
  given_ = static_cast<uint16_t>(given_ + i);
  state_ = state;
  if (!state_.malformed && !state_.bits.overrun()) return i;
  const auto at = data_.size() - static_cast<size_t>(state_.bits.bits_left() / 8);
  error_ =
      state_.malformed
          ? Error(Errc::malformed, fmt::format("XOR2 chunk, sample {} of {}: a value wider than 64 "
                                               "bits at byte {}",
                                               given_, count_, at))
          : Error(Errc::truncated, fmt::format("XOR2 chunk, sample {} of {}: the chunk ends before "
                                               "it, at byte {}",
                                               given_, count_, at));
  return i;
}

void Xor2Writer::reset() {
  bits_.clear();
  bits_.write(0, 8 * xor2_header_bytes);  // Filled in once it is known.
  starts_ = {};
  count_ = 0;
  value_ = 0;
  leading_ = no_window;
  trailing_ = 0;
}

void Xor2Writer::append(model::Sample sample, int64_t start_ms) {
  assert(count_ < max_samples);
  const int64_t before_ms = timestamp_ms_;
  if (count_ == 0) {
    first_ms_ = sample.timestamp_ms;
    put_varint(bits_, zigzag(sample.timestamp_ms));
    bits_.write(sample.bits, 64);
  } else {
    const uint64_t delta =
        static_cast<uint64_t>(sample.timestamp_ms) - static_cast<uint64_t>(before_ms);
    if (count_ == 1) {
      put_varint(bits_, delta);
      write_value(sample.bits);
    } else {
      write_joint(static_cast<int64_t>(delta - delta_ms_), sample.bits);
    }
    delta_ms_ = delta;
  }
  NumberWriter numbers{bits_};
  starts_.write(numbers, count_, start_ms, sample.timestamp_ms, before_ms);
  timestamp_ms_ = sample.timestamp_ms;
  if (!model::is_stale(sample.bits)) value_ = sample.bits;
  ++count_;
}

void Xor2Writer::write_joint(int64_t dod, uint64_t value) {
  if (dod == 0) {
    if (model::is_stale(value)) return bits_.write(0b11111, 5);
    if (value == value_) return bits_.write(0, 1);
    bits_.write(0b10, 2);
    return write_window(value ^ value_, 0b1, 1);
  }
  const auto low = [&](unsigned bits) {
    return static_cast<uint64_t>(dod) & ((uint64_t{1} << bits) - 1);
  };
  if (fits_xor2(dod, 13)) {
    bits_.write(uint64_t{0b110} << 13 | low(13), 16);
  } else if (fits_xor2(dod, 20)) {
    bits_.write(uint64_t{0b1110} << 20 | low(20), 24);
  } else {
    bits_.write(0b11110, 5);
    bits_.write(static_cast<uint64_t>(dod), 64);
  }
  write_value(value);
}

void Xor2Writer::write_value(uint64_t value) {
  if (model::is_stale(value)) return bits_.write(0b111, 3);
  if (value == value_) return bits_.write(0, 1);
  bits_.write(0b1, 1);
  write_window(value ^ value_, 0b10, 2);
}

// `fresh` announces a new window; a zero bit means that the previous window is used again.
void Xor2Writer::write_window(uint64_t delta, unsigned fresh, unsigned fresh_bits) {
  const auto leading = static_cast<uint8_t>(std::min(std::countl_zero(delta), 31));
  const auto trailing = static_cast<uint8_t>(std::countr_zero(delta));
  if (leading_ != no_window && leading >= leading_ && trailing >= trailing_) {
    bits_.write(0, 1);
  } else {
    leading_ = leading;
    trailing_ = trailing;
    const unsigned significant = 64U - leading - trailing;
    bits_.write(uint64_t{fresh} << 11 | uint64_t{leading} << 6 | (significant & 63),
                fresh_bits + 11);
  }
  bits_.write(delta >> trailing_, 64U - leading_ - trailing_);
}

std::string_view Xor2Writer::bytes() {
  const std::string_view chunk = bits_.bytes();
  bits_.data()[0] = static_cast<char>(count_ >> 8);
  bits_.data()[1] = static_cast<char>(count_);
  bits_.data()[2] = static_cast<char>(starts_.header().byte());
  return chunk;
}

}  // namespace mread::wire
