#include "wire/chunk/xor_chunk.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>

#include <fmt/format.h>

#include "wire/bytes/bmi2.h"
#include "wire/bytes/varint.h"

namespace mread::wire {

namespace {

constexpr size_t xor_header_bytes = 2;

// Deltas of deltas, by the number of ones in their prefix. Values range from -(2^(bits-1) - 1) to
// 2^(bits-1).
constexpr unsigned dod_bits[] = {0, 14, 17, 20, 64};

bool fits(int64_t dod, unsigned bits) {
  const int64_t top = int64_t{1} << (bits - 1);
  return dod > -top && dod <= top;
}

bool falls(uint64_t delta_ms) { return delta_ms - 1 >= (uint64_t{1} << 46) - 1; }

// A window, by the eleven bits that announce it: the number of bits after the value, and from bit 8
// on the number of bits of the value. Codes that no encoder writes have no window.
constexpr uint16_t no_window = 0xffff;
constexpr std::array<uint16_t, 2048> make_windows() {
  std::array<uint16_t, 2048> out{};
  for (unsigned i = 0; i < out.size(); ++i) {
    const unsigned leading = i >> 6;
    const unsigned significant =
        (i & 63) == 0 ? 64 : i & 63;  // Zero bits are never needed, and 64 does not fit.
    const unsigned both = leading + significant;
    out[i] = both > 64 ? no_window : static_cast<uint16_t>(significant << 8 | (64 - both));
  }
  return out;
}
constexpr std::array<uint16_t, 2048> windows = make_windows();

// A sample after the first two takes at most 68 bits for the timestamp and 77 for the value.
constexpr size_t most_sample_bytes = 19;

void put_varint_bits(BitCursor& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.put((value & 0x7f) | 0x80, 8);
  out.put(value, 8);
}

}  // namespace

XorReader::XorReader(std::string_view data) {
  if (data.size() < xor_header_bytes) {
    bad("it is shorter than its header");
    return;
  }
  count_ = static_cast<uint16_t>(static_cast<unsigned char>(data[0]) << 8 |
                                 static_cast<unsigned char>(data[1]));
  rest_ = data.substr(xor_header_bytes);
}

bool XorReader::bad(const char* what) {
  error_ =
      Error(Errc::malformed, fmt::format("XOR chunk, sample {} of {}: {}", given_, count_, what));
  return false;
}

bool XorReader::read_first(model::Sample& out) {
  const char* p = rest_.data();
  const char* end = p + rest_.size();
  uint64_t timestamp = 0;
  if (!get_varint(p, end, timestamp)) return bad("no valid timestamp");
  if (end - p < 8) return bad("the chunk ends before the value");
  state_.timestamp_ms = unzigzag(timestamp);
  first_ms_ = state_.timestamp_ms;
  state_.value = load_big_endian64(p);
  rest_.remove_prefix(static_cast<size_t>(p + 8 - rest_.data()));
  out = {state_.timestamp_ms, state_.value};
  return true;
}

// Walks through a chunk's bits. All bytes that a sample's fields can reach may be loaded.
class XorReader::Bits {
 public:
  // A sample's fields take at most 19 bytes; they are loaded in words of eight or nine bytes.
  static constexpr size_t reach = 24;

  explicit Bits(const char* bits) : bits_(bits) {}

  // Decodes one to `most` samples; no sample after the first begins past the bit `limit`. If the
  // state has no window afterwards, the last sample is invalid.
  size_t read(State& state, uint64_t limit, model::Sample* out, size_t most) const {
    return has_bmi2 ? read_bmi2(state, limit, out, most) : read_any(state, limit, out, most);
  }

  void read_value(State& state) const { read_value(state, load(state.at)); }

 private:
  static constexpr uint64_t nowhere = uint64_t{1} << 62;
  static constexpr uint64_t ready = 56;

  MREAD_BMI2 size_t read_bmi2(State& state, uint64_t limit, model::Sample* out, size_t most) const {
    return read_any(state, limit, out, most);
  }

  [[gnu::always_inline]] size_t read_any(State& in_memory, uint64_t limit, model::Sample* out,
                                         size_t most) const {
    State state = in_memory;
    size_t i = 0;
    do {
      read_sample(state, out[i]);
      ++i;
    } while (i != most && state.at <= limit);
    in_memory = state;
    return i;
  }

  // The bits from `at` on, left-justified; at least 57 of them are valid.
  [[gnu::always_inline]] uint64_t load(uint64_t at) const {
    return load_big_endian64(bits_ + at / 8) << at % 8;
  }
  // `count` bits from `at` on, 1 to 64.
  [[gnu::always_inline]] uint64_t load(uint64_t at, uint64_t count) const {
    uint64_t window = load(at);
    if (count > 57) [[unlikely]] {
      window |=
          static_cast<uint64_t>(static_cast<unsigned char>(bits_[at / 8 + 8])) >> (8 - at % 8);
    }
    return window >> (64 - count);
  }

