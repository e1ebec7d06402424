#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace mread::model {

/// What one sample of a counter histogram says about its history. The numbers are those of
/// prometheus.Histogram.ResetHint.
enum class CounterResetHint : uint8_t {
  unknown = 0,  ///< a reader has to compare with the sample before
  yes = 1,      ///< a counter reset lies between the sample before and this one
  no = 2,       ///< no counter reset lies between the sample before and this one
  gauge = 3,    ///< a gauge histogram: resets have no meaning
};

/// Consecutive buckets. `offset` is the number of empty buckets since the span before (in the first
/// span: the index of its first bucket); `length` is the number of buckets in this span.
struct BucketSpan {
  int32_t offset = 0;
  uint32_t length = 0;

  bool operator==(const BucketSpan&) const = default;
};

/// The schema of histograms with custom bucket bounds (NHCB); the exponential schemas are -4 .. 8
/// (-9 .. 52 in reserve).
inline constexpr int32_t custom_buckets_schema = -53;

/// One native histogram, integer or float, in the sparse form of Prometheus.
///
/// The two kinds share their layout. An integer histogram uses count, zero_count and the *_deltas
/// (each bucket as the difference to the bucket before); a float histogram uses the float_ fields
/// and the *_counts (absolute). The other kind's fields stay at zero and empty.
///
/// The constructor checks nothing; check() does. A histogram whose sum is StaleNaN is a staleness
/// marker; its other fields mean nothing. Source: prompb/types.proto and model/histogram of
/// Prometheus.
struct Histogram {
  bool is_float = false;
  CounterResetHint counter_reset_hint = CounterResetHint::unknown;
  int32_t schema = 0;
  double zero_threshold = 0;
  uint64_t zero_count = 0;
  uint64_t count = 0;
  double float_zero_count = 0;
  double float_count = 0;
  double sum = 0;
  std::vector<BucketSpan> positive_spans;
  std::vector<BucketSpan> negative_spans;
  std::vector<int64_t> positive_deltas;
  std::vector<int64_t> negative_deltas;
  std::vector<double> positive_counts;
  std::vector<double> negative_counts;
  std::vector<double> custom_values;  ///< upper bounds, with custom_buckets_schema only

  /// Compares bit for bit: a NaN equals the same NaN, and 0 differs from -0. The hint is compared
  /// too.
  bool operator==(const Histogram& other) const;
  /// Compares all but the hint.
  bool same_values(const Histogram& other) const;

  bool is_stale() const;
  bool has_custom_buckets() const { return schema == custom_buckets_schema; }

  /// The staleness marker of a histogram series.
  static Histogram stale(bool is_float);

  /// Returns the float histogram with the same values; a float histogram is returned unchanged.
  /// Deltas that overflow wrap.
  Histogram to_float() const;

  /// In promtool's notation: "{{schema:1 count:4 sum:5 z_bucket:1 buckets:[1 2]}}". Gaps between
  /// spans are written as empty buckets; gaps of more than 1000 buckets as "…" (the text is then
  /// not notation any more).
  std::string to_string() const;

  /// Checks that the spans fit the buckets, that every span but the first has offset >= 0, and that
  /// all indices fit 32 bits. Errors: Errc::malformed.
  Result<void> check() const;
};

/// One sample of a histogram series.
struct HistogramSample {
  int64_t timestamp_ms = 0;
  Histogram histogram;

  bool operator==(const HistogramSample&) const = default;
};

/// The number of buckets in the spans; it cannot overflow with spans that are in memory.
uint64_t bucket_count(const std::vector<BucketSpan>& spans);

/// "unknown", "reset", "not_reset", "gauge": promtool's words.
std::string to_string(CounterResetHint hint);

}  // namespace mread::model
