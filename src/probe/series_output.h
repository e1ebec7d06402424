#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/series.h"

/// Series as text, for people and for programs. Every writer prints them in the given order.
namespace mread::probe {

struct TableStyle {
  bool colour = false;
  bool values = false;          ///< every sample under its series
  uint64_t limit = UINT64_MAX;  ///< series shown; the rest is counted in a last line
};

/// A line for each series: labels, number of samples, times of the first and the last, last value.
/// "no series" for none.
std::string table(const std::vector<model::Series>& series, const TableStyle& style);

/// OpenMetrics text with timestamps; staleness markers and histograms, which the format lacks, are
/// left out; a comment before the end counts them. The format has escapes for backslash, quote and
/// line feed only: all other characters of a label are written unchanged, so the text may steer a
/// terminal. U+FFFD replaces bytes that are not UTF-8.
std::string openmetrics(const std::vector<model::Series>& series);

/// A line of JSON like the data of a query API answer:
/// {"resultType":"matrix","result":[{"metric":{…},"values":[[1.5,"1"]],
/// "histograms":[[2,"{{count:1}}"]]}]}. A staleness marker's value is "StaleNaN"; histograms are in
/// promtool's notation. Unprintable characters (base/printable.h) are \u escapes, bytes that are no
/// UTF-8 become U+FFFD.
std::string json(const std::vector<model::Series>& series);

/// RFC 4180 with a header line: series,timestamp_ms,value. A series is written as
/// LabelSet::to_string() does. The floats and histograms of a series are in order of time.
std::string csv(const std::vector<model::Series>& series);

/// A value as Prometheus prints it, with digits that read back to the same bits; "StaleNaN" for the
/// staleness marker.
std::string value_text(const model::Sample& sample);

}  // namespace mread::probe
