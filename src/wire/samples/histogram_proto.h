#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "model/histogram.h"

/// Native histograms as protobuf: prometheus.Histogram, field 4 of a TimeSeries in SAMPLES answers
/// and in remote write. Source: prompb/types.proto.
namespace mread::wire {

/// Appends a prometheus.Histogram without tag and length, byte for byte as Go encodes it (zeros
/// left out, but for the counts, which say whether the histogram is integer or float), except that
/// a sum or threshold of -0 is written.
void append_histogram_message(std::string& out, const model::HistogramSample& sample);

/// Appends the same as an entry of a TimeSeries (0x22 LEN message).
void append_histogram_entry(std::string& out, const model::HistogramSample& sample);

/// Errors: Errc::malformed for broken protobuf (with the byte), and for spans that do not fit the
/// buckets. Unknown fields are skipped; packed and unpacked numbers are both read.
Result<model::HistogramSample> parse_histogram_message(std::string_view message);

}  // namespace mread::wire