  // `window` holds the first bits of the value, at least `ready` of them.
  [[gnu::always_inline]] void read_value(State& state, uint64_t window) const {
    if (window >> 63 == 0) {
      state.at += 1;
      return;
    }
    uint64_t prefix = 2;
    if ((window >> 62 & 1) != 0) {
      prefix = 13;
      state.window = windows[window >> 51 & 2047];
      if (state.window == no_window) [[unlikely]] {
        state.at = nowhere;
        return;
      }
    }
    const uint64_t significant = state.window >> 8;
    const uint64_t value = prefix + significant <= ready ? window << prefix >> (64 - significant)
                                                         : load(state.at + prefix, significant);
    state.value ^= value << (state.window & 63);
    state.at += prefix + significant;
  }

  [[gnu::always_inline]] void read_sample(State& state, model::Sample& out) const {
    uint64_t window = load(state.at);
    if (window >> 63 == 0) [[likely]] {
      window <<= 1;
      state.at += 1;
    } else {
      const auto ones = static_cast<unsigned>(std::min(std::countl_one(window), 4));
      const unsigned prefix = ones == 4 ? 4 : ones + 1;
      const unsigned size = dod_bits[ones];
      uint64_t dod = load(state.at + prefix, size);
      if (size < 64 && dod > uint64_t{1} << (size - 1)) dod -= uint64_t{1} << size;
      state.delta_ms += dod;
      state.may_fall |= falls(state.delta_ms);
      state.at += prefix + size;
      window = load(state.at);
    }
    state.timestamp_ms =
        static_cast<int64_t>(static_cast<uint64_t>(state.timestamp_ms) + state.delta_ms);
    read_value(state, window);
    out = {state.timestamp_ms, state.value};
  }

