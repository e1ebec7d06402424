#include "mockstore/notation/value_sequence.h"

#include <utility>

#include "mockstore/notation/histogram_sum.h"

namespace mread::mockstore {

ValueSequence::ValueSequence() : items_(std::make_shared<const std::vector<Item>>()) {}

uint64_t ValueSequence::expanded_bytes() const {
  uint64_t bytes = 0;
  for (const Item& item : *items_) {
    if (item.kind == Item::Kind::value) bytes += item.count * sizeof(model::Sample);
    if (item.kind != Item::Kind::histogram) continue;
    const auto buckets = [](const model::Histogram& histogram) {
      return histogram.positive_counts.size() + histogram.negative_counts.size() +
             histogram.custom_values.size();
    };
    const uint64_t doubles = buckets(item.histogram) + buckets(item.histogram_step);
    bytes += item.count * (sizeof(model::HistogramSample) + doubles * sizeof(double));
  }
  return bytes;
}

void ValueSequence::expand(const TimeGrid& grid, model::Series& out, int64_t first_ms,
                           int64_t last_ms) const {
  uint64_t point = 0;
  for (const Item& item : *items_) {
    if (item.kind == Item::Kind::blank) {
      point += item.count;
      continue;
    }
    double value = item.value;
    model::Histogram histogram = item.histogram;
    for (uint64_t i = 0; i < item.count; ++i, ++point) {
      int64_t timestamp = 0;
      if (__builtin_mul_overflow(static_cast<int64_t>(point), grid.interval_ms, &timestamp) ||
          __builtin_add_overflow(timestamp, grid.start_ms, &timestamp) || timestamp > last_ms) {
        return;
      }
      if (i > 0 && item.has_step) {
        if (item.kind == Item::Kind::value) {
          value += item.step;
        } else {
          histogram = add_histogram(histogram, item.histogram_step, item.minus)
                          .value();  // parse() has tried it
        }
      }
      if (timestamp < first_ms) continue;
      if (item.kind == Item::Kind::value) {
        out.samples.push_back(model::Sample::of(timestamp, value));
      } else {
        out.histograms.push_back({timestamp, histogram});
      }
    }
  }
}

}  // namespace mread::mockstore
