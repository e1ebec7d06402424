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

/// A chunk inside a frame; every view lives as long as the frame.
struct ChunkView {
  int64_t min_time_ms = 0;
  int64_t max_time_ms = 0;
  ChunkEncoding encoding = ChunkEncoding::unknown;
  std::string_view data;
  std::string_view
      wire;  ///< the entry of the ChunkedSeries, tag included, to be passed on as it came
};

struct ChunkedSeriesView {
  std::string_view
      labels;  ///< wire bytes (wire/labels/labels_view.h), as they came: not necessarily canonical
  std::span<const ChunkView> chunks;
};

/// A frame's content, decoded into views of the frame. Made to be used again and again: its memory
/// is kept.
class ChunkedResponse {
 public:
  ChunkedResponse() = default;
  ChunkedResponse(const ChunkedResponse&) = delete;
  ChunkedResponse& operator=(const ChunkedResponse&) = delete;
  ChunkedResponse(ChunkedResponse&&) = default;
  ChunkedResponse& operator=(ChunkedResponse&&) = default;

  int64_t query_index = 0;
  /// From the labels before, where a LabelsStepper was given and has taken those of the only
  /// series.
  std::optional<LabelsStep> step;
  std::vector<ChunkedSeriesView>
      series;  ///< Prometheus puts one in a frame; none and several are allowed

  /// Bytes that it takes.
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

/// Decodes a ChunkedReadResponse. `out` is overwritten; its views point into `data` (and into `out`
/// for labels that do not stand together). Chunk data are not looked into. An empty chunk takes two
/// bytes on the wire and much more as a view: `limit_entries` bounds the series and the chunks
/// together. A `stepper` saves the caller a step over the labels (ChunkedResponse::step); where
/// that is not set, it has to be restarted. Errors: Errc::malformed, with the byte; Errc::limit.
Result<void> parse_chunked_response(std::string_view data, ChunkedResponse& out,
                                    size_t limit_entries = SIZE_MAX,
                                    LabelsStepper* stepper = nullptr);

/// Appends the chunks of entries that stand together, each with its tag. Errors: Errc::malformed.
Result<void> parse_chunk_entries(std::string_view entries, std::vector<ChunkView>& out);

/// Appends a chunk as an entry of a ChunkedSeries, as Go encodes it (zeros left out).
void append_chunk(std::string& out, int64_t min_time_ms, int64_t max_time_ms,
                  ChunkEncoding encoding, std::string_view data);

/// Appends a ChunkedReadResponse with one series: labels as wire bytes, chunks as entries
/// (append_chunk, ChunkView::wire).
void encode_chunked_series(std::string_view labels_wire, std::string_view chunk_entries,
                           int64_t query_index, std::string& out);
/// The same from views; their `wire` is passed on as it is.
void encode_chunked_series(std::string_view labels_wire, std::span<const ChunkView> chunks,
                           int64_t query_index, std::string& out);

}  // namespace mread::wire
