#include "wire/streamed/chunk_check.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/xor2_chunk.h"
#include "wire/chunk/xor_chunk.h"

namespace mread::wire {

namespace {

bool claims(const ChunkView& chunk, int64_t timestamp_ms) {
  return timestamp_ms >= chunk.min_time_ms && timestamp_ms <= chunk.max_time_ms;
}

Error outside(const ChunkView& chunk, int64_t timestamp_ms) {
  return {Errc::malformed, fmt::format("{} chunk: a sample at {} in a chunk that claims {} to {}",
                                       to_string(chunk.encoding), timestamp_ms, chunk.min_time_ms,
                                       chunk.max_time_ms)};
}

// Timestamps of one chunk, in its order.
class Times {
 public:
  explicit Times(const ChunkView& chunk) : chunk_(chunk) {}

  Result<void> take(int64_t timestamp_ms) {
    if (!claims(chunk_, timestamp_ms)) return fail(outside(chunk_, timestamp_ms));
    if (any_ && timestamp_ms <= before_ms_) {
      return fail(Errc::malformed,
                  fmt::format("{} chunk: a sample at {} comes after one at {}",
                              to_string(chunk_.encoding), timestamp_ms, before_ms_));
    }
    any_ = true;
    before_ms_ = timestamp_ms;
    return {};
  }

 private:
  const ChunkView& chunk_;
  bool any_ = false;
  int64_t before_ms_ = 0;
};

Result<void> check_rest(const ChunkView& chunk, uint64_t bits_left) {
  if (bits_left / 8 <= most_padding_bytes) return {};
  return fail(Errc::malformed, fmt::format("{} chunk: {} bytes after the last sample",
                                           to_string(chunk.encoding), bits_left / 8));
}

template <class Reader>
Result<void> verify_floats(const ChunkView& chunk) {
  Reader reader(chunk.data);
  Times times(chunk);
  std::array<model::Sample, 128> samples;
  while (const size_t read = reader.read(samples)) {
    for (const model::Sample& sample : std::span(samples).first(read)) {
      if (auto taken = times.take(sample.timestamp_ms); !taken) return taken;
    }
  }
  if (!reader.ok()) return fail(*reader.error());
  return check_rest(chunk, reader.bits_left());
}

Result<void> verify_histograms(const ChunkView& chunk) {
  HistogramChunkReader reader(chunk.encoding, chunk.data);
  Times times(chunk);
  while (reader.next()) {
    if (auto taken = times.take(reader.sample().timestamp_ms); !taken) return taken;
  }
  if (reader.error()) return fail(*reader.error());
  return check_rest(chunk, reader.bits_left());
}

}  // namespace

Error holds_too_few(ChunkEncoding encoding, std::string_view data) {
  return {Errc::malformed,
          fmt::format("{} chunk: {} samples in {} bytes, which cannot hold them",
                      to_string(encoding), claimed_samples(encoding, data), data.size())};
}

Result<void> check_time(const ChunkView& chunk, int64_t timestamp_ms) {
  if (claims(chunk, timestamp_ms)) return {};
  return fail(outside(chunk, timestamp_ms));
}

Result<void> check_times(const ChunkView& chunk, std::span<const model::Sample> samples,
                         bool increasing) {
  if (samples.empty()) return {};
  if (increasing) {
    if (auto first = check_time(chunk, samples.front().timestamp_ms); !first) return first;
    return check_time(chunk, samples.back().timestamp_ms);
  }
  // One pass without a branch for each sample. Only if some sample is outside is the first such
  // sample looked for.
  bool all_inside = true;
  for (const model::Sample& sample : samples) all_inside &= claims(chunk, sample.timestamp_ms);
  if (all_inside) [[likely]]
    return {};
  const auto first = std::find_if(samples.begin(), samples.end(), [&](const model::Sample& sample) {
    return !claims(chunk, sample.timestamp_ms);
  });
  return fail(outside(chunk, first->timestamp_ms));
}

Result<void> verify_chunk(const ChunkView& chunk) {
  switch (chunk.encoding) {
    case ChunkEncoding::xor_:
      return verify_floats<XorReader>(chunk);
    case ChunkEncoding::xor2:
      return verify_floats<Xor2Reader>(chunk);
    case ChunkEncoding::histogram:
    case ChunkEncoding::float_histogram:
    case ChunkEncoding::histogram_st:
    case ChunkEncoding::float_histogram_st:
      return verify_histograms(chunk);
    case ChunkEncoding::unknown:
      break;
  }
  return fail(Errc::unsupported,
              fmt::format("chunk encoding {} is not known", static_cast<int>(chunk.encoding)));
}

}  // namespace mread::wire
