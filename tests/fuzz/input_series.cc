// promtool's notation: a series, a line break, values. What is read is expanded, and histograms are
// printed in the same notation.
#include "mockstore/notation/input_series.h"

#include "fuzz/harness.h"

MREAD_FUZZ(input_series) {
  using namespace mread;  // NOLINT: a program of its own
  const std::string text = input.rest();
  const size_t line = text.find('\n');
  const std::string values = line == std::string::npos ? text : text.substr(line + 1);
  const std::string notation = line == std::string::npos ? "up" : text.substr(0, line);
  size_t offset = 0;
  const auto sequence = mockstore::ValueSequence::parse(values, &offset);
  const auto series = mockstore::InputSeries::parse(notation, values);
  if (!sequence) {
    FUZZ_CHECK(offset <= values.size() && !sequence.error().context.empty());
    FUZZ_CHECK(!series.has_value());
    return;
  }
  FUZZ_CHECK(sequence->size() <= mockstore::ValueSequence::max_points);
  if (!series) return;
  const mockstore::TimeGrid grid{1'700'000'000'000, 15'000};
  // A long one is looked at in its middle.
  const bool is_long = sequence->size() > 5000;
  const int64_t first_ms = is_long ? grid.start_ms + 15'000 * 1000 : INT64_MIN;
  const int64_t last_ms = is_long ? first_ms + 15'000 * 100 : INT64_MAX;
  const model::Series expanded = series->series(0, grid, first_ms, last_ms);
  FUZZ_CHECK(expanded.samples.size() + expanded.histograms.size() <= sequence->size());
  int64_t before_ms = INT64_MIN;
  for (const auto& sample : expanded.samples) {
    FUZZ_CHECK(sample.timestamp_ms > before_ms);
    FUZZ_CHECK(sample.timestamp_ms >= first_ms && sample.timestamp_ms <= last_ms);
    before_ms = sample.timestamp_ms;
  }
  before_ms = INT64_MIN;
  for (const auto& sample : expanded.histograms) {
    FUZZ_CHECK(sample.timestamp_ms > before_ms);
    FUZZ_CHECK(sample.histogram.is_stale() || sample.histogram.check().has_value());
    before_ms = sample.timestamp_ms;
    (void)sample.histogram.to_string();
  }
}
