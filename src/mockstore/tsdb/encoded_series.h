#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/query.h"
#include "model/series.h"
#include "wire/streamed/chunked_series.h"

namespace mread::mockstore {

/// Which version of Prometheus a store behaves like (`behaves_like:`), where versions differ.
///   v2_42  histogram chunks are cut as float chunks are; SAMPLES are sorted by labels
///   v3_5   chunks are also cut by size; SAMPLES come in the order in which the series were created
enum class PrometheusVersion { v2_42, v3_5 };

/// Which chunk encodings a store writes.
///   compatible  1, 2 and 3, which every Prometheus reads
///   newer       4, 5 and 6, as a Prometheus 3.14 that is set up for them; every sample's start
///   timestamp is the
///               timestamp of the series' first
enum class Encodings { compatible, newer };

/// The samples of a series as the chunks that a Prometheus would hold in its head after taking them
/// in one by one: cut so that they spread evenly over two hours, about 120 samples each, and (v3_5)
/// by size; the last one is open.
///
/// Immutable, read from many threads.
/// Source: tsdb/head_append.go of Prometheus.
class EncodedSeries {
 public:
  struct Chunk {
    int64_t min_time_ms = 0;
    int64_t max_time_ms = 0;
    wire::ChunkEncoding encoding = wire::ChunkEncoding::xor_;
    uint32_t samples = 0;
    size_t data_offset = 0;
    size_t data_size = 0;
    size_t entry_offset = 0;
    size_t entry_size = 0;
  };

  /// The labels are not looked at. Errors: Errc::malformed for a histogram that does not hold
  /// together.
  static Result<EncodedSeries> encode(const model::Series& series, PrometheusVersion behaves_like,
                                      Encodings encodings = Encodings::compatible);

  const std::vector<Chunk>& chunks() const { return chunks_; }
  std::string_view data(const Chunk& chunk) const {
    return std::string_view(data_).substr(chunk.data_offset, chunk.data_size);
  }
  /// The chunk as an entry of a ChunkedSeries, ready to be sent.
  std::string_view entry(const Chunk& chunk) const {
    return std::string_view(data_).substr(chunk.entry_offset, chunk.entry_size);
  }
  uint64_t samples() const { return samples_; }
  size_t bytes() const { return data_.size() + chunks_.size() * sizeof(Chunk); }

 private:
  friend class HeadAppender;
  std::vector<Chunk> chunks_;
  std::string data_;
  uint64_t samples_ = 0;
};

/// The part of a series that a query gets.
///
/// As in Prometheus, chunks are picked by the query's range, then by that of its hints, and cut
/// down to the latter (to the query's where there are no hints), in both answer types. A series is
/// in the answer when one of its chunks is, even where the cut leaves no sample; the open chunk
/// counts as endless once the query's own range has reached it.
struct SelectedSamples {
  bool in_answer = false;
  uint64_t samples = 0;

  /// For STREAMED: the chunks' entries, and the size of each.
  std::string entries;
  std::vector<size_t> entry_sizes;

  /// For SAMPLES.
  std::vector<model::Sample> floats;
  std::string histogram_entries;

  void clear();
};

bool overlaps(const EncodedSeries& series, const model::Query& query);
/// Fill one half of `out`, which is overwritten. With the hint func = "series", SAMPLES have no
/// samples; STREAMED has its chunks.
Result<void> select_chunks(const EncodedSeries& series, const model::Query& query,
                           SelectedSamples& out);
Result<void> select_samples(const EncodedSeries& series, const model::Query& query,
                            SelectedSamples& out);

}  // namespace mread::mockstore
