#include "wire/xor_chunk.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include <fmt/format.h>

#include "wire/varint.h"

namespace mread::wire {

namespace {

constexpr size_t header_bytes = 2;

// Deltas of deltas by the number of ones in their prefix; each value range is -(2^(bits-1) - 1) .. 2^(bits-1).
constexpr unsigned dod_bits[] = {0, 14, 17, 20, 64};

bool fits(int64_t dod, unsigned bits) {
  const int64_t top = int64_t{1} << (bits - 1);
  return dod > -top && dod <= top;
}

// Beyond the first two: 68 bits for the timestamp, 77 for the value.
constexpr size_t most_sample_bytes = 19;

void put_varint_bits(BitCursor& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.put((value & 0x7f) | 0x80, 8);
  out.put(value, 8);
}

}  // namespace

XorReader::XorReader(std::string_view data) {
  if (data.size() < header_bytes) {
    bad("it is shorter than its header");
    return;
  }
  count_ = static_cast<uint16_t>(static_cast<unsigned char>(data[0]) << 8 | static_cast<unsigned char>(data[1]));
  rest_ = data.substr(header_bytes);
}

bool XorReader::bad(const char* what) {
  error_ = Error(Errc::malformed, fmt::format("XOR chunk, sample {} of {}: {}", given_, count_, what));
  return false;
}

bool XorReader::read_first(model::Sample& out) {
  const char* p = rest_.data();
  const char* end = p + rest_.size();
  uint64_t timestamp = 0;
  if (!get_varint(p, end, timestamp)) return bad("no valid timestamp");
  if (end - p < 8) return bad("the chunk ends before the value");
  state_.timestamp_ms = unzigzag(timestamp);
  state_.value = load_big_endian64(p);
  rest_.remove_prefix(static_cast<size_t>(p + 8 - rest_.data()));
  out = {state_.timestamp_ms, state_.value};
  return true;
}

bool XorReader::read_second(model::Sample& out) {
  const char* p = rest_.data();
  const char* end = p + rest_.size();
  if (!get_varint(p, end, state_.delta_ms)) return bad("no valid timestamp");
  state_.timestamp_ms = static_cast<int64_t>(static_cast<uint64_t>(state_.timestamp_ms) + state_.delta_ms);
  state_.bits = BitReader({p, static_cast<size_t>(end - p)});
  state_.bits.refill();
  read_value(state_);
  if (state_.malformed) return bad("a value wider than 64 bits");
  if (state_.bits.overrun()) return bad("the chunk ends before the value");
  out = {state_.timestamp_ms, state_.value};
  return true;
}

// Needs four bits ready; leaves 24 fewer at most, or refills.
inline void XorReader::read_delta(State& state) {
  BitReader& bits = state.bits;
  const uint64_t window = bits.window();
  if (window >> 63 == 0) [[likely]] {
    bits.skip(1);
  } else {
    const auto ones = static_cast<unsigned>(std::min(std::countl_one(window), 4));
    bits.skip(ones == 4 ? 4 : ones + 1);
    const unsigned size = dod_bits[ones];
    uint64_t dod = 0;
    if (size == 64) {
      dod = bits.read(64);
      bits.refill();
    } else {
      dod = bits.peek(size);
      bits.skip(size);
      if (dod > uint64_t{1} << (size - 1)) dod -= uint64_t{1} << size;
    }
    state.delta_ms += dod;
  }
  state.timestamp_ms = static_cast<int64_t>(static_cast<uint64_t>(state.timestamp_ms) + state.delta_ms);
}

// Needs 13 bits ready.
inline void XorReader::read_value(State& state) {
  BitReader& bits = state.bits;
  const uint64_t window = bits.window();
  if (window >> 63 == 0) {
    bits.skip(1);
    return;
  }
  if ((window >> 62 & 1) == 0) {
    bits.skip(2);
  } else {
    const auto leading = static_cast<unsigned>(window >> 57 & 31);
    auto significant = static_cast<unsigned>(window >> 51 & 63);
    if (significant == 0) significant = 64;  // Zero bits are never needed, and 64 does not fit.
    if (leading + significant > 64) [[unlikely]] {
      state.malformed = true;
      return;
    }
    bits.skip(13);
    state.significant = static_cast<uint8_t>(significant);
    state.trailing = static_cast<uint8_t>(64 - leading - significant);
  }
  state.value ^= bits.read(state.significant) << state.trailing;
}

// Needs nothing ready. False, with the sample not to be used, at the end of the chunk or a malformed one.
inline bool XorReader::read_sample(State& state, model::Sample& out) {
  state.bits.refill();
  read_delta(state);
  read_value(state);
  out = {state.timestamp_ms, state.value};
  return !state.malformed && !state.bits.overrun();
}

size_t XorReader::read(std::span<model::Sample> out) {
  if (error_) return 0;
  const size_t want = std::min<size_t>(out.size(), static_cast<size_t>(count_ - given_));
  size_t i = 0;
  for (; i < want && given_ < 2; ++i, ++given_) {
    if (!(given_ == 0 ? read_first(out[i]) : read_second(out[i]))) return i;
  }
  const size_t begin = i;
  if (want - begin == 1) {
    i += read_sample(state_, out[i]) ? 1 : 0;  // Copies to and fro would cost more than the sample.
  } else if (want > begin) {
    State state = state_;
    while (i < want && read_sample(state, out[i])) ++i;
    state_ = state;
  }
  given_ = static_cast<uint16_t>(given_ + (i - begin));
  if (i < want) bad(state_.malformed ? "a value wider than 64 bits" : "the chunk ends before it");
  return i;
}

void XorWriter::reset() {
  bits_.clear();
  bits_.write(0, 8 * header_bytes);  // The count, once it is known.
  count_ = 0;
  state_ = {};
}

void XorWriter::append(std::span<const model::Sample> samples) {
  assert(count_ + samples.size() <= max_samples);
  for (; !samples.empty() && count_ < 2; samples = samples.subspan(1)) {
    count_ == 0 ? append_first(samples[0]) : append_second(samples[0]);
    ++count_;
  }
  if (samples.empty()) return;
  BitCursor out = bits_.open(samples.size() * most_sample_bytes);
  State state = state_;
  for (const model::Sample& sample : samples) put_sample(out, state, sample);
  state_ = state;
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
  const uint64_t delta = static_cast<uint64_t>(sample.timestamp_ms) - static_cast<uint64_t>(state_.timestamp_ms);
  BitCursor out = bits_.open(max_varint_bytes + most_sample_bytes);
  put_varint_bits(out, delta);
  put_value(out, state_, sample.bits, 0, 0);
  bits_.close(out);
  state_.timestamp_ms = sample.timestamp_ms;
  state_.delta_ms = delta;
}

inline void XorWriter::put_sample(BitCursor& out, State& state, model::Sample sample) {
  const uint64_t delta = static_cast<uint64_t>(sample.timestamp_ms) - static_cast<uint64_t>(state.timestamp_ms);
  const auto dod = static_cast<int64_t>(delta - state.delta_ms);
  state.timestamp_ms = sample.timestamp_ms;
  state.delta_ms = delta;
  if (dod == 0) [[likely]] {
    put_value(out, state, sample.bits, 0, 1);
    return;
  }
  const auto low = [dod](unsigned bits) { return static_cast<uint64_t>(dod) & ((uint64_t{1} << bits) - 1); };
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

// With `before_bits` bits, up to 24, that go before the value's own: one put for all where they fit.
inline void XorWriter::put_value(BitCursor& out, State& state, uint64_t value, uint64_t before, unsigned before_bits) {
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
    before = before << 13 | uint64_t{0b11} << 11 | uint64_t{leading} << 6 | (state.significant & 63);
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

std::string_view XorWriter::bytes() {
  const std::string_view chunk = bits_.bytes();
  bits_.data()[0] = static_cast<char>(count_ >> 8);
  bits_.data()[1] = static_cast<char>(count_);
  return chunk;
}

}  // namespace mread::wire
