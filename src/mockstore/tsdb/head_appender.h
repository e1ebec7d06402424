#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "mockstore/tsdb/encoded_series.h"
#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/xor2_chunk.h"
#include "wire/chunk/xor_chunk.h"

namespace mread::mockstore {

/// Takes the samples of one series in order of time, and cuts chunks where the head of a Prometheus
/// does. Covered by store_answer_test, and by mock_fidelity_test against the real one.
class HeadAppender {
 public:
  explicit HeadAppender(PrometheusVersion behaves_like, Encodings encodings = Encodings::compatible)
      : behaves_like_(behaves_like), newer_(encodings == Encodings::newer) {}

  /// A staleness marker after histograms becomes a histogram's. Errors: Errc::malformed, as
  /// wire::HistogramChunkWriter.
  Result<void> append(const model::Sample& sample);
  Result<void> append(const model::HistogramSample& sample);
  EncodedSeries finish();

 private:
  enum class Open { none, floats, histograms, float_histograms };

  bool must_cut_by_count(int64_t timestamp_ms, size_t count);
  bool must_cut_histogram(int64_t timestamp_ms);
  void open(Open kind, int64_t timestamp_ms,
            wire::CounterResetHeader header = wire::CounterResetHeader::unknown);
  void close();
  void put(int64_t min_ms, int64_t max_ms, wire::ChunkEncoding encoding, size_t samples,
           std::string_view data);
  void put(const wire::EncodedHistogramChunk& chunk);
  std::string_view float_bytes() { return newer_ ? newer_floats_.bytes() : floats_.bytes(); }
  int64_t start_of(int64_t timestamp_ms);

  PrometheusVersion behaves_like_;
  bool newer_;
  std::optional<int64_t> start_ms_;  // Of the series.
  EncodedSeries out_;
  Open open_ = Open::none;
  int64_t first_ms_ = 0;  // Of the open chunk.
  int64_t last_ms_ = 0;
  int64_t next_at_ms_ = 0;
  size_t count_ = 0;
  // Outlives a chunk that ends by a counter reset, as in Prometheus.
  bool histogram_end_known_ = false;
  wire::XorWriter floats_;
  wire::Xor2Writer newer_floats_;
  wire::HistogramChunkWriter histograms_;
  std::optional<model::HistogramSample> last_histogram_;
};

}  // namespace mread::mockstore
