#include "wire/chunk/histogram_cases.h"

#include <bit>
#include <functional>
#include <limits>
#include <random>
#include <string>

namespace mread::wire {

namespace {

using model::BucketSpan;
using model::CounterResetHint;
using model::Histogram;

constexpr int64_t step_ms = 15'000;

Histogram integer(int32_t schema, std::vector<BucketSpan> spans, std::vector<int64_t> deltas) {
  Histogram h;
  h.schema = schema;
  h.zero_threshold = 0.001;
  h.positive_spans = std::move(spans);
  h.positive_deltas = std::move(deltas);
  int64_t bucket = 0;
  for (const int64_t delta : h.positive_deltas) h.count += static_cast<uint64_t>(bucket += delta);
  h.sum = 1.5 * static_cast<double>(h.count);
  return h;
}

Histogram floating(int32_t schema, std::vector<BucketSpan> spans, std::vector<double> counts) {
  Histogram h;
  h.is_float = true;
  h.schema = schema;
  h.zero_threshold = 0x1p-128;
  h.positive_spans = std::move(spans);
  h.positive_counts = std::move(counts);
  for (const double count : h.positive_counts) h.float_count += count;
  h.sum = 0.1 * h.float_count;
  return h;
}

Histogram hinted(Histogram h, CounterResetHint hint) {
  h.counter_reset_hint = hint;
  return h;
}

// A counter whose buckets grow at random; `seed` makes it the same every time.
std::vector<Histogram> random_counter(unsigned seed, size_t samples, bool is_float,
                                      size_t buckets) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> counts(buckets, 1);
  std::vector<Histogram> out;
  double sum = 0;
  for (size_t i = 0; i < samples; ++i) {
    for (uint64_t& count : counts) {
      if (random() % 3 != 0) continue;
      const uint64_t draw = random();  // before the range, on every compiler
      count += draw % (random() % 20 == 0 ? 1'000'000 : 50);
    }
    const auto half = static_cast<uint32_t>(buckets / 2);
    const std::vector<BucketSpan> spans = {{-3, half}, {4, static_cast<uint32_t>(buckets) - half}};
    Histogram h;
    h.schema = 3;
    h.zero_threshold = 0x1p-128;
    h.positive_spans = spans;
    h.negative_spans = {{2, 1}};
    uint64_t before = 0;
    for (const uint64_t count : counts) {
      h.positive_deltas.push_back(static_cast<int64_t>(count - before));
      before = count;
      h.count += count;
    }
    h.negative_deltas = {static_cast<int64_t>(i / 4)};
    h.zero_count = i / 2;
    h.count += i / 4 + i / 2;
    sum += static_cast<double>(random() % 1000) / 7;
    h.sum = sum;
    out.push_back(is_float ? h.to_float() : h);
  }
  return out;
}

class Cases {
 public:
  explicit Cases(int64_t start_ms) : start_ms_(start_ms) {}

  void add(const std::string& name, const std::vector<Histogram>& histograms) {
    model::Series series;
    series.labels = {{"__name__", "native"}, {"case", name}};
    int64_t at = start_ms_;
    for (const Histogram& h : histograms) {
      series.histograms.push_back({at, h});
      at += step_ms;
    }
    all.push_back(std::move(series));
  }

  std::vector<model::Series> all;

 private:
  int64_t start_ms_;
};

}  // namespace

