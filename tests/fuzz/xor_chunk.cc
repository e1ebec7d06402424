// XOR chunks: any bytes as a chunk, and any samples as what is written. What was written reads back
// as it was, and is written again byte for byte.
#include "wire/chunk/xor_chunk.h"

#include <span>

#include "fuzz/chunk_checks.h"
#include "fuzz/harness.h"

namespace {

using namespace mread;  // NOLINT: a program of its own
using model::Sample;

struct Decoded {
  std::vector<Sample> samples;
  bool ok = false;
  bool is_increasing = false;
};

Decoded decode(std::string_view chunk, size_t at_once) {
  Decoded out;
  wire::XorReader reader(chunk);
  std::vector<Sample> buffer(at_once);
  while (const size_t read = reader.read(buffer)) {
    out.samples.insert(out.samples.end(), buffer.begin(),
                       buffer.begin() + static_cast<ptrdiff_t>(read));
  }
  out.ok = reader.ok();
  out.is_increasing = reader.is_increasing();
  FUZZ_CHECK(out.samples.size() <= reader.count());
  FUZZ_CHECK(out.ok == (chunk.size() >= 2 && out.samples.size() == reader.count()));
  FUZZ_CHECK(out.ok || !reader.error()->context.empty());
  return out;
}

std::string encode(std::span<const Sample> samples, size_t at_once) {
  wire::XorWriter writer;
  for (size_t i = 0; i < samples.size(); i += at_once) {
    writer.append(samples.subspan(i, std::min(at_once, samples.size() - i)));
  }
  FUZZ_CHECK(writer.count() == samples.size());
  if (!samples.empty()) {
    FUZZ_CHECK(writer.min_time_ms() == samples.front().timestamp_ms);
    FUZZ_CHECK(writer.max_time_ms() == samples.back().timestamp_ms);
  }
  return std::string(writer.bytes());
}

void check_round_trip(std::span<const Sample> samples, size_t at_once) {
  const std::string written = encode(samples, samples.size() + 1);
  FUZZ_CHECK(written == encode(samples, at_once));
  const Decoded back = decode(written, at_once);
  FUZZ_CHECK(back.ok && std::ranges::equal(back.samples, samples));
}

// Samples as the bytes say: distances in time of any size, values that change a little, much or not
// at all.
std::vector<Sample> read_samples(fuzz::Input& input) {
  std::vector<Sample> samples;
  Sample sample{input.ConsumeIntegral<int64_t>(), 0};
  while (input.remaining_bytes() > 0 && samples.size() < 2000) {
    const uint8_t how = input.byte();
    uint64_t step = 15'000;
    if ((how & 3) == 1) step = input.byte();
    if ((how & 3) == 2) step = input.number() % (1U << 21);
    if ((how & 3) == 3) step = input.ConsumeIntegral<uint64_t>();
    sample.timestamp_ms = static_cast<int64_t>(static_cast<uint64_t>(sample.timestamp_ms) + step);
    if ((how & 12) == 4) sample.bits += uint64_t{input.byte()} << (how >> 4 << 2);
    if ((how & 12) == 8) sample.bits = input.ConsumeIntegral<uint64_t>();
    if ((how & 12) == 12) sample = Sample::of(sample.timestamp_ms, input.byte());
    samples.push_back(sample);
  }
  return samples;
}

}  // namespace

MREAD_FUZZ(xor_chunk) {
  const size_t at_once = 1 + input.byte();
  if (input.flag()) {
    const std::vector<Sample> samples = read_samples(input);
    check_round_trip(samples, at_once);
    return;
  }
  const std::string chunk = input.rest();
  const Decoded whole = decode(chunk, 1000);
  fuzz::check_chunk(wire::ChunkEncoding::xor_, chunk, whole.ok);
  const Decoded in_parts = decode(chunk, at_once);
  FUZZ_CHECK(whole.samples == in_parts.samples && whole.ok == in_parts.ok);
  if (whole.is_increasing) {
    for (size_t i = 1; i < whole.samples.size(); ++i) {
      FUZZ_CHECK(whole.samples[i - 1].timestamp_ms < whole.samples[i].timestamp_ms);
    }
  }
  check_round_trip(whole.samples, at_once);
}
