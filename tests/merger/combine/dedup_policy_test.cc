#include "merger/combine/dedup_policy.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "merger/answers.h"

namespace mread::merger {
namespace {

using tests::samples;

Fragment fragment_of(uint32_t source, uint32_t group) {
  Fragment fragment;
  fragment.source = source;
  fragment.group = group;
  return fragment;
}

wire::ChunkView chunk_of(int64_t min_time_ms, int64_t max_time_ms, std::string_view data) {
  wire::ChunkView chunk;
  chunk.min_time_ms = min_time_ms;
  chunk.max_time_ms = max_time_ms;
  chunk.data = data;
  return chunk;
}

std::vector<uint32_t> runs_of(std::span<const ChunkRef> chunks) {
  std::vector<uint32_t> runs;
  for (const ChunkRef& each : chunks) runs.push_back(each.run);
  return runs;
}

// Two replicas of group 1 and a backend of group 0 that comes last in the order of sources.
const std::vector<Fragment> fragments = {fragment_of(0, 1), fragment_of(0, 1), fragment_of(1, 1),
                                         fragment_of(2, 0)};

TEST(DedupPolicy, AUnionHasOneRunASource) {
  const auto policy = make_dedup_policy(Dedup::union_);
  std::vector<SeriesRun> runs;
  policy->list_runs(fragments, runs);
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(policy->run_of(fragments[1], runs, 0), 0u);
  EXPECT_EQ(policy->run_of(fragments[3], runs, 1), 2u);
}

TEST(DedupPolicy, GapFillingSortsRunsByGroup) {
  const auto policy = make_dedup_policy(Dedup::gapfill);
  std::vector<SeriesRun> runs;
  policy->list_runs(fragments, runs);
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0].source, 2u);
  EXPECT_EQ(policy->run_of(fragments[3], runs, 2), 0u);
  EXPECT_EQ(policy->run_of(fragments[0], runs, 0), 1u);
}

TEST(DedupPolicy, AUnionKeepsAllChunks) {
  const auto policy = make_dedup_policy(Dedup::union_);
  const std::vector<SeriesRun> runs = {{0, 0, {}}, {0, 1, {}}};
  const wire::ChunkView chunk = chunk_of(1, 9, "xx");
  std::vector<ChunkRef> chunks = {{&chunk, 0, 0}, {&chunk, 1, 1}};
  EXPECT_TRUE(policy->choose_chunks(chunks, runs));
  EXPECT_EQ(chunks.size(), 2u);
  EXPECT_TRUE(policy->takes_one_for_all());
}

TEST(DedupPolicy, GapFillingLeavesAGroupToTheReplicaWithEveryChunk) {
  const auto policy = make_dedup_policy(Dedup::gapfill);
  const std::vector<SeriesRun> runs = {{0, 0, {}}, {0, 1, {}}};
  const wire::ChunkView first = chunk_of(1, 9, "xx");
  const wire::ChunkView second = chunk_of(10, 19, "yy");
  std::vector<ChunkRef> chunks = {{&first, 0, 0}, {&first, 1, 1}, {&second, 1, 2}};
  EXPECT_TRUE(policy->choose_chunks(chunks, runs));
  EXPECT_EQ(runs_of(chunks), (std::vector<uint32_t>{1, 1}));
  EXPECT_FALSE(policy->takes_one_for_all());
}

TEST(DedupPolicy, GapFillingDecodesWhereReplicasDiffer) {
  const auto policy = make_dedup_policy(Dedup::gapfill);
  const std::vector<SeriesRun> runs = {{0, 0, {}}, {0, 1, {}}};
  const wire::ChunkView one = chunk_of(1, 9, "xx");
  const wire::ChunkView other = chunk_of(2, 9, "xx");
  std::vector<ChunkRef> chunks = {{&one, 0, 0}, {&other, 1, 1}};
  EXPECT_FALSE(policy->choose_chunks(chunks, runs));
}

TEST(DedupPolicy, GapFillingMakesOneViewOfEachGroup) {
  const auto policy = make_dedup_policy(Dedup::gapfill);
  const std::vector<SeriesRun> runs = {{0, 0, {}}, {0, 1, {}}, {1, 2, {}}};
  const auto a = samples(0, 15'000, {1, 2, 3});
  const auto b = samples(1000, 15'000, {1, 2, 3});
  const auto c = samples(0, 15'000, {7});
  std::vector<DedupPolicy::View> views = {a, b, c};
  policy->choose_samples(views, std::vector<uint32_t>{0, 1, 2}, runs);
  ASSERT_EQ(views.size(), 2u);
  EXPECT_EQ(std::vector(views[0].begin(), views[0].end()), a);
  EXPECT_EQ(std::vector(views[1].begin(), views[1].end()), c);
}

}  // namespace
}  // namespace mread::merger
