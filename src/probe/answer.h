#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/query.h"
#include "model/series.h"
#include "net/http.h"
#include "wire/chunk/chunk_encoding.h"

namespace mread::probe {

/// A chunk of a streamed answer: what it says of itself, and what its data hold.
struct AnswerChunk {
  wire::ChunkEncoding encoding = wire::ChunkEncoding::unknown;
  int64_t min_time_ms = 0;  ///< as the chunk says
  int64_t max_time_ms = 0;
  int64_t first_ms = 0;  ///< the lowest time of its samples; 0 if it has none
  int64_t last_ms = 0;   ///< the highest
  uint64_t samples = 0;
  uint64_t bytes = 0;  ///< of the data
};

/// A series as it stands on the wire: all its samples, in their order.
struct AnswerSeries {
  model::LabelSet labels;
  bool labels_canonical = true;  ///< sorted by name on the wire, no empty value
  int64_t query_index = 0;       ///< the query that it answers, from 0
  std::vector<AnswerChunk> chunks;
  std::vector<model::Sample> samples;
  std::vector<model::HistogramSample> histograms;
};

/// A complete answer as it came. Nothing is trimmed, joined or sorted: a series that continues in
/// the next frame is two entries.
struct Answer {
  model::ResponseType response_type = model::ResponseType::samples;
  std::vector<AnswerSeries> series;
  uint64_t results = 0;  ///< of SAMPLES: query results in it
  uint64_t frames = 0;   ///< of a streamed answer
  uint64_t body_bytes = 0;
  uint64_t uncompressed_bytes = 0;  ///< of a streamed answer the same as body_bytes
};

struct AnswerLimits {
  uint64_t body_bytes = uint64_t{1} << 30;  ///< uncompressed, for SAMPLES
  size_t frame_bytes = 50'000'000;          ///< Prometheus's chunked_read_limit
};

/// Decodes a 2xx answer's body by its Content-Type.
/// Errors: Errc::truncated, checksum, malformed or limit with the frame and the byte, also where an
/// error stands as text at the end of a stream; Errc::malformed for a label name that comes twice;
/// Errc::unsupported for another Content-Type, or a chunk encoding that is not known.
Result<Answer> decode_answer(const net::Headers& headers, std::string body,
                             const AnswerLimits& limits);

/// The first line of a text that a server sent, without control characters, at most 500 bytes.
std::string first_line(const std::string& text);

}  // namespace mread::probe
