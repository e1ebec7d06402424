#include "mockstore/tsdb/change_series.h"

#include <algorithm>
#include <cstdint>

#include "model/sample.h"

namespace mread::mockstore {
namespace {

template <class Samples>
void cut_end(Samples& samples, int64_t last_ms) {
  std::erase_if(samples, [last_ms](const auto& sample) { return sample.timestamp_ms > last_ms; });
}

int64_t last_time_ms(const model::Series& series) {
  int64_t last_ms = INT64_MIN;
  if (!series.samples.empty()) last_ms = series.samples.back().timestamp_ms;
  if (!series.histograms.empty())
    last_ms = std::max(last_ms, series.histograms.back().timestamp_ms);
  return last_ms;
}

}  // namespace

void change_series(const DataChange& change, model::Series& series) {
  if (change.lag.count() > 0) {
    const int64_t last_ms = last_time_ms(series);
    if (last_ms != INT64_MIN) {
      cut_end(series.samples, last_ms - change.lag.count());
      cut_end(series.histograms, last_ms - change.lag.count());
    }
  }
  for (auto& sample : series.samples) {
    const double value = sample.value() * change.factor + change.add;
    const int64_t time_ms = sample.timestamp_ms + change.skew.count();
    sample = model::is_stale(sample.bits) ? model::Sample{time_ms, sample.bits}
                                          : model::Sample::of(time_ms, value);
  }
  for (auto& sample : series.histograms) sample.timestamp_ms += change.skew.count();
}

}  // namespace mread::mockstore
