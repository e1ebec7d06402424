#include "wire/xor_chunk.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>

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

bool XorReader::read_second_time() {
  const char* p = rest_.data();
  const char* end = p + rest_.size();
  if (!get_varint(p, end, state_.delta_ms)) return bad("no valid timestamp");
  state_.timestamp_ms = static_cast<int64_t>(static_cast<uint64_t>(state_.timestamp_ms) + state_.delta_ms);
  rest_ = {p, static_cast<size_t>(end - p)};
  return true;
}

constexpr std::array<uint16_t, 2048> make_windows() {
  std::array<uint16_t, 2048> out{};
  for (unsigned i = 0; i < out.size(); ++i) {
    const unsigned leading = i >> 6;
    const unsigned significant = (i & 63) == 0 ? 64 : i & 63;
    out[i] =
        leading + significant > 64 ? 0xffff : static_cast<uint16_t>((64 - leading - significant) << 8 | significant);
  }
  return out;
}
alignas(64) constexpr std::array<uint16_t, 2048> windows = make_windows();

// Goes through a chunk's bits, from the second value on.
//
// A sample may begin at any bit up to limit_: from there on the bytes that its fields can reach are there to be loaded.
// Near the chunk's end that is so in a copy of the last bytes, with zeros behind them; there limit_ is the end, and a
// sample that began before it and ended behind it was none.
class XorReader::Lane {
 public:
  Lane() = default;
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Reads what is no matter of bits: the first sample, and the second but for its value.
  void open(XorReader& reader, std::span<model::Sample> out) {
    reader_ = &reader;
    bits_ = nullptr;
    out_ = out.data();
    read_ = 0;
    left_ = reader.error_ ? 0 : std::min<size_t>(out.size(), static_cast<size_t>(reader.count_ - reader.given_));
    if (left_ > 0 && reader.given_ == 0) {
      if (!reader.read_first(*out_)) return fail();
      count(1);
    }
    if (left_ == 0) return;
    const bool second = reader.given_ == 1;
    if (second && !reader.read_second_time()) return fail();
    bits_ = reader.rest_.data();
    begin_ = 0;
    in_tail_ = false;
    state_ = reader.state_;
    if (reader.rest_.size() >= reach) {
      limit_ = 8 * (reader.rest_.size() - reach) + 7;
      if (state_.at > limit_) enter_tail();
    } else {
      enter_tail();
    }
    if (second) {
      read_value(state_, bits_, load_big_endian64(bits_));
      *out_ = {state_.timestamp_ms, state_.value};
      count(1);
      check();
    }
  }

  size_t left() const { return left_; }
  size_t read() const { return read_; }

  // Up to `most` samples, at least one; `most` no more than are left.
  void run(size_t most) {
    State state = state_;
    const char* const bits = bits_;
    const uint64_t limit = limit_;
    model::Sample* out = out_;
    model::Sample* const end = out + most;
    do {
      read_sample(state, bits, *out++);
    } while (out != end && state.at <= limit);
    state_ = state;
    count(static_cast<size_t>(out - out_));
    check();
  }

  // The same number of both.
  static void run(Lane& a, Lane& b, size_t most) {
    State state_a = a.state_;
    State state_b = b.state_;
    const char* const bits_a = a.bits_;
    const char* const bits_b = b.bits_;
    const uint64_t limit_a = a.limit_;
    const uint64_t limit_b = b.limit_;
    model::Sample* const out_a = a.out_;
    model::Sample* const out_b = b.out_;
    size_t i = 0;
    do {
      read_sample(state_a, bits_a, out_a[i]);
      read_sample(state_b, bits_b, out_b[i]);
      ++i;
    } while (i < most && state_a.at <= limit_a && state_b.at <= limit_b);
    a.state_ = state_a;
    b.state_ = state_b;
    a.count(i);
    b.count(i);
    a.check();
    b.check();
  }

  // What was read is the reader's from here on.
  void close() {
    if (bits_ == nullptr || reader_->error_) return;
    state_.at += 8 * begin_;
    reader_->state_ = state_;
  }

 private:
  // A sample's fields take 19 bytes at most; each is loaded in words of eight, or nine.
  static constexpr size_t reach = 24;
  static constexpr uint64_t nowhere = uint64_t{1} << 62;
  static constexpr uint16_t no_window = 0xffff;

  static uint64_t load(const char* bits, uint64_t at) { return load_big_endian64(bits + at / 8) << at % 8; }
  static uint64_t load(const char* bits, uint64_t at, uint64_t count) {
    const char* const p = bits + at / 8;
    const uint64_t window = load_big_endian64(p) << at % 8 | static_cast<unsigned char>(p[8]) >> (8 - at % 8);
    return window >> (64 - count);
  }

