#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"
#include "model/series.h"

namespace mread::mockstore {

/// When a sequence's values happen: the i-th at start_ms + i * interval_ms.
struct Clock {
  int64_t start_ms = 0;
  int64_t interval_ms = 60'000;  ///< promtool's default
};

/// A `values:` notation of promtool's unit tests, parsed but not expanded, so that long sequences cost nothing until they are
/// asked for.
///
///   1 -2.5 1e3 Inf NaN     values                          _      a point without a sample
///   stale                  the staleness marker            _x3    three of them
///   1x3                    1 1 1 1 (one and three more)    1+2x3  1 3 5 7      -4-1x2   -4 -5 -6
///   {{schema:1 count:4 sum:5.5 z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[1 2] n_offset:0 n_buckets:[1]
///     custom_values:[5 10] counter_reset_hint:gauge}}      a native float histogram; schema -53 has custom bounds
///   {{…}}x3  {{…}}+{{…}}x3  {{…}}-{{…}}x3                  histograms repeated, growing, shrinking
///
/// The notation is promtool's, number for number: increments are added one after another in doubles, as there. (A
/// sequence written as a run of additions may thus end at 0.30000000000000004.)
///
/// Immutable; copies are cheap and may be read from many threads.
/// Source: promql/parser of Prometheus 3.5, "Series" in its unit testing documentation.
class ValueSequence {
 public:
  ValueSequence();

  /// Errors: Errc::malformed; the context begins with "offset N: ", unless `error_offset` takes the offset instead.
  /// Errc::limit for more than 2^30 points.
  static Result<ValueSequence> parse(std::string_view text, size_t* error_offset = nullptr);

  /// Points, those without a sample included.
  uint64_t size() const { return size_; }

  /// Appends the samples to a series whose labels are set elsewhere. Only samples from first_ms to last_ms (both included).
  void expand(const Clock& clock, model::Series& out, int64_t first_ms = INT64_MIN, int64_t last_ms = INT64_MAX) const;

 private:
  friend class SequenceParser;
  struct Item;
  std::shared_ptr<const std::vector<Item>> items_;
  uint64_t size_ = 0;
};

/// A label with the values PREFIX0 … PREFIXn-1; our own extension of promtool's notation.
struct Repeat {
  std::string label;
  uint64_t count = 1;
  std::string prefix;
};

/// One entry of `input_series`: a series, or the product of its `repeat` labels as that many series with the same values.
/// The series are made one at a time when they are asked for: 100k of them need no more memory than one.
///
///   - series: 'node_cpu_seconds_total{mode="idle"}'
///     values: '0+15x240'
///     repeat: {host: 100, cpu: 8}      # host="host-0" … "host-99", cpu="cpu-0" … "cpu-7"
///     # or with another prefix:          repeat: {host: 100, cpu: {count: 8, prefix: ""}}    cpu="0" … "7"
class InputSeries {
 public:
  InputSeries(model::LabelSet labels, ValueSequence values, std::vector<Repeat> repeat = {});

  /// Errors: Errc::malformed as ValueSequence::parse and model::parse_series ("series: offset N: …").
  static Result<InputSeries> parse(std::string_view series, std::string_view values, std::vector<Repeat> repeat = {});

  uint64_t series_count() const { return count_; }
  /// index < series_count(). The first label of `repeat` changes slowest. Not in the order of labels.
  model::LabelSet labels(uint64_t index) const;
  model::Series series(uint64_t index, const Clock& clock, int64_t first_ms = INT64_MIN, int64_t last_ms = INT64_MAX) const;

  const ValueSequence& values() const { return values_; }
  const std::vector<Repeat>& repeat() const { return repeat_; }

 private:
  model::LabelSet labels_;
  ValueSequence values_;
  std::vector<Repeat> repeat_;
  uint64_t count_ = 1;
};

/// Reads an `input_series:` list: entries with `series`, `values` and, optionally, `repeat`. Throws yaml::ConfigError with
/// the place, down to the column inside a notation; also for the same label set twice in entries without `repeat`, and for a
/// `repeat` label that the series has already.
std::vector<InputSeries> read_input_series(const yaml::Node& list);

/// All series of the entries, sorted by labels, for data sets that fit in memory.
/// Errors: Errc::malformed where two of them have the same labels.
Result<std::vector<model::Series>> expand_input_series(const std::vector<InputSeries>& entries, const Clock& clock);

/// promtool's `start_timestamp`: seconds since the epoch (also with a fraction), RFC 3339, `now`, or `now` plus or minus a
/// duration ("now-1h"). `now_ms` stands for now. Errors: Errc::config.
Result<int64_t> parse_start_timestamp(std::string_view text, int64_t now_ms);

}  // namespace mread::mockstore
