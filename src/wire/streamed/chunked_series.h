#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/chunk/chunk_encoding.h"
#include "wire/labels/labels_view.h"

namespace mread::wire {

/// A chunk in a frame. Every view is valid as long as the frame.
struct ChunkView {
  int64_t min_time_ms = 0;
  int64_t max_time_ms = 0;
  ChunkEncoding encoding = ChunkEncoding::unknown;
  std::string_view data;
  /// The entry of the ChunkedSeries, tag included, to be passed on as it came.
  std::string_view wire;
};

struct ChunkedSeriesView {
  /// Wire bytes (wire/labels/labels_view.h), as they came: not necessarily canonical.
  std::string_view labels;
  std::span<const ChunkView> chunks;
};

/// The content of a frame as views of it. Reused for frame after frame: its memory is kept.
class ChunkedResponse {
 public:
  ChunkedResponse() = default;
  ChunkedResponse(const ChunkedResponse&) = delete;
  ChunkedResponse& operator=(const ChunkedResponse&) = delete;
  ChunkedResponse(ChunkedResponse&&) = default;
  ChunkedResponse& operator=(ChunkedResponse&&) = default;

  int64_t query_index = 0;
  /// The step from the labels before, if a LabelsStepper was given and has taken the labels of the
  /// only series.
  std::optional<LabelsStep> step;
  /// Prometheus puts one in a frame; none and several are allowed.
  std::vector<ChunkedSeriesView> series;

  /// The memory that it takes [bytes].
  size_t memory() const {
    return series.capacity() * sizeof(series[0]) + chunks_.capacity() * sizeof(chunks_[0]) +
           chunk_ends_.capacity() * sizeof(chunk_ends_[0]) + scratch_.capacity();
  }

 private:
  friend Result<void> parse_chunked_response(std::string_view data, ChunkedResponse& out,
                                             size_t limit_entries, LabelsStepper* stepper);
  bool parse_plain(std::string_view data, size_t limit_entries, LabelsStepper* stepper);
  Result<void> parse_series(std::string_view body, size_t base, size_t frame_bytes,
                            size_t limit_entries);

  std::vector<ChunkView> chunks_;   // Of all series, one after another;
  std::vector<size_t> chunk_ends_;  // where each series' chunks end.
  std::vector<char> scratch_;       // Labels that do not stand together on the wire.
};

/// Decodes a ChunkedReadResponse. `out` is overwritten; its views point into `data`, and into `out`
/// for labels that are not consecutive on the wire. Chunk data are not looked into. An empty chunk
/// takes two bytes on the wire and much more as a view, so `limit_entries` bounds the series and
/// the chunks together. A `stepper` saves the caller a pass over the labels
/// (ChunkedResponse::step); if the step is not set, the stepper has to be restarted. Errors:
/// Errc::malformed, with the byte; Errc::limit.
Result<void> parse_chunked_response(std::string_view data, ChunkedResponse& out,
                                    size_t limit_entries = SIZE_MAX,
                                    LabelsStepper* stepper = nullptr);

/// Appends the chunks of consecutive entries, each with its tag. Errors: Errc::malformed.
Result<void> parse_chunk_entries(std::string_view entries, std::vector<ChunkView>& out);

/// Appends a chunk as an entry of a ChunkedSeries, as Go encodes it (zeros left out).
void append_chunk(std::string& out, int64_t min_time_ms, int64_t max_time_ms,
                  ChunkEncoding encoding, std::string_view data);

/// Appends a ChunkedReadResponse with one series: labels as wire bytes, chunks as entries
/// (append_chunk, ChunkView::wire).
void encode_chunked_series(std::string_view labels_wire, std::string_view chunk_entries,
                           int64_t query_index, std::string& out);
/// Appends a ChunkedReadResponse from views; their `wire` is passed on.
void encode_chunked_series(std::string_view labels_wire, std::span<const ChunkView> chunks,
                           int64_t query_index, std::string& out);

}  // namespace mread::wire
