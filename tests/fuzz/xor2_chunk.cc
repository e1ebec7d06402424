// XOR2 chunks, with start timestamps: any bytes as a chunk. What was written reads back as it was,
// and is written again byte for byte; rewritten as an XOR chunk it has the same samples.
#include "wire/chunk/xor2_chunk.h"

#include "fuzz/chunk_checks.h"
#include "fuzz/harness.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/streamed/chunk_transcoder.h"
#include "wire/streamed/chunked_series.h"

namespace {

using namespace mread;  // NOLINT: a program of its own
using model::Sample;

struct Started {
  Sample sample;
  int64_t start_ms = 0;
  bool operator==(const Started&) const = default;
};

struct Decoded {
  std::vector<Started> samples;
  bool ok = false;
};

Decoded decode(std::string_view chunk) {
  Decoded out;
  wire::Xor2Reader reader(chunk);
  for (Sample sample; reader.next(sample);) out.samples.push_back({sample, reader.start_ms()});
  out.ok = reader.ok();
  FUZZ_CHECK(out.ok == (chunk.size() >= 3 && out.samples.size() == reader.count()) ||
             chunk.size() < 3);
  FUZZ_CHECK(out.ok || !reader.error()->context.empty());
  return out;
}

std::string encode(const std::vector<Started>& samples) {
  wire::Xor2Writer writer;
  for (const auto& each : samples) writer.append(each.sample, each.start_ms);
  return std::string(writer.bytes());
}

void check_round_trip(const std::vector<Started>& samples) {
  const std::string written = encode(samples);
  const Decoded back = decode(written);
  FUZZ_CHECK(back.ok && back.samples == samples);
  FUZZ_CHECK(encode(back.samples) == written);
}

void check_transcoded(const std::string& chunk, const Decoded& decoded) {
  if (chunk.size() < 2) return;  // parse_chunked_response lets none of these in
  wire::ChunkView view;
  view.encoding = wire::ChunkEncoding::xor2;
  view.data = chunk;
  view.min_time_ms = INT64_MIN;
  view.max_time_ms = INT64_MAX;
  std::string entries = "x";
  wire::ChunkTranscoder transcoder;
  const auto done = transcoder.append(entries, view, wire::CounterResetHeader::unknown);
  FUZZ_CHECK(done.has_value() == decoded.ok);
  FUZZ_CHECK(done || entries == "x");
  if (!done) return;
  std::vector<wire::ChunkView> chunks;
  FUZZ_CHECK(wire::parse_chunk_entries(std::string_view(entries).substr(1), chunks).has_value());
  size_t index = 0;
  for (const auto& each : chunks) {
    FUZZ_CHECK(each.encoding == wire::ChunkEncoding::xor_);
    wire::XorReader reader(each.data);
    for (Sample sample; reader.next(sample); ++index) {
      FUZZ_CHECK(index < decoded.samples.size() && sample == decoded.samples[index].sample);
    }
    FUZZ_CHECK(reader.ok());
  }
  FUZZ_CHECK(index == decoded.samples.size());
}

std::vector<Started> read_samples(fuzz::Input& input) {
  std::vector<Started> samples;
  Started now{{input.ConsumeIntegral<int64_t>(), 0}, 0};
  while (input.remaining_bytes() > 0 && samples.size() < 2000) {
    const uint8_t how = input.byte();
    uint64_t step = 15'000;
    if ((how & 3) == 1) step = input.byte();
    if ((how & 3) == 2) step = input.number() % (1U << 21);
    if ((how & 3) == 3) step = input.ConsumeIntegral<uint64_t>();
    now.sample.timestamp_ms =
        static_cast<int64_t>(static_cast<uint64_t>(now.sample.timestamp_ms) + step);
    if ((how & 12) == 4) now.sample.bits += uint64_t{input.byte()} << (how >> 4 << 2);
    if ((how & 12) == 8) now.sample.bits = input.ConsumeIntegral<uint64_t>();
    if ((how & 12) == 12) now.sample.bits = model::stale_nan_bits;
    if ((how & 0x30) == 0x10) now.start_ms = now.sample.timestamp_ms;
    if ((how & 0x30) == 0x20) now.start_ms = input.ConsumeIntegral<int64_t>();
    samples.push_back(now);
  }
  return samples;
}

}  // namespace

MREAD_FUZZ(xor2_chunk) {
  if (input.flag()) {
    check_round_trip(read_samples(input));
    return;
  }
  const std::string chunk = input.rest();
  const Decoded decoded = decode(chunk);
  check_round_trip(decoded.samples);
  check_transcoded(chunk, decoded);
  fuzz::check_chunk(wire::ChunkEncoding::xor2, chunk, decoded.ok);
}
