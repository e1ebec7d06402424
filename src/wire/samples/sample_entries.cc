#include "wire/samples/sample_entries.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "wire/bytes/bits.h"

namespace mread::wire {
namespace {

// Walks through plain entries. `take_value(bits, time)` and `take_zero(time)` get the bytes of each
// time. Returns false at another kind of entry or a wrong order; what was taken before then is
// invalid.
template <class TakeValue, class TakeZero>
[[gnu::always_inline]] inline bool each_plain(std::string_view entries, const TakeValue& take_value,
                                              const TakeZero& take_zero) {
  constexpr uint64_t head_mask = 0xffffff;
  // The last eight bytes of either form: one byte that is ignored, 10, and the time.
  constexpr uint64_t marks = common_time_marks << 16;
  constexpr uint64_t tail_mask = marks | uint64_t{0x80} << 56 | 0xff00;
  constexpr uint64_t tail_bits = marks | 0x1000;
  const char* p = entries.data();
  const char* const end = p + entries.size();
  uint64_t last = 0;  // Of six bytes each, times are in the order of their bytes.
  while (p != end) {
    while (static_cast<size_t>(end - p) >= value_entry && (load64(p) & head_mask) == value_head) {
      const uint64_t tail = load64(p + value_entry - 8);
      const uint64_t time = tail >> 16;
      if ((tail & tail_mask) != tail_bits || time <= last) return false;
      take_value(load64(p + entry_head), time);
      last = time;
      p += value_entry;
    }
    if (p == end) return true;
    if (static_cast<size_t>(end - p) < zero_entry || (load64(p) & 0xffff) != zero_head)
      return false;
    const uint64_t tail = load64(p + zero_entry - 8);
    const uint64_t time = tail >> 16;
    if ((tail & tail_mask) != tail_bits || time <= last) return false;
    take_zero(time);
    last = time;
    p += zero_entry;
  }
  return true;
}

template <bool bmi2>
[[gnu::always_inline]] inline int64_t timestamp_of(uint64_t time) {
  return static_cast<int64_t>(gather_sevens<bmi2>(time));
}

template <bool bmi2>
[[gnu::always_inline]] inline std::optional<PlainSamples> read_all(
    std::string_view entries, std::vector<model::Sample>& memory, size_t size) {
  // The number of entries if none is zero; the first zero leaves no room for others.
  const auto make_room = [&memory](size_t samples) {
    if (memory.size() < samples) memory.resize(samples);
    return memory.data();
  };
  size_t room = size + entries.size() / value_entry;
  model::Sample* out = make_room(room);
  size_t at = size;
  const bool plain = each_plain(
      entries,
      [&](uint64_t bits, uint64_t time) {
        out[at++] = {timestamp_of<bmi2>(time), bits};
      },
      [&](uint64_t time) {
        if (room == size + entries.size() / value_entry)
          out = make_room(room = size + entries.size() / zero_entry);
        out[at++] = {timestamp_of<bmi2>(time), 0};
      });
  if (!plain) return std::nullopt;
  if (at == size) return PlainSamples{};
  return PlainSamples{at - size, out[size].timestamp_ms, out[at - 1].timestamp_ms};
}

MREAD_BMI2 std::optional<PlainSamples> read_all_bmi2(std::string_view entries,
                                                     std::vector<model::Sample>& memory,
                                                     size_t size) {
  return read_all<true>(entries, memory, size);
}

// Writes one literal from the first byte that differs from the model to the last. The bytes around
// it are copied; the copy after it is joined with the copy before the next literal. `pending` is
// the length of such bytes of the previous entry, and then of this one.
template <bool bmi2>
[[gnu::always_inline]] inline void put_like(SnappyCursor& out, const model::Sample& sample,
                                            const model::Sample& model, uint32_t offset,
                                            size_t& pending) {
  const uint64_t time = spread_sevens<bmi2>(static_cast<uint64_t>(sample.timestamp_ms));
  const uint64_t different_time =
      spread_sevens<bmi2>(static_cast<uint64_t>(sample.timestamp_ms ^ model.timestamp_ms));
  const uint64_t different = sample.bits ^ model.bits;
  // The number of equal bytes at the beginning of VALUE's eight bytes, and from VALUE's end to
  // TIME's end.
  const size_t begin = begin_of(different);
  const size_t skipped = different != 0 ? 0 : 1 + begin_of(different_time);
  const size_t end = time_at + end_of(different_time);
  char* const to = out.put(offset, pending + entry_head + begin + skipped, end - begin - skipped);
  const uint64_t value_bytes = begin == 8 ? 0 : sample.bits >> (8 * begin);
  const uint64_t time_bytes = ((time | common_time_marks) << 8 | 0x10) >> (8 * skipped);
  std::memcpy(to, &value_bytes, 8);
  std::memcpy(to + 8 - begin, &time_bytes, 8);
  pending = value_entry - entry_head - end;
}

template <bool bmi2>
[[gnu::always_inline]] inline SnappyCursor put_all(SnappyElements& elements,
                                                   std::span<const model::Sample> samples,
                                                   size_t lag) {
  // A cursor whose address is not taken stays in registers.
  SnappyCursor out = elements.open();
  const auto first = samples[0];
  char* const to = out.begin_literal(value_entry);
  const uint64_t time = common_time_bytes(first.timestamp_ms) << 8 | 0x10;
  std::memcpy(to, &value_head, entry_head);
  std::memcpy(to + entry_head, &first.bits, 8);
  std::memcpy(to + entry_head + 8, &time, 8);
  const auto put_from = [&](size_t begin, size_t end, size_t back) __attribute__((always_inline)) {
    const auto offset = static_cast<uint32_t>(back * value_entry);
    size_t pending = out.take_pending(offset);
    for (size_t i = begin; i < end; ++i) {
      if (!out.has_room()) [[unlikely]]
        out = elements.with_room(out);
      put_like<bmi2>(out, samples[i], samples[i - back], offset, pending);
    }
    out.copy(offset, pending);
  };
  const size_t alone = std::min(lag, samples.size());
  if (alone > 1) put_from(1, alone, 1);
  put_from(alone, samples.size(), lag);
  return out;
}

[[gnu::always_inline]] inline SnappyCursor put_all_after(SnappyElements& elements,
                                                         std::span<const model::Sample> samples,
                                                         std::span<const model::Sample> others,
                                                         uint32_t offset) {
  SnappyCursor out = elements.open();
  size_t pending = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (!out.has_room()) [[unlikely]]
      out = elements.with_room(out);
    const uint64_t bits = samples[i].bits;
    const uint64_t different = bits ^ others[i].bits;
    if (different == 0) {
      pending = out.put_all_but_64(offset, pending + value_entry);
      continue;
    }
    const size_t begin = begin_of(different);
    const size_t end = end_of(different);
    const uint64_t bytes = bits >> (8 * begin);
    const size_t copied = out.put_all_but_64(offset, pending + entry_head + begin);
    std::memcpy(out.put(offset, copied, end - begin), &bytes, 8);
    pending = value_entry - entry_head - end;
  }
  out.copy(offset, pending);
  return out;
}

MREAD_BMI2 SnappyCursor put_all_bmi2(SnappyElements& elements,
                                     std::span<const model::Sample> samples, size_t lag) {
  return put_all<true>(elements, samples, lag);
}

MREAD_BMI2 SnappyCursor put_all_after_bmi2(SnappyElements& elements,
                                           std::span<const model::Sample> samples,
                                           std::span<const model::Sample> others, uint32_t offset) {
  return put_all_after(elements, samples, others, offset);
}

}  // namespace

