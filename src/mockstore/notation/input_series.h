#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"
#include "mockstore/notation/value_sequence.h"
#include "model/series.h"

namespace mread::mockstore {

/// A label with the values PREFIX0 … PREFIXn-1; our own extension of promtool's notation.
struct Repeat {
  std::string label;
  uint64_t count = 1;
  std::string prefix;
};

/// Between two samples where nothing says `interval:`, of a mock and of a scenario alike.
/// (promtool's own default is 1m.)
inline constexpr std::chrono::milliseconds default_interval{15'000};

/// One entry of `input_series`: a series, or the product of its `repeat` labels as that many series
/// with the same values. The series are made one at a time when they are asked for: 100k of them
/// need no more memory than one.
///
///   - series: 'node_cpu_seconds_total{mode="idle"}'
///     values: '0+15x240'
///     repeat: {host: 100, cpu: 8}      # host="host-0" … "host-99", cpu="cpu-0" … "cpu-7"
///     # or with another prefix:          repeat: {host: 100, cpu: {count: 8, prefix: ""}} cpu="0"
///     … "7"
class InputSeries {
 public:
  InputSeries(model::LabelSet labels, ValueSequence values, std::vector<Repeat> repeat = {});

  /// Errors: Errc::malformed as ValueSequence::parse and model::parse_series ("series: offset N:
  /// …").
  static Result<InputSeries> parse(std::string_view series, std::string_view values,
                                   std::vector<Repeat> repeat = {});

  uint64_t series_count() const { return count_; }
  /// index < series_count(). The first label of `repeat` changes slowest. Not in the order of
  /// labels.
  model::LabelSet labels(uint64_t index) const;
  model::Series series(uint64_t index, const TimeGrid& grid, int64_t first_ms = INT64_MIN,
                       int64_t last_ms = INT64_MAX) const;

  const ValueSequence& values() const { return values_; }
  const std::vector<Repeat>& repeat() const { return repeat_; }

 private:
  model::LabelSet labels_;
  ValueSequence values_;
  std::vector<Repeat> repeat_;
  uint64_t count_ = 1;
};

/// Reads an `input_series:` list: entries with `series`, `values` and, optionally, `repeat`. Throws
/// yaml::ConfigError with the place, down to the column inside a notation; also for the same label
/// set twice in entries without `repeat`, and for a `repeat` label that the series has already.
std::vector<InputSeries> read_input_series(const yaml::Node& list);

/// All series of the entries, sorted by labels, for data sets that fit in memory.
/// Errors: Errc::malformed where two of them have the same labels; Errc::limit above 4 GiB of
/// samples, before any is made.
Result<std::vector<model::Series>> expand_input_series(const std::vector<InputSeries>& entries,
                                                       const TimeGrid& grid);

}  // namespace mread::mockstore
