#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/series.h"

namespace mread::wire {

/// Builds the body of a remote-write 1.0 request: a snappy block of a prometheus.WriteRequest. Send
/// it with `Content-Type: application/x-protobuf`, `Content-Encoding: snappy`,
/// `X-Prometheus-Remote-Write-Version: 0.1.0`.
///
/// Values keep their bits (StaleNaN included), as do native histograms with their hints.
///
/// WriteRequests handles two traps that this class does not. Prometheus 3.5 stores a request's
/// floats first, then its integer histograms, then its float histograms, and *silently drops*
/// samples that are then older than the series' newest sample; so no request may hold a series that
/// changes its kind. And it refuses samples that are an hour older than the newest sample of any
/// series of an earlier request. Source: prompb/remote.proto; the rest was seen by running 3.5.3.
class WriteRequestWriter {
 public:
  /// Appends samples and histograms of one series. Several consecutive entries may belong to one
  /// series.
  void append(const model::LabelSet& labels, std::span<const model::Sample> samples,
              std::span<const model::HistogramSample> histograms = {});
  void append(const model::Series& series) {
    append(series.labels, series.samples, series.histograms);
  }

  bool empty() const { return bytes_.empty(); }
  size_t size() const {
    return bytes_.size();
  }  ///< uncompressed; Prometheus takes up to 32 MiB compressed

  /// The compressed body; the writer is empty afterwards and keeps its memory.
  std::string finish();

 private:
  std::string bytes_;
  std::string series_;
};

/// One request with all of the series.
std::string encode_write_request(std::span<const model::Series> series);

/// Splits series into requests that bring every sample into a Prometheus when they are sent in
/// order. A request ends after 20 minutes of samples, where a series changes its kind, and after
/// `max_samples`. Each request is built when it is asked for.
class WriteRequests {
 public:
  explicit WriteRequests(std::span<const model::Series> series, size_t max_samples = 50'000);

  /// The next request's body; nothing after the last.
  std::optional<std::string> next();

 private:
  /// The position in a series.
  struct Cursor {
    size_t sample = 0;
    size_t histogram = 0;
  };
  struct Portion;

  static Portion take(const model::Series& series, Cursor& cursor, int64_t last_ms, size_t most);
  static std::optional<int64_t> next_time(const model::Series& series, const Cursor& cursor);
  std::optional<int64_t> earliest() const;

  std::span<const model::Series> series_;
  size_t max_samples_;
  std::vector<Cursor> cursors_;
  size_t at_;  ///< the series whose turn it is
  std::optional<int64_t> last_ms_;
  WriteRequestWriter writer_;
};

/// Collects all requests of WriteRequests.
std::vector<std::string> encode_write_requests(std::span<const model::Series> series,
                                               size_t max_samples = 50'000);

}  // namespace mread::wire
