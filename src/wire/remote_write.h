#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/series.h"

namespace mread::wire {

/// Builds the body of a remote-write 1.0 request: a snappy block of a prometheus.WriteRequest. Send it with
/// `Content-Type: application/x-protobuf`, `Content-Encoding: snappy`, `X-Prometheus-Remote-Write-Version: 0.1.0`.
///
/// Values keep their bits (StaleNaN included; but -0 becomes 0, as in Go), as do native histograms with their hints.
///
/// What this does not look after, and encode_write_requests() does: Prometheus 3.5 stores a request's floats first,
/// then its integer histograms, then its float histograms, and *silently drops* what is then older than the series'
/// newest sample; so no request may hold a series that changes its kind. And it refuses what is an hour older than the
/// newest sample of any series that an earlier request brought. Source: prompb/remote.proto; the rest was seen by
/// running 3.5.3.
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

/// The series as requests that, sent one after another, bring every sample into a Prometheus: cut by time (20 minutes
/// each), by changes of kind within a series, and after `max_samples`. Series without samples are left out.
std::vector<std::string> encode_write_requests(std::span<const model::Series> series, size_t max_samples = 50'000);

}  // namespace mread::wire
