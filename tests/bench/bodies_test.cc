#include "bench/bodies.h"

#include <algorithm>
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "bench/checksum.h"
#include "bench/in_memory_read.h"

namespace mread::bench {

void PrintTo(Shape shape, std::ostream* out) { *out << to_string(shape); }

namespace {

using model::ResponseType;

Plan small(Shape shape, size_t backends = 3) {
  Plan plan;
  plan.shape = shape;
  plan.backends = backends;
  plan.series = 25;
  plan.samples = 240;
  return plan;
}

class ShapeTest : public testing::TestWithParam<Shape> {};

TEST_P(ShapeTest, BothTypesSayWhatTheBackendHolds) {
  const Plan plan = small(GetParam());
  for (size_t backend = 0; backend < plan.backends; ++backend) {
    Checksum held;
    for (const auto& series : backend_series(plan, backend)) held.add(series);
    EXPECT_EQ(held.samples(), plan.series * plan.samples);
    for (const auto type : {ResponseType::samples, ResponseType::streamed_xor_chunks}) {
      EXPECT_EQ(checksum_of(backend_body(plan, backend, type), type), held) << to_string(type);
    }
  }
}

TEST_P(ShapeTest, TheMergeGivesWhatSortingGives) {
  const Plan plan = small(GetParam());
  for (const auto in : {ResponseType::samples, ResponseType::streamed_xor_chunks}) {
    const auto bodies = backend_bodies(plan, in);
    for (const auto out : {ResponseType::samples, ResponseType::streamed_xor_chunks}) {
      const InMemoryRead read(bodies, in, out, 1000);
      EXPECT_EQ(checksum_of(read.answer(), out), merge_by_sorting(bodies, in))
          << to_string(in) << " to " << to_string(out);
    }
  }
}

TEST_P(ShapeTest, TheBodiesAreAlwaysTheSame) {
  const Plan plan = small(GetParam());
  EXPECT_EQ(backend_bodies(plan, ResponseType::streamed_xor_chunks),
            backend_bodies(plan, ResponseType::streamed_xor_chunks));
}

INSTANTIATE_TEST_SUITE_P(All, ShapeTest, testing::ValuesIn(all_shapes), [](const auto& param_info) {
  return std::string(to_string(param_info.param));
});

TEST(BodiesTest, ReplicasAreIdenticalUnlessTheyAreCutElsewhere) {
  const auto dup = backend_bodies(small(Shape::dup), ResponseType::streamed_xor_chunks);
  EXPECT_EQ(dup[0], dup[1]);
  const auto recut = backend_bodies(small(Shape::recut), ResponseType::streamed_xor_chunks);
  EXPECT_NE(recut[0], recut[1]);
  EXPECT_EQ(merge_by_sorting(recut, ResponseType::streamed_xor_chunks),
            merge_by_sorting({recut[0]}, ResponseType::streamed_xor_chunks));
}

TEST(BodiesTest, AnOffsetKeepsEverySampleOfEveryReplica) {
  const Plan plan = small(Shape::offset);
  const auto bodies = backend_bodies(plan, ResponseType::streamed_xor_chunks);
  const Checksum merged = merge_by_sorting(bodies, ResponseType::streamed_xor_chunks);
  EXPECT_EQ(merged.series(), plan.series);
  EXPECT_EQ(merged.samples(), plan.input_samples());
}

TEST(BodiesTest, ShardsShareNoSeries) {
  const Plan plan = small(Shape::disjoint);
  const auto bodies = backend_bodies(plan, ResponseType::samples);
  EXPECT_EQ(merge_by_sorting(bodies, ResponseType::samples).series(), plan.series * plan.backends);
}

TEST(BodiesTest, HalfOfASuccessorsSamplesAreNew) {
  for (const Shape shape : {Shape::half, Shape::ragged}) {
    const Plan plan = small(shape, 2);
    const auto bodies = backend_bodies(plan, ResponseType::streamed_xor_chunks);
    const Checksum merged = merge_by_sorting(bodies, ResponseType::streamed_xor_chunks);
    EXPECT_EQ(merged.samples(), plan.series * plan.samples * 3 / 2) << to_string(shape);
  }
}

TEST(BodiesTest, SeriesCarryEightLabelsOfAbout200Bytes) {
  size_t bytes = 0;
  const auto all = backend_series(small(Shape::dup), 0);
  for (const auto& series : all) {
    EXPECT_EQ(series.labels.size(), 8U);
    for (const auto& label : series.labels) bytes += label.name.size() + label.value.size();
  }
  EXPECT_GT(bytes / all.size(), 150U);
  EXPECT_LT(bytes / all.size(), 250U);
}

// What bench/peers/prometheus has to come to as well; bench/run compares the two on every body.
TEST(ChecksumTest, OrderBitsAndLabelsAllCount) {
  const model::Series series{{{"__name__", "up"}, {"job", "x"}},
                             {model::Sample::of(1000, 1), model::Sample::of(2000, 0)},
                             {}};
  const auto of = [](std::initializer_list<model::Series> all) {
    Checksum sum;
    for (const auto& one : all) sum.add(one);
    return sum.value();
  };
  model::Series swapped = series;
  std::swap(swapped.samples[0].bits, swapped.samples[1].bits);
  model::Series negative = series;
  negative.samples[1] = model::Sample::of(2000, -0.0);
  model::Series renamed = series;
  renamed.labels.set("job", "y");
  const std::set<uint64_t> sums = {of({series}), of({swapped}), of({negative}), of({renamed}),
                                   of({series, series})};
  EXPECT_EQ(sums.size(), 5U);
}

}  // namespace
}  // namespace mread::bench