  // `window`: what the value's bits begin with, 13 of them or more.
  [[gnu::always_inline]] static void read_value(State& state, const char* bits, uint64_t window) {
    if (window >> 63 == 0) {
      state.at += 1;
      return;
    }
    // A new window comes too unforeseen for a branch.
    const uint64_t announced = 0 - (window >> 62 & 1);
    state.window ^= (state.window ^ windows[window >> 51 & 2047]) & announced;
    if (state.window == no_window) [[unlikely]] {
      state.malformed = true;
      state.at = nowhere;
      return;
    }
    const uint64_t significant = state.window & 0xff;
    const uint64_t from = state.at + 2 + (11 & announced);
    state.value ^= load(bits, from, significant) << (state.window >> 8);
    state.at = from + significant;
  }

  [[gnu::always_inline]] static void read_sample(State& state, const char* bits, model::Sample& out) {
    uint64_t window = load(bits, state.at);
    if (window >> 63 == 0) [[likely]] {
      window <<= 1;
      state.at += 1;
    } else {
      const auto ones = static_cast<unsigned>(std::min(std::countl_one(window), 4));
      const unsigned prefix = ones == 4 ? 4 : ones + 1;
      const unsigned size = dod_bits[ones];
      uint64_t dod = load(bits, state.at + prefix, size);
      if (size < 64 && dod > uint64_t{1} << (size - 1)) dod -= uint64_t{1} << size;
      state.delta_ms += dod;
      state.at += prefix + size;
      window = load(bits, state.at);
    }
    state.timestamp_ms = static_cast<int64_t>(static_cast<uint64_t>(state.timestamp_ms) + state.delta_ms);
    read_value(state, bits, window);
    out = {state.timestamp_ms, state.value};
  }

  void count(size_t samples) {
    out_ += samples;
    read_ += samples;
    left_ -= samples;
    reader_->given_ = static_cast<uint16_t>(reader_->given_ + samples);
  }

  void fail() { left_ = 0; }

  // Sees to it that the next sample can be read, or finds that the last was none.
  void check() {
    if (state_.at <= limit_) [[likely]]
      return;
    if (!state_.malformed && !in_tail_) {
      if (left_ > 0) enter_tail();
      return;
    }
    --reader_->given_;
    --read_;
    reader_->bad(state_.malformed       ? "a value wider than 64 bits"
                 : reader_->given_ == 1 ? "the chunk ends before the value"
                                        : "the chunk ends before it");
    fail();
  }

  void enter_tail() {
    in_tail_ = true;
    begin_ = state_.at / 8;
    const size_t size = reader_->rest_.size() - begin_;
    std::memset(tail_, 0, sizeof tail_);
    std::memcpy(tail_, reader_->rest_.data() + begin_, size);
    bits_ = tail_;
    limit_ = 8 * size;
    state_.at %= 8;
  }

  XorReader* reader_ = nullptr;
  model::Sample* out_ = nullptr;
  size_t left_ = 0;
  size_t read_ = 0;
  State state_;
  const char* bits_ = nullptr;
  uint64_t limit_ = 0;
  size_t begin_ = 0;  // The byte of the reader's rest that bits_ begin with.
  bool in_tail_ = false;
  char tail_[2 * reach];
};

size_t XorReader::read(std::span<model::Sample> out) {
  Lane lane;
  lane.open(*this, out);
  while (lane.left() > 0) lane.run(lane.left());
  lane.close();
  return lane.read();
}

void read_side_by_side(std::span<XorRead> reads) {
  XorReader::Lane lanes[2];
  XorRead* in_lane[2] = {nullptr, nullptr};
  auto next = reads.begin();
  // Whatever a lane has finished is replaced by the next chunk that has samples to be read.
  const auto fill = [&](size_t i) {
    while (lanes[i].left() == 0) {
      if (in_lane[i] != nullptr) {
        lanes[i].close();
        in_lane[i]->read = lanes[i].read();
        in_lane[i] = nullptr;
      }
      if (next == reads.end()) return false;
      in_lane[i] = &*next++;
      lanes[i].open(in_lane[i]->reader, in_lane[i]->out);
    }
    return true;
  };
  for (;;) {
    const bool first = fill(0);
    const bool second = fill(1);
    if (first && second) {
      XorReader::Lane::run(lanes[0], lanes[1], std::min(lanes[0].left(), lanes[1].left()));
    } else if (first || second) {
      XorReader::Lane& lane = lanes[first ? 0 : 1];
      lane.run(lane.left());
    } else {
      return;
    }
  }
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
