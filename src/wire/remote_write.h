#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/series.h"

namespace mread::wire {

/// Builds the body of a remote-write 1.0 request: a snappy block of a prometheus.WriteRequest. Send it with
/// `Content-Type: application/x-protobuf`, `Content-Encoding: snappy`, `X-Prometheus-Remote-Write-Version: 0.1.0`.
///
/// Values keep their bits (StaleNaN included), as do native histograms with their hints. A receiver takes one series' samples
/// only in order of time, and floats before histograms at the same place do not count as out of order; so a series that has
/// both, interleaved in time, is written with a request for each stretch by whoever cares.
/// Source: prompb/remote.proto.
class WriteRequestWriter {
 public:
  /// Samples and histograms of one series. Several entries for one series may follow one another.
  void append(const model::LabelSet& labels, std::span<const model::Sample> samples,
              std::span<const model::HistogramSample> histograms = {});
  void append(const model::Series& series) { append(series.labels, series.samples, series.histograms); }

  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }  ///< uncompressed; Prometheus takes up to 32 MiB compressed

  /// The compressed body; the writer is empty afterwards and keeps its memory.
  std::string finish();

 private:
  std::string bytes_;
  std::string series_;
};

/// One request with all of the series.
std::string encode_write_request(std::span<const model::Series> series);

}  // namespace mread::wire