std::optional<PlainSamples> plain_samples(std::string_view entries) {
  PlainSamples out;
  uint64_t first = 0;
  uint64_t last = 0;
  const auto take = [&](uint64_t time) {
    if (out.count++ == 0) first = time;
    last = time;
  };
  if (!each_plain(
          entries, [&](uint64_t, uint64_t time) { take(time); }, take))
    return std::nullopt;
  out.first_ms = timestamp_of<false>(first);
  out.last_ms = timestamp_of<false>(last);
  return out;
}

std::optional<PlainSamples> read_plain_samples(std::string_view entries,
                                               std::vector<model::Sample>& memory, size_t size) {
  return has_bmi2 ? read_all_bmi2(entries, memory, size) : read_all<false>(entries, memory, size);
}

bool are_regular(std::span<const model::Sample> samples) {
  if (samples.empty()) return true;
  bool regular =
      has_common_time(samples.front().timestamp_ms) && has_common_time(samples.back().timestamp_ms);
  regular &= samples[0].bits != 0;
  for (size_t i = 1; i < samples.size(); ++i) {
    regular &= samples[i].bits != 0;
    regular &= samples[i].timestamp_ms > samples[i - 1].timestamp_ms;
  }
  return regular;
}

void write_regular_entries(SnappyElements& out, std::span<const model::Sample> samples,
                           size_t lag) {
  if (samples.empty()) return;
  out.close(has_bmi2 ? put_all_bmi2(out, samples, lag) : put_all<false>(out, samples, lag));
}

void write_regular_entries_after(SnappyElements& out, std::span<const model::Sample> samples,
                                 std::span<const model::Sample> others, uint32_t offset) {
  assert(samples.size() <= others.size());
  out.close(has_bmi2 ? put_all_after_bmi2(out, samples, others, offset)
                     : put_all_after(out, samples, others, offset));
}

}  // namespace mread::wire
