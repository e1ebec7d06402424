#include "wire/chunk/histogram_layout.h"

#include <gtest/gtest.h>

namespace mread::wire {
namespace {

using Spans = std::vector<model::BucketSpan>;
using Positions = std::vector<std::pair<int64_t, int64_t>>;

struct Case {
  const char* name;
  Spans chunk;
  Spans sample;
  bool chunk_grows;
  bool sample_grows;
  Positions positions;  // In the chunk, in the sample.
  Spans spans;
};

class HistogramLayoutTest : public testing::TestWithParam<Case> {};

TEST_P(HistogramLayoutTest, LaysBucketsOverEachOther) {
  const Case& want = GetParam();
  const SideMerge merge = merge_side(want.chunk, want.sample);
  EXPECT_EQ(merge.chunk_grows, want.chunk_grows);
  EXPECT_EQ(merge.sample_grows, want.sample_grows);
  Positions positions;
  for (const SideMerge::Position& position : merge.positions)
    positions.emplace_back(position.chunk, position.sample);
  EXPECT_EQ(positions, want.positions);
  EXPECT_EQ(merge.spans, want.spans);
}

INSTANTIATE_TEST_SUITE_P(
    Sides, HistogramLayoutTest,
    testing::Values(
        Case{"Empty", {}, {}, false, false, {}, {}},
        Case{"Same", {{2, 2}}, {{2, 2}}, false, false, {{0, 0}, {1, 1}}, {{2, 2}}},
        Case{"TheSampleHasMore", {{0, 1}}, {{0, 2}}, true, false, {{0, 0}, {-1, 1}}, {{0, 2}}},
        Case{"TheChunkHasMore", {{0, 2}}, {{1, 1}}, false, true, {{0, -1}, {1, 0}}, {{0, 2}}},
        Case{"AGapIsFilled",
             {{0, 1}, {1, 1}},
             {{1, 1}},
             true,
             true,
             {{0, -1}, {-1, 0}, {1, -1}},
             {{0, 3}}},
        Case{"FarApart", {{-5, 1}}, {{7, 1}}, true, true, {{0, -1}, {-1, 0}}, {{-5, 1}, {11, 1}}},
        Case{"EmptySpansAndAdjoiningOnesGo",
             {{0, 1}, {0, 1}, {3, 0}},
             {{0, 2}},
             false,
             false,
             {{0, 0}, {1, 1}},
             {{0, 2}}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(HistogramLayoutTest, WidenPutsZerosWhereABucketIsAbsent) {
  const SideMerge merge = merge_side({{0, 1}, {1, 1}}, {{1, 2}});
  EXPECT_EQ(widen({10, 20}, merge.positions, &SideMerge::Position::chunk),
            (std::vector<uint64_t>{10, 0, 20}));
  EXPECT_EQ(widen({3, 4}, merge.positions, &SideMerge::Position::sample),
            (std::vector<uint64_t>{0, 3, 4}));
}

}  // namespace
}  // namespace mread::wire
