#include "mockstore/notation/histogram_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::mockstore {
namespace {

using model::BucketSpan;
using model::CounterResetHint;
using model::Histogram;
using testing::HasSubstr;

// Buckets from `first` on, one next to the other.
Histogram exponential(int32_t schema, int32_t first, std::vector<double> counts) {
  Histogram histogram;
  histogram.is_float = true;
  histogram.schema = schema;
  for (const double count : counts) histogram.float_count += count;
  histogram.sum = 10 * histogram.float_count;
  histogram.positive_spans = {{first, static_cast<uint32_t>(counts.size())}};
  histogram.positive_counts = std::move(counts);
  return histogram;
}

std::string sum_of(const Histogram& base, const Histogram& step, bool minus = false) {
  const auto sum = add_histogram(base, step, minus);
  return sum ? sum->to_string() : sum.error().context;
}

TEST(AddHistogram, AddsBucketByBucket) {
  EXPECT_EQ(sum_of(exponential(0, 0, {1, 2}), exponential(0, 1, {3, 4})),
            "{{count:10 sum:100 buckets:[1 5 4]}}");
}

TEST(AddHistogram, SubtractsAndMayGoBelowZero) {
  EXPECT_EQ(sum_of(exponential(0, 0, {1, 2}), exponential(0, 0, {1, 3}), true),
            "{{count:-1 sum:-10 buckets:[0 -1]}}");
}

TEST(AddHistogram, PutsFinerBucketsTogether) {
  // Of schema 1, buckets 1 and 2 are bucket 1 of schema 0, and 3 and 4 are bucket 2.
  EXPECT_EQ(sum_of(exponential(0, 1, {10, 20}), exponential(1, 1, {1, 2, 3, 4})),
            "{{count:40 sum:400 offset:1 buckets:[13 27]}}");
  // Buckets -1 and 0 of schema 1 are bucket 0 of schema 0.
  EXPECT_EQ(sum_of(exponential(0, 0, {10}), exponential(1, -1, {1, 2})),
            "{{count:13 sum:130 buckets:[13]}}");
}

TEST(AddHistogram, AddsTheNegativeSideOnItsOwn) {
  Histogram base = exponential(0, 0, {1});
  Histogram step = exponential(0, 0, {2});
  step.negative_spans = {{3, 1}};
  step.negative_counts = {5};
  EXPECT_EQ(sum_of(base, step), "{{count:3 sum:30 buckets:[3] n_offset:3 n_buckets:[5]}}");
}

TEST(AddHistogram, LeavesOutBucketsWithinTheZeroBucket) {
  Histogram base = exponential(0, 1, {1});
  Histogram step = exponential(0, 0, {7, 2});  // Its bucket 0 ends at 1.
  base.zero_threshold = step.zero_threshold = 1;
  EXPECT_EQ(sum_of(base, step), "{{count:10 sum:100 z_bucket_w:1 offset:1 buckets:[3]}}");
}

TEST(AddHistogram, AddsCustomBucketsOfTheSameBounds) {
  Histogram base = exponential(model::custom_buckets_schema, 0, {1, 2});
  base.custom_values = {0.5, 1};
  EXPECT_EQ(sum_of(base, base),
            "{{schema:-53 count:6 sum:60 custom_values:[0.5 1] buckets:[2 4]}}");
}

TEST(AddHistogram, AGaugeStaysOne) {
  Histogram base = exponential(0, 0, {1});
  Histogram step = base;
  const auto hint = [&] { return add_histogram(base, step, false)->counter_reset_hint; };
  EXPECT_EQ(hint(), CounterResetHint::unknown);
  step.counter_reset_hint = CounterResetHint::yes;
  EXPECT_EQ(hint(), CounterResetHint::unknown);
  base.counter_reset_hint = CounterResetHint::yes;
  EXPECT_EQ(hint(), CounterResetHint::yes);
  step.counter_reset_hint = CounterResetHint::gauge;
  EXPECT_EQ(hint(), CounterResetHint::gauge);
}

TEST(AddHistogram, RefusesWhatHasNoSum) {
  const Histogram base = exponential(1, 0, {1});
  EXPECT_THAT(sum_of(base, exponential(0, 0, {1})), HasSubstr("from schema 0 to 1"));
  Histogram custom = exponential(model::custom_buckets_schema, 0, {1});
  custom.custom_values = {1};
  EXPECT_THAT(sum_of(custom, base), HasSubstr("one has custom buckets"));
  Histogram other = custom;
  other.custom_values = {2};
  EXPECT_THAT(sum_of(custom, other), HasSubstr("custom_values differ"));
  Histogram wide = base;
  wide.zero_threshold = 0.5;
  EXPECT_THAT(sum_of(base, wide), HasSubstr("z_bucket_w is 0 and 0.5"));
}

}  // namespace
}  // namespace mread::mockstore