  const char* bits_;
};

bool XorReader::read_second(model::Sample& out) {
  const char* p = rest_.data();
  const char* end = p + rest_.size();
  if (!get_varint(p, end, state_.delta_ms)) return bad("no valid timestamp");
  state_.timestamp_ms =
      static_cast<int64_t>(static_cast<uint64_t>(state_.timestamp_ms) + state_.delta_ms);
  state_.may_fall = falls(state_.delta_ms);
  rest_ = {p, static_cast<size_t>(end - p)};
  char value[Bits::reach] = {};
  std::memcpy(value, rest_.data(), std::min(rest_.size(), sizeof value));
  Bits(value).read_value(state_);
  if (state_.window == no_window) return bad("a value wider than 64 bits");
  if (state_.at > 8 * rest_.size()) return bad("the chunk ends before the value");
  out = {state_.timestamp_ms, state_.value};
  return true;
}

// Decodes samples that begin so near to the end that a load could reach past it, from a copy
// followed by zeros. It may count one sample too many, which begins before the end and ends past
// it.
size_t XorReader::read_tail(std::span<model::Sample> out) {
  const size_t begin = state_.at / 8;
  const size_t size = rest_.size() - begin;
  char tail[2 * Bits::reach] = {};
  std::memcpy(tail, rest_.data() + begin, size);
  state_.at %= 8;
  const size_t read = Bits(tail).read(state_, 8 * size, out.data(), out.size());
  state_.at += 8 * begin;
  return read;
}

size_t XorReader::read(std::span<model::Sample> out) {
  if (error_) return 0;
  out = out.first(std::min<size_t>(out.size(), static_cast<size_t>(count_ - given_)));
  size_t i = 0;
  for (; i < out.size() && given_ < 2; ++i, ++given_) {
    if (!(given_ == 0 ? read_first(out[i]) : read_second(out[i]))) return i;
  }
  if (i == out.size()) return i;
  const size_t begin = i;
  const uint64_t safe = rest_.size() < Bits::reach ? 0 : 8 * (rest_.size() - Bits::reach) + 7;
  if (state_.at < safe) i += Bits(rest_.data()).read(state_, safe, out.data() + i, out.size() - i);
  if (i < out.size() && state_.window != no_window) i += read_tail(out.subspan(i));
  given_ = static_cast<uint16_t>(given_ + (i - begin));
  if (state_.window != no_window && state_.at <= 8 * rest_.size()) [[likely]]
    return i;
  --given_;
  bad(state_.window == no_window ? "a value wider than 64 bits" : "the chunk ends before it");
  return i - 1;
}

void XorWriter::reset() {
  bits_.clear();
  bits_.write(0, 8 * xor_header_bytes);  // The count, once it is known.
  count_ = 0;
  state_ = {};
}

[[gnu::always_inline]] inline void XorWriter::put_sample(BitCursor& out, State& state,
                                                         model::Sample sample) {
  const uint64_t delta =
      static_cast<uint64_t>(sample.timestamp_ms) - static_cast<uint64_t>(state.timestamp_ms);
  const auto dod = static_cast<int64_t>(delta - state.delta_ms);
  state.timestamp_ms = sample.timestamp_ms;
  state.delta_ms = delta;
  if (dod == 0) [[likely]] {
    put_value(out, state, sample.bits, 0, 1);
    return;
  }
  const auto low = [dod](unsigned bits) {
    return static_cast<uint64_t>(dod) & ((uint64_t{1} << bits) - 1);
  };
  if (fits(dod, 14)) {
    put_value(out, state, sample.bits, uint64_t{0b10} << 14 | low(14), 16);
  } else if (fits(dod, 17)) {
    put_value(out, state, sample.bits, uint64_t{0b110} << 17 | low(17), 20);
  } else if (fits(dod, 20)) {
    put_value(out, state, sample.bits, uint64_t{0b1110} << 20 | low(20), 24);
  } else {
    out.put(0b1111, 4);
    out.put_long(static_cast<uint64_t>(dod), 64);
    put_value(out, state, sample.bits, 0, 0);
  }
}

// Writes `before_bits` bits (up to 24) and then the value's own bits, in one step if they fit.
[[gnu::always_inline]] inline void XorWriter::put_value(BitCursor& out, State& state,
                                                        uint64_t value, uint64_t before,
                                                        unsigned before_bits) {
  const uint64_t delta = value ^ state.value;
  state.value = value;
  if (delta == 0) {
    out.put(before << 1, before_bits + 1);
    return;
  }
  const auto leading = std::min(static_cast<unsigned>(std::countl_zero(delta)), 31U);
  const auto trailing = static_cast<unsigned>(std::countr_zero(delta));
  if (leading >= state.leading && trailing >= state.trailing) {
    before = before << 2 | 0b10;
    before_bits += 2;
  } else {
    state.leading = leading;
    state.trailing = trailing;
    state.significant = 64U - leading - trailing;
    before =
        before << 13 | uint64_t{0b11} << 11 | uint64_t{leading} << 6 | (state.significant & 63);
    before_bits += 13;
  }
  const unsigned significant = state.significant;
  if (before_bits + significant <= BitCursor::most_bits) {
    out.put(before << significant | delta >> state.trailing, before_bits + significant);
  } else {
    out.put(before, before_bits);
    out.put_long(delta >> state.trailing, significant);
  }
}

[[gnu::always_inline]] inline void XorWriter::put_samples(BitCursor& cursor, State& in_memory,
                                                          std::span<const model::Sample> samples) {
  BitCursor out = cursor;
  State state = in_memory;
  for (const model::Sample& sample : samples) put_sample(out, state, sample);
  cursor = out;
  in_memory = state;
}

MREAD_BMI2 void XorWriter::put_samples_bmi2(BitCursor& out, State& state,
                                            std::span<const model::Sample> samples) {
  put_samples(out, state, samples);
}

void XorWriter::append(std::span<const model::Sample> samples) {
  assert(count_ + samples.size() <= max_samples);
  for (; !samples.empty() && count_ < 2; samples = samples.subspan(1)) {
    count_ == 0 ? append_first(samples[0]) : append_second(samples[0]);
    ++count_;
  }
  if (samples.empty()) return;
  BitCursor out = bits_.open(samples.size() * most_sample_bytes);
  has_bmi2 ? put_samples_bmi2(out, state_, samples) : put_samples(out, state_, samples);
  bits_.close(out);
  count_ += samples.size();
}

void XorWriter::append_first(model::Sample sample) {
  first_ms_ = sample.timestamp_ms;
  BitCursor out = bits_.open(max_varint_bytes + 8);
  put_varint_bits(out, zigzag(sample.timestamp_ms));
  out.put_long(sample.bits, 64);
  bits_.close(out);
  state_.timestamp_ms = sample.timestamp_ms;
  state_.value = sample.bits;
}

void XorWriter::append_second(model::Sample sample) {
  const uint64_t delta =
      static_cast<uint64_t>(sample.timestamp_ms) - static_cast<uint64_t>(state_.timestamp_ms);
  BitCursor out = bits_.open(max_varint_bytes + most_sample_bytes);
  put_varint_bits(out, delta);
  put_value(out, state_, sample.bits, 0, 0);
  bits_.close(out);
  state_.timestamp_ms = sample.timestamp_ms;
  state_.delta_ms = delta;
}

std::string_view XorWriter::bytes() {
  const std::string_view chunk = bits_.bytes();
  bits_.data()[0] = static_cast<char>(count_ >> 8);
  bits_.data()[1] = static_cast<char>(count_);
  return chunk;
}

}  // namespace mread::wire
