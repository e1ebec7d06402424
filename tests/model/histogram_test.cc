#include "model/histogram.h"

#include <bit>
#include <limits>

#include <gtest/gtest.h>

namespace mread::model {
namespace {

TEST(Histogram, EqualityIsOfBits) {
  Histogram a;
  Histogram b;
  a.sum = b.sum = std::bit_cast<double>(uint64_t{0x7ff8000000000001});
  EXPECT_EQ(a, b);
  b.sum = std::bit_cast<double>(uint64_t{0x7ff8000000000002});
  EXPECT_NE(a, b);
  a.sum = 0.0;
  b.sum = -0.0;
  EXPECT_NE(a, b);
  b = a;
  b.counter_reset_hint = CounterResetHint::gauge;
  EXPECT_NE(a, b);
  EXPECT_TRUE(a.same_values(b));
  b = a;
  b.is_float = true;
  EXPECT_FALSE(a.same_values(b));
}

TEST(Histogram, StaleIsTheMarkersBitsOnly) {
  EXPECT_TRUE(Histogram::stale(false).is_stale());
  EXPECT_TRUE(Histogram::stale(true).is_stale());
  EXPECT_TRUE(Histogram::stale(true).is_float);
  Histogram nan;
  nan.sum = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(nan.is_stale());
}

TEST(Histogram, ToFloatMakesCountsAbsolute) {
  Histogram h;
  h.count = 6;
  h.zero_count = 1;
  h.positive_spans = {{0, 2}};
  h.positive_deltas = {3, -1};
  const Histogram f = h.to_float();
  EXPECT_TRUE(f.is_float);
  EXPECT_EQ(f.float_count, 6);
  EXPECT_EQ(f.float_zero_count, 1);
  EXPECT_EQ(f.positive_counts, (std::vector<double>{3, 2}));
  EXPECT_TRUE(f.positive_deltas.empty());
  EXPECT_EQ(f.to_float(), f);
  h.positive_deltas = {INT64_MAX, INT64_MAX};  // nonsense, but defined
  EXPECT_EQ(h.to_float().positive_counts[1], -2);
}

struct TextCase {
  std::string want;
  Histogram histogram;
};

TEST(Histogram, PrintsPromtoolsNotation) {
  Histogram full;
  full.is_float = true;
  full.schema = 1;
  full.float_count = 4;
  full.sum = -5.5;
  full.float_zero_count = 1;
  full.zero_threshold = 0.001;
  full.positive_spans = {{-1, 1}, {2, 1}};
  full.positive_counts = {1, 2};
  full.negative_spans = {{0, 1}};
  full.negative_counts = {0.5};
  full.counter_reset_hint = CounterResetHint::no;
  Histogram custom;
  custom.schema = custom_buckets_schema;
  custom.custom_values = {5, std::numeric_limits<double>::infinity()};
  custom.positive_spans = {{0, 1}};
  custom.positive_deltas = {7};
  Histogram far;
  far.positive_spans = {{0, 0}, {3, 1}, {2000, 1}};
  far.positive_deltas = {1, 1};
  for (const TextCase& c :
       {TextCase{"{{}}", {}},
        {"stale", Histogram::stale(false)},
        {"{{schema:1 count:4 sum:-5.5 z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[1 0 0 2] "
         "n_buckets:[0.5] counter_reset_hint:not_reset}}",
         full},
        {"{{schema:-53 custom_values:[5 Inf] buckets:[7]}}", custom},
        {"{{offset:3 buckets:[1 … 2]}}", far}}) {
    EXPECT_EQ(c.histogram.to_string(), c.want);
  }
}

TEST(Histogram, CheckFindsSpansThatDoNotFit) {
  Histogram good;
  good.positive_spans = {{-5, 2}, {0, 1}};
  good.positive_deltas = {1, 2, 3};
  EXPECT_TRUE(good.check());
  Histogram few = good;
  few.positive_deltas.pop_back();
  EXPECT_FALSE(few.check());
  Histogram back = good;
  back.positive_spans[1].offset = -1;
  EXPECT_FALSE(back.check());
  Histogram far = good;
  far.positive_spans[0].offset = INT32_MAX;
  EXPECT_FALSE(far.check());
  Histogram stale = Histogram::stale(false);
  stale.positive_spans = {{0, 9}};
  EXPECT_TRUE(stale.check());
}

}  // namespace
}  // namespace mread::model
