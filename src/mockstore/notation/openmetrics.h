#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/series.h"

namespace mread::mockstore {

/// Writes series as OpenMetrics text with timestamps, which `promtool tsdb create-blocks-from
/// openmetrics` takes.
///
/// Output    A line for each sample, series after series as they come; finish() ends the text ("#
///           EOF"). Values have the digits that read back to the same bits, timestamps are exact to
///           the millisecond. No TYPE or HELP lines: types are unknown in remote read.
/// Omitted   What the format cannot say, and omitted() counts: staleness markers (they would read
///           back as ordinary NaNs) and native histograms. Every other NaN becomes the ordinary
///           one.
/// Names outside the classic character set are quoted as in Prometheus 3; 2.x does not read them.
///
/// Not thread-safe.
class OpenMetricsWriter {
 public:
  struct Omitted {
    uint64_t stale_markers = 0;
    uint64_t histograms = 0;
  };

  void append(const model::Series& series);
  void finish();

  /// The text since the last take().
  std::string take();
  size_t size() const { return text_.size(); }
  const Omitted& omitted() const { return omitted_; }

 private:
  std::string text_;
  Omitted omitted_;
};

}  // namespace mread::mockstore
