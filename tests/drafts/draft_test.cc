#include "drafts/draft.h"

#include <set>

#include <gmock/gmock.h>

#include "scenarios/loading/load_scenario.h"

namespace mread::drafts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

scenarios::Test loaded(const Draft& draft) {
  auto tests = scenarios::parse_scenario(draft_scenario(draft), draft.name + ".yaml",
                                         {.now_ms = 1'700'000'000'000});
  EXPECT_EQ(tests.size(), 1U);
  return std::move(tests.front());
}

std::vector<std::string> nodes(const Draft& draft) {
  std::vector<std::string> names;
  for (const auto& node : loaded(draft).nodes) names.push_back(node.name);
  return names;
}

// All combinations of shape, mread serve and rules.
class DraftTest : public testing::TestWithParam<std::tuple<Shape, bool, bool>> {};

TEST_P(DraftTest, IsAScenarioThatTheLoaderTakesWithoutAWarning) {
  const auto& [shape, has_serve, has_rules] = GetParam();
  const Draft draft{.shape = shape,
                    .name = "a-draft",
                    .shards = 3,
                    .query_nodes = 2,
                    .has_serve = has_serve,
                    .has_rules = has_rules};
  const scenarios::Test test = loaded(draft);
  EXPECT_EQ(test.scenario, "a-draft");
  EXPECT_THAT(test.warnings, testing::IsEmpty());
  EXPECT_FALSE(test.checks.empty());
  std::set<std::string> asked;
  for (const auto& check : test.checks) asked.insert(check.node);
  EXPECT_THAT(asked, UnorderedElementsAre("query-1", "query-2"));
}

INSTANTIATE_TEST_SUITE_P(All, DraftTest,
                         testing::Combine(testing::Values(Shape::pair, Shape::shards,
                                                          Shape::sharded_pairs, Shape::far_region),
                                          testing::Bool(), testing::Bool()));

TEST(Draft, HasTheNodesOfItsShape) {
  EXPECT_THAT(nodes({.shape = Shape::pair, .replicas = 3}),
              ElementsAre("collector-a", "collector-b", "collector-c", "query"));
  EXPECT_THAT(nodes({.shape = Shape::shards, .shards = 3}),
              ElementsAre("shard-1", "shard-2", "shard-3", "query"));
  EXPECT_THAT(
      nodes({.shape = Shape::sharded_pairs, .query_nodes = 2}),
      ElementsAre("shard-1-a", "shard-1-b", "shard-2-a", "shard-2-b", "query-1", "query-2"));
  EXPECT_THAT(nodes({.shape = Shape::far_region, .has_serve = true}),
              ElementsAre("near", "far", "merge", "query"));
}

TEST(Draft, TakesVersionsInTurn) {
  const std::string text = draft_scenario({.shape = Shape::sharded_pairs,
                                           .query_nodes = 2,
                                           .query_versions = {"v3.5", "v2.53"},
                                           .collector_versions = {"v2.42", "v3.5"}});
  EXPECT_THAT(text, HasSubstr("shard-1-a: {kind: prometheus, version: v2.42,"));
  EXPECT_THAT(text, HasSubstr("shard-2-b: {kind: prometheus, version: v3.5,"));
  EXPECT_THAT(text, HasSubstr("  query-1:\n    kind: prometheus\n    version: v3.5\n"));
  EXPECT_THAT(text, HasSubstr("  query-2:\n    kind: prometheus\n    version: v2.53\n"));
}

TEST(Draft, ExpectsThatAReplicaCostsNothingAndAShardIsTold) {
  EXPECT_THAT(draft_scenario({.shape = Shape::pair}), HasSubstr("[union_oracle, "));
  EXPECT_THAT(draft_scenario({.shape = Shape::pair}), Not(HasSubstr("expect: [warn]")));
  const std::string shards = draft_scenario({.shape = Shape::shards});
  EXPECT_THAT(shards, HasSubstr("during: [shard-2-dead]\n    expect: [warn]"));
  EXPECT_THAT(shards, HasSubstr("invariants: [no_silent_partial]"));
}

TEST(Draft, GroupsTheReplicasOfEachShardInMreadServe) {
  EXPECT_THAT(draft_scenario({.shape = Shape::sharded_pairs, .has_serve = true}),
              HasSubstr("- {name: part-2, members: [shard-2-a, shard-2-b]}"));
}

TEST(Draft, HasLinesOfAHundredAndTwentyColumnsAtMost) {
  std::istringstream lines(draft_scenario({.shape = Shape::sharded_pairs,
                                           .shards = 50,
                                           .replicas = 5,
                                           .query_nodes = 10,
                                           .has_serve = true,
                                           .has_rules = true}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120U) << line;
}

TEST(Draft, ShapesHaveNames) {
  for (const std::string& name : shape_names()) {
    ASSERT_TRUE(shape_called(name));
    EXPECT_EQ(to_string(*shape_called(name)), name);
  }
  EXPECT_FALSE(shape_called("ring"));
}

}  // namespace
}  // namespace mread::drafts
