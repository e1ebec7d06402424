#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/series.h"

namespace mread::mockstore {

/// When a sequence's values happen: the i-th at start_ms + i * interval_ms.
struct TimeGrid {
  int64_t start_ms = 0;
  int64_t interval_ms = 60'000;  ///< promtool's default
};

/// A `values:` notation of promtool's unit tests, parsed but not expanded, so that long sequences
/// cost nothing until they are asked for.
///
///   1 -2.5 1e3 Inf NaN     values                          _      a point without a sample
///   stale                  the staleness marker            _x3    three of them
///   1x3                    1 1 1 1 (one and three more)    1+2x3  1 3 5 7      -4-1x2   -4 -5 -6
///   {{schema:1 count:4 sum:5.5 z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[1 2] n_offset:0
///   n_buckets:[1]
///     custom_values:[5 10] counter_reset_hint:gauge}}      a native float histogram; schema -53
///     has custom bounds
///   {{…}}x3  {{…}}+{{…}}x3  {{…}}-{{…}}x3                  histograms repeated, growing, shrinking
///
/// The notation is promtool's, number for number: increments are added one after another in
/// doubles, so that 0+0.1x3 ends at 0.30000000000000004 there and here.
///
/// Immutable; copies are cheap and may be read from many threads.
/// Source: promql/parser of Prometheus 3.5, "Series" in its unit testing documentation.
class ValueSequence {
 public:
  static constexpr uint64_t max_points = 10'000'000;

  ValueSequence();

  /// Errors: Errc::malformed; the context begins with "offset N: ", unless `error_offset` takes the
  /// offset instead. Errc::limit above max_points.
  static Result<ValueSequence> parse(std::string_view text, size_t* error_offset = nullptr);

  /// Points, those without a sample included.
  uint64_t size() const { return size_; }
  /// What its samples take in memory when they are all expanded, about.
  uint64_t expanded_bytes() const;

  /// Appends the samples to a series whose labels are set elsewhere. Only samples from first_ms to
  /// last_ms (both included).
  void expand(const TimeGrid& grid, model::Series& out, int64_t first_ms = INT64_MIN,
              int64_t last_ms = INT64_MAX) const;

 private:
  friend class SequenceParser;
  struct Item {
    enum class Kind { blank, value, histogram } kind = Kind::blank;
    uint64_t count = 1;
    double value = 0;
    bool has_step = false;
    double step = 0;
    bool minus = false;  // of histogram_step
    model::Histogram histogram;
    model::Histogram histogram_step;
  };

  std::shared_ptr<const std::vector<Item>> items_;
  uint64_t size_ = 0;
};

}  // namespace mread::mockstore
