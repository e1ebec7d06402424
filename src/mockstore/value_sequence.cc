#include "mockstore/value_sequence.h"

#include <utility>

#include "mockstore/histogram_sum.h"

namespace mread::mockstore {

ValueSequence::ValueSequence() : items_(std::make_shared<const std::vector<Item>>()) {}

void ValueSequence::expand(const Clock& clock, model::Series& out, int64_t first_ms, int64_t last_ms) const {
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
      if (__builtin_mul_overflow(static_cast<int64_t>(point), clock.interval_ms, &timestamp) ||
          __builtin_add_overflow(timestamp, clock.start_ms, &timestamp) || timestamp > last_ms) {
        return;
      }
      if (i > 0 && item.has_step) {
        if (item.kind == Item::Kind::value) {
          value += item.step;
        } else {
          histogram = add_histogram(histogram, item.histogram_step, item.minus).value();  // parse() has tried it
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
