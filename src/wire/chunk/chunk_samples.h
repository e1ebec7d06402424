#pragma once

#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "wire/chunk/chunk_encoding.h"
#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/xor2_chunk.h"
#include "wire/chunk/xor_chunk.h"

namespace mread::wire {

/// Decodes a chunk of any encoding. Calls on_float(model::Sample, start_ms) or on_histogram(const
/// model::HistogramSample&, start_ms) for each sample, in the chunk's order. `start_ms` is 0 if the
/// encoding or the chunk has none.
///
/// Errors: as the readers; Errc::unsupported for an unknown encoding. Samples before the error have
/// been given.
template <class OnFloat, class OnHistogram>
Result<void> each_sample(ChunkEncoding encoding, std::string_view data, OnFloat on_float,
                         OnHistogram on_histogram) {
  if (encoding == ChunkEncoding::xor_) {
    XorReader reader(data);
    for (model::Sample sample; reader.next(sample);) on_float(sample, int64_t{0});
    if (!reader.ok()) return fail(*reader.error());
  } else if (encoding == ChunkEncoding::xor2) {
    Xor2Reader reader(data);
    for (model::Sample sample; reader.next(sample);) on_float(sample, reader.start_ms());
    if (!reader.ok()) return fail(*reader.error());
  } else if (is_known(encoding)) {
    HistogramChunkReader reader(encoding, data);
    while (reader.next()) on_histogram(reader.sample(), reader.start_ms());
    if (reader.error()) return fail(*reader.error());
  } else {
    return fail(Errc::unsupported,
                fmt::format("chunk encoding {} is not known", static_cast<int>(encoding)));
  }
  return {};
}

}  // namespace mread::wire
