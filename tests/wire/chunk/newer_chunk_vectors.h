#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/histogram.h"
#include "model/sample.h"
#include "wire/chunk/chunk_encoding.h"

namespace mread::wire::test {

/// A chunk that Prometheus 3.14 wrote, with what it reads from it:
/// tests/data/wire/newer_chunks.txt.
struct ChunkVector {
  std::string name;
  ChunkEncoding encoding = ChunkEncoding::unknown;
  std::string bytes;
  std::vector<model::Sample> samples;
  std::vector<model::HistogramSample> histograms;
  std::vector<int64_t> starts_ms;  ///< of each sample
};
void PrintTo(const ChunkVector& vector, std::ostream* out);

/// All of them, in the file's order.
std::vector<ChunkVector> chunk_vectors();
/// Those with floats, or those with histograms.
std::vector<ChunkVector> chunk_vectors(bool floats);

}  // namespace mread::wire::test