std::vector<model::Series> histogram_cases(int64_t start_ms) {
  Cases cases(start_ms);
  const double nan = std::bit_cast<double>(model::normal_nan_bits);
  const std::vector<BucketSpan> two = {{0, 2}};

  cases.add("counter", random_counter(1, 40, false, 8));
  cases.add("counter_float", random_counter(2, 40, true, 8));
  cases.add("long", random_counter(3, 300, false, 12));
  cases.add("long_float", random_counter(4, 300, true, 6));
  cases.add("empty", {Histogram{}, Histogram{}, Histogram{}});
  cases.add("empty_float", {floating(0, {}, {}), floating(0, {}, {})});

  // Layouts that change while the counter goes on.
  cases.add("bucket_appears", {integer(1, two, {1, 1}), integer(1, {{0, 2}, {1, 1}}, {2, 1, -2}),
                               integer(1, {{-2, 1}, {1, 3}, {0, 1}}, {1, 1, 1, 1, 1}),
                               integer(1, {{-2, 6}}, {1, 2, 3, 1, -1, 1})});
  cases.add("bucket_appears_float",
            {floating(1, two, {1, 2}), floating(1, {{0, 2}, {1, 1}}, {2, 3, 1}),
             floating(1, {{-2, 1}, {1, 4}}, {1, 2, 3, 4, 5})});
  cases.add("empty_bucket_vanishes",
            {integer(1, {{0, 4}}, {1, -1, 2, -2}), integer(1, {{0, 1}, {1, 1}}, {2, 0}),
             integer(1, {{0, 1}, {1, 1}, {3, 1}}, {2, 0, 1})});
  cases.add("empty_span",
            {integer(1, {{0, 1}, {2, 0}, {1, 1}}, {1, 1}), integer(1, {{0, 1}, {3, 1}}, {2, 1})});
  cases.add("bucket_vanishes",
            {integer(1, two, {1, 1}), integer(1, {{0, 1}}, {9}), integer(1, two, {9, 2})});
  cases.add("schema_changes",
            {integer(2, two, {1, 1}), integer(1, two, {2, 1}), integer(1, two, {3, 1}),
             integer(-4, two, {4, 1}), integer(8, two, {5, 1})});
  Histogram wide = integer(1, two, {2, 2});
  wide.zero_threshold = 0.3;
  wide.zero_count = 1;
  ++wide.count;
  cases.add("zero_threshold_changes", {integer(1, two, {1, 1}), wide, wide});

  // Resets.
  cases.add("count_reset", {integer(1, two, {5, 5}), integer(1, two, {6, 5}),
                            integer(1, two, {1, 1}), integer(1, two, {2, 1})});
  cases.add("bucket_reset",
            {integer(1, two, {5, -3}), integer(1, two, {4, 5}), integer(1, two, {4, 6})});
  cases.add("bucket_reset_float",
            {floating(1, two, {5, 2}), floating(1, two, {4, 9}), floating(1, two, {4, 10})});
  Histogram zeros = integer(1, two, {5, 5});
  zeros.zero_count = 7;
  zeros.count += 7;
  cases.add("zero_bucket_reset", {zeros, integer(1, two, {9, 1}), integer(1, two, {9, 2})});
  cases.add("two_resets",
            {integer(1, two, {5, 5}), integer(1, two, {1, 1}), integer(1, two, {2, 1}),
             integer(1, two, {1, 1}), integer(1, two, {2, 1})});
  cases.add("two_resets_float",
            {floating(1, two, {5, 5}), floating(1, two, {1, 1}), floating(1, two, {2, 1}),
             floating(1, two, {1, 1}), floating(1, two, {2, 1})});
  cases.add("hinted_reset",
            {integer(1, two, {1, 1}), hinted(integer(1, two, {5, 5}), CounterResetHint::yes),
             hinted(integer(1, two, {6, 5}), CounterResetHint::no)});
  cases.add("hinted_reset_first",
            {hinted(integer(1, two, {1, 1}), CounterResetHint::yes), integer(1, two, {5, 5})});

  // Gauges.
  const auto gauge = [](Histogram h) { return hinted(std::move(h), CounterResetHint::gauge); };
  cases.add("gauge",
            {gauge(integer(1, two, {5, 5})), gauge(integer(1, two, {1, 1})),
             gauge(integer(1, {{1, 2}}, {1, 7})), gauge(integer(1, {{-1, 1}, {3, 1}}, {3, 4})),
             gauge(integer(1, {{-1, 1}}, {3}))});
  cases.add("gauge_float",
            {gauge(floating(1, two, {5.5, 5})), gauge(floating(1, two, {1, 1.25})),
             gauge(floating(1, {{1, 2}}, {1, 7})), gauge(floating(1, {{4, 1}}, {3}))});
  cases.add("gauge_to_counter", {gauge(integer(1, two, {5, 5})), integer(1, two, {6, 6}),
                                 integer(1, two, {7, 6}), gauge(integer(1, two, {1, 1}))});

  // Custom bounds.
  const auto custom = [](Histogram h, std::vector<double> bounds) {
    h.schema = model::custom_buckets_schema;
    h.zero_threshold = 0;
    h.custom_values = std::move(bounds);
    return h;
  };
  cases.add("custom", {custom(integer(0, {{0, 3}}, {1, 1, 1}), {0.005, 1, 2.5, 33554.43}),
                       custom(integer(0, {{0, 3}}, {2, 1, 1}), {0.005, 1, 2.5, 33554.43}),
                       custom(integer(0, {{1, 3}}, {2, 1, 1}), {0.005, 1, 2.5, 33554.43})});
  cases.add("custom_odd_bounds",
            {custom(integer(0, {{0, 3}}, {1, 1, 1}), {-2.25, 0, 0.0001, 1e9}),
             custom(integer(0, {{0, 3}}, {2, 1, 1}), {-2.25, 0, 0.0001, 1e9}),
             custom(integer(0, {{0, 3}}, {3, 1, 1}), {-2.25, 0, 0.0002, 1e9})});
  cases.add("custom_float", {custom(floating(0, {{0, 3}}, {1, 1.5, 1}), {1, 2.5}),
                             custom(floating(0, {{0, 3}}, {2, 2, 1}), {1, 2.5})});

  // Ends, odd numbers, and changes of kind.
  cases.add("stale", {integer(1, two, {1, 1}), integer(1, two, {2, 1}), Histogram::stale(false),
                      Histogram::stale(false), integer(1, two, {3, 1}), integer(1, two, {4, 1})});
  cases.add("stale_float",
            {floating(1, two, {1, 1}), floating(1, two, {2, 1}), Histogram::stale(true),
             floating(1, two, {3, 1}), Histogram::stale(true)});
  cases.add("stale_first", {Histogram::stale(false), integer(1, two, {3, 1})});
  Histogram nan_sum = integer(1, two, {1, 1});
  nan_sum.sum = nan;
  nan_sum.count += 3;
  Histogram infinite_sum = integer(1, two, {5, 1});
  infinite_sum.sum = -std::numeric_limits<double>::infinity();
  cases.add("odd_sums", {nan_sum, nan_sum, infinite_sum});
  Histogram huge =
      integer(1, {{INT16_MAX, 1}, {INT16_MAX, 1}}, {int64_t{1} << 40, int64_t{1} << 61});
  Histogram huger =
      integer(1, {{INT16_MAX, 1}, {INT16_MAX, 1}}, {int64_t{1} << 41, int64_t{1} << 62});
  cases.add("huge", {huge, huger, huger});
  cases.add("integer_to_float", {integer(1, two, {1, 1}), floating(1, two, {2, 2}),
                                 floating(1, two, {3, 2}), integer(1, two, {5, 5})});
  return std::move(cases.all);
}

}  // namespace mread::wire
