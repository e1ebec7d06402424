#include "wire/samples/samples_block_writer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <snappy.h>

#include "wire/bytes/bits.h"
#include "wire/bytes/varint.h"
#include "wire/samples/sample_entries.h"

namespace mread::wire {
namespace {

constexpr size_t none = SIZE_MAX;
constexpr size_t least_copy = 4;  // Shorter ones take as many bytes as what they stand for.
constexpr uint64_t near = SnappyCursor::offset_limit;

// `time` is the timestamp's tag and bytes.
void write_whole(SnappyCursor& out, uint64_t bits, uint64_t time) {
  using Bytes = unsigned __int128;
  if (bits == 0) {
    out.literal(Bytes{time} << 16 | zero_head, zero_entry);
  } else {
    out.literal(Bytes{bits} << 24 | value_head, entry_head + 8);
    out.literal(time, 7);
  }
}

// Writes a value as the difference from the one at the same time, `offset` bytes before. The caller
// has compared the times, and that both values are zero or none is.
[[gnu::always_inline]] inline void write_like_other(SnappyCursor& out, uint64_t bits,
                                                    uint64_t other_bits, uint32_t offset,
                                                    size_t size) {
  const uint64_t different = bits ^ other_bits;
  if (different == 0) {
    out.copy(offset, size);
    return;
  }
  const size_t begin = begin_of(different);
  const size_t end = end_of(different);
  out.copy(offset, entry_head + begin);
  out.literal(bits >> (8 * begin), end - begin);
  out.copy(offset, value_entry - entry_head - end);
}

// Writes one literal from the first byte that differs from the model, `offset` bytes before, to the
// last. The bytes around it are copied. `time_bytes` are the sample's; both samples are zero or
// none is.
[[gnu::always_inline]] inline void write_like_model(SnappyCursor& out, uint64_t bits,
                                                    uint64_t time_bytes, const model::Sample& model,
                                                    uint32_t offset) {
  const bool zero = bits == 0;
  const uint64_t time = time_bytes << 8 | 0x10;
  const uint64_t different_time = time_bytes ^ common_time_bytes(model.timestamp_ms);
  const size_t time_end = time_at + end_of(different_time);
  const uint64_t different = bits ^ model.bits;
  const size_t begin = different != 0 ? begin_of(different) : time_at + begin_of(different_time);
  const unsigned __int128 body = static_cast<unsigned __int128>(time) << 64 | bits;
  // A zero has no VALUE and no tag for it: its entry is shorter by that, and the difference begins
  // after them.
  out.copy(offset, entry_head + begin - (zero ? time_at : 0));
  out.literal(body >> (8 * begin), time_end - begin);
  out.copy(offset, value_entry - entry_head - time_end);
}

// The size of all entries.
size_t entries_size(std::span<const model::Sample> samples) {
  size_t zeros = 0;
  bool common = true;
  for (const model::Sample& sample : samples) {
    zeros += sample.bits == 0 ? 1 : 0;
    common &= has_common_time(sample.timestamp_ms);
  }
  if (common) return value_entry * (samples.size() - zeros) + zero_entry * zeros;
  size_t size = 0;
  for (const model::Sample& sample : samples) size += 2 + sample_size(sample);
  return size;
}

size_t common_prefix(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  size_t i = 0;
  for (; i + 8 <= most; i += 8) {
    const uint64_t different = load64(a.data() + i) ^ load64(b.data() + i);
    if (different != 0) return i + static_cast<size_t>(std::countr_zero(different)) / 8;
  }
  while (i < most && a[i] == b[i]) ++i;
  return i;
}

size_t common_suffix(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  size_t i = 0;
  while (i < most && a[a.size() - 1 - i] == b[b.size() - 1 - i]) ++i;
  return i;
}

// Cuts off the first entry, or the whole text if it does not look like one.
std::string_view cut_entry(std::string_view& rest) {
  const char* p = rest.data();
  const char* const end = p + rest.size();
  uint64_t length = 0;
  size_t size = rest.size();
  if (p != end && get_varint(++p, end, length) && length <= static_cast<uint64_t>(end - p)) {
    size = static_cast<size_t>(p - rest.data()) + length;
  }
  const std::string_view entry = rest.substr(0, size);
  rest.remove_prefix(size);
  return entry;
}

}  // namespace

void SamplesBlockWriter::begin_result() {
  close_result();
  results_.push_back({elements_.begin_piece(), 0});
}

// take() puts a result's header, which has the result's length, before it. So nothing may refer
// back past the beginning of the result.
void SamplesBlockWriter::close_result() {
  if (results_.empty()) return;
  results_.back().body = position_;
  closed_bytes_ += 1 + varint_size(position_) + position_;
  position_ = 0;
  any_before_ = false;
}

void SamplesBlockWriter::append_series(std::string_view labels_wire,
                                       std::span<const model::Sample> samples,
                                       std::string_view histogram_entries) {
  now_.samples.assign(samples.begin(), samples.end());
  append_now(labels_wire, histogram_entries);
}

void SamplesBlockWriter::take_series(std::string_view labels_wire,
                                     std::vector<model::Sample>& samples,
                                     std::string_view histogram_entries) {
  std::swap(now_.samples, samples);
  append_now(labels_wire, histogram_entries);
}

void SamplesBlockWriter::append_now(std::string_view labels_wire,
                                    std::string_view histogram_entries) {
  now_.regular = are_regular(now_.samples);
  const size_t entries =
      now_.regular ? value_entry * now_.samples.size() : entries_size(now_.samples);
  now_.head.assign(1, '\x0a');
  append_varint(now_.head, labels_wire.size() + entries + histogram_entries.size());
  now_.head += labels_wire;
  write_head();
  write_samples();
  if (!histogram_entries.empty()) {
    snappy::Compress(histogram_entries.data(), histogram_entries.size(), &scratch_);
    elements_.elements(std::string_view(scratch_).substr(varint_size(histogram_entries.size())));
    position_ += histogram_entries.size();
  }
  std::swap(before_, now_);
  any_before_ = true;
}

// Writes the header and the labels, entry by entry, as differences from the series before.
void SamplesBlockWriter::write_head() {
  now_.head_at = position_;
  std::string_view rest = now_.head;
  if (!any_before_) {
    elements_.literal(rest);
    position_ += rest.size();
    return;
  }
  const auto cut_header = [](std::string_view& head) {
    size_t size = 1;
    while (static_cast<unsigned char>(head[size]) >= 0x80) ++size;
    const std::string_view header = head.substr(0, size + 1);
    head.remove_prefix(size + 1);
    return header;
  };
  std::string_view rest_before = before_.head;
  write_entry(cut_header(rest), cut_header(rest_before), before_.head_at);
  while (!rest.empty()) {
    const uint64_t before_at = before_.head_at + before_.head.size() - rest_before.size();
    const std::string_view before =
        rest_before.empty() ? std::string_view() : cut_entry(rest_before);
    write_entry(cut_entry(rest), before, before_at);
  }
}

void SamplesBlockWriter::write_entry(std::string_view entry, std::string_view before,
                                     uint64_t before_at) {
  const auto copy = [this](uint64_t from, size_t size) {
    elements_.copy(static_cast<uint32_t>(position_ - from), size);
    position_ += size;
  };
  if (position_ - before_at > UINT32_MAX) before = {};
  if (entry == before) {
    copy(before_at, entry.size());
    return;
  }
  size_t prefix = common_prefix(entry, before);
  size_t suffix = common_suffix(entry.substr(prefix), before.substr(prefix));
  if (prefix < least_copy) prefix = 0;
  if (suffix < least_copy) suffix = 0;
  if (prefix > 0) copy(before_at, prefix);
  const std::string_view middle = entry.substr(prefix, entry.size() - prefix - suffix);
  elements_.literal(middle);
  position_ += middle.size();
  if (suffix > 0) copy(before_at + before.size() - suffix, suffix);
}

void SamplesBlockWriter::write_samples() {
  now_.entries_at = position_;
  const std::span<const model::Sample> samples = now_.samples;
  if (samples.empty()) return;
  const Guess guess = guess_repetition(samples);
  if (now_.regular && write_regular(guess)) return;
  if (now_.at.size() < samples.size()) now_.at.resize(samples.size());
  if (guess.next_to_other) {
    before_.find_positions();
    write_samples_like<true>(guess);
  } else {
    write_samples_like<false>(guess);
  }
}

// Writes regular samples as differences from regular samples of the same times, or from earlier
// samples of the series. Returns false if the samples do not suit either.
bool SamplesBlockWriter::write_regular(const Guess& guess) {
  const std::span<const model::Sample> samples = now_.samples;
  if (guess.next_to_other) {
    const auto others = std::span<const model::Sample>(before_.samples).subspan(guess.first_with);
    const uint64_t offset = position_ - before_.entries_at - value_entry * guess.first_with;
    const auto at_same_time = [](const model::Sample& a, const model::Sample& b) {
      return a.timestamp_ms == b.timestamp_ms;
    };
    if (!before_.regular || offset >= near || others.size() < samples.size()) return false;
    if (!std::equal(samples.begin(), samples.end(), others.begin(), at_same_time)) return false;
    write_regular_entries_after(elements_, samples, others, static_cast<uint32_t>(offset));
  } else {
    write_regular_entries(elements_, samples, guess.lag);
  }
  position_ += value_entry * samples.size();
  return true;
}

// For regular entries it is not kept.
void SamplesBlockWriter::Written::find_positions() {
  if (!regular) return;
  at.resize(std::max(at.size(), samples.size()));
  for (size_t i = 0; i < samples.size(); ++i) at[i] = entries_at + value_entry * i;
}

// Guesses from some of the samples what the others repeat. The costs are about the sizes of what
// would be written.
SamplesBlockWriter::Guess SamplesBlockWriter::guess_repetition(
    std::span<const model::Sample> samples) const {
  constexpr size_t probes = 8;
  constexpr size_t cost_of_time = 7;  // A literal of three bytes, and a copy.
  Guess guess;
  bool aligned = any_before_ && position_ - before_.head_at < near;
  if (aligned) {
    const auto found =
        std::lower_bound(before_.samples.begin(), before_.samples.end(), samples[0].timestamp_ms,
                         [](const model::Sample& sample, int64_t timestamp_ms) {
                           return sample.timestamp_ms < timestamp_ms;
                         });
    guess.first_with = static_cast<size_t>(found - before_.samples.begin());
  }
  size_t cost_with = 0;
  size_t cost_of_lag[lags] = {};
  for (size_t k = 0; k < probes; ++k) {
    const size_t i = samples.size() * (k + 1) / (probes + 1);
    if (i < lags) continue;
    const uint64_t bits = samples[i].bits;
    for (size_t lag = 1; lag <= lags; ++lag) {
      const uint64_t different = bits ^ samples[i - lag].bits;
      cost_of_lag[lag - 1] +=
          different == 0 ? cost_of_time : cost_of_time + 8 - begin_of(different);
    }
    const size_t j = i + guess.first_with;
    aligned = aligned && j < before_.samples.size() &&
              before_.samples[j].timestamp_ms == samples[i].timestamp_ms;
    if (!aligned) continue;
    const uint64_t different = bits ^ before_.samples[j].bits;
    cost_with += different == 0 ? 1 : 4 + end_of(different) - begin_of(different);
  }
  const auto* const least = std::min_element(std::begin(cost_of_lag), std::end(cost_of_lag));
  guess.lag = static_cast<size_t>(least - std::begin(cost_of_lag)) + 1;
  guess.next_to_other = aligned && cost_with < *least;
  return guess;
}

template <bool next_to_other>
void SamplesBlockWriter::write_samples_like(const Guess& guess) {
  // A cursor whose address is not taken stays in registers.
  const SnappyCursor opened = elements_.open();
  SnappyCursor out = opened;
  const model::Sample* const samples = now_.samples.data();
  const size_t count = now_.samples.size();
  uint64_t* const at = now_.at.data();
  const model::Sample* other = before_.samples.data() + (next_to_other ? guess.first_with : 0);
  const model::Sample* const others_end =
      before_.samples.data() + (next_to_other ? before_.samples.size() : 0);
  const uint64_t* other_at = before_.at.data() + (next_to_other ? guess.first_with : 0);
  uint64_t position = position_;
  size_t last[2] = {none, none};  // The last sample as this one: with a value, and without.
  size_t first = 0;               // Before it nothing can be repeated.
  int64_t last_ms = INT64_MIN;
  for (size_t i = 0; i < count; ++i) {
    const auto [timestamp_ms, bits] = samples[i];
    at[i] = position;
    if (!out.has_room()) [[unlikely]]
      out = elements_.with_room(out);
    if (!has_common_time(timestamp_ms) || timestamp_ms <= last_ms) [[unlikely]] {
      elements_.close(out);
      position += write_apart(samples[i]);
      const SnappyCursor again = elements_.open();
      out = again;
      last[0] = last[1] = none;
      first = i + 1;
      last_ms = INT64_MIN;
      continue;
    }
    last_ms = timestamp_ms;
    const bool zero = bits == 0;
    const size_t size = zero ? zero_entry : value_entry;
    if constexpr (next_to_other) {
      for (; other < others_end && other->timestamp_ms < timestamp_ms; ++other) ++other_at;
      if (other < others_end && other->timestamp_ms == timestamp_ms && (other->bits == 0) == zero &&
          position - *other_at < near) [[likely]] {
        const auto offset = static_cast<uint32_t>(position - *other_at);
        write_like_other(out, bits, other->bits, offset, size);
        position += size;
        last[zero] = i;
        continue;
      }
    }
    size_t model = i - guess.lag;
    if (i < first + guess.lag || (samples[model].bits == 0) != zero) model = last[zero];
    last[zero] = i;
    const uint64_t time_bytes = common_time_bytes(timestamp_ms);
    if (model == none || position - at[model] >= near) [[unlikely]] {
      write_whole(out, bits, time_bytes << 8 | 0x10);
    } else {
      const auto offset = static_cast<uint32_t>(position - at[model]);
      write_like_model(out, bits, time_bytes, samples[model], offset);
    }
    position += size;
  }
  position_ = position;
  elements_.close(out);
}

// Writes a sample of any time, in any order. Returns the size of its entry.
size_t SamplesBlockWriter::write_apart(const model::Sample& sample) {
  scratch_.assign(1, '\x12');
  scratch_.push_back(static_cast<char>(sample_size(sample)));
  if (sample.bits != 0) {
    scratch_.push_back('\x09');
    scratch_.append(reinterpret_cast<const char*>(&sample.bits), 8);
  }
  if (sample.timestamp_ms != 0) {
    scratch_.push_back('\x10');
    append_varint(scratch_, static_cast<uint64_t>(sample.timestamp_ms));
  }
  elements_.literal(scratch_);
  return scratch_.size();
}

std::vector<SamplesBlockWriter::Piece> SamplesBlockWriter::take() {
  close_result();
  const auto piece_of = [](std::string_view bytes) {
    Piece piece{std::make_shared_for_overwrite<char[]>(bytes.size()), bytes.size()};
    bytes.copy(piece.memory.get(), bytes.size());
    return piece;
  };
  std::string header;
  append_varint(header, closed_bytes_);
  std::vector<Piece> body = elements_.take();
  std::vector<Piece> out;
  out.reserve(body.size() + results_.size() + 1);
  size_t next = 0;
  for (const Result& result : results_) {
    for (; next < result.piece; ++next) out.push_back(std::move(body[next]));
    header.push_back(
        static_cast<char>(varint_size(result.body) << 2));  // A literal of the tag and the length.
    header.push_back('\x0a');
    append_varint(header, result.body);
    out.push_back(piece_of(header));
    header.clear();
  }
  if (!header.empty()) out.push_back(piece_of(header));
  for (; next < body.size(); ++next) out.push_back(std::move(body[next]));
  std::erase_if(out, [](const Piece& piece) { return piece.size == 0; });
  results_.clear();
  closed_bytes_ = 0;
  return out;
}

}  // namespace mread::wire
