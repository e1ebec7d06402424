#include "rehearse/twin/planned_cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::rehearse {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using namespace std::chrono_literals;

// Backends by group: {0, 0, 1} are two replicas and one that has none.
NodeSetup setup_of(const std::vector<size_t>& groups) {
  NodeSetup setup;
  for (size_t i = 0; i < groups.size(); ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    setup.backends.push_back({name, "http://" + name + ":9090/api/v1/read", 1min, groups[i]});
    setup.groups = std::max(setup.groups, groups[i] + 1);
  }
  return setup;
}

std::vector<std::string> names(const NodeSetup& setup, const CellChoice& choice) {
  std::vector<std::string> out;
  for (const PlannedCell& cell : plan_cells(setup, {}, choice)) out.push_back(cell.name(setup));
  return out;
}

TEST(PlannedCells, EachFailureOfEachBackendThenPairs) {
  const NodeSetup setup = setup_of({0, 0, 1});
  const auto cells = plan_cells(setup, {}, {});
  ASSERT_EQ(cells.size(), failure_words().size() * 3 + 3 + 2);
  EXPECT_EQ(cells[0].name(setup), "a hung");
  EXPECT_EQ(cells[2].name(setup), "c hung");
  EXPECT_EQ(cells[3].name(setup), "a down");
  for (size_t i = 0; i < failure_words().size() * 3; ++i) EXPECT_EQ(cells[i].broken.size(), 1u);
  EXPECT_THAT(names(setup, {{"down+down", "hung+hung", "down+hung"}, {}}),
              ElementsAre("a down, b down", "a hung, b hung", "a down, b hung"));
  EXPECT_THAT(names(setup, {{"slow+down"}, {}}),
              ElementsAre("a slow: half of remote_timeout, b down",
                          "a slow: half of remote_timeout, c down"));
}

TEST(PlannedCells, WithoutReplicasOnlyOnePairOfTwoBackends) {
  EXPECT_THAT(
      names(setup_of({0, 1, 2}), {{"down+down", "hung+hung", "down+hung", "slow+down"}, {}}),
      ElementsAre("a slow: half of remote_timeout, b down"));
}

TEST(PlannedCells, OneBackendHasNoPairs) {
  EXPECT_EQ(plan_cells(setup_of({0}), {}, {}).size(), failure_words().size());
}

TEST(PlannedCells, ThreeReplicasAreThreePairs) {
  EXPECT_THAT(names(setup_of({0, 0, 0}), {{"down+down"}, {}}),
              ElementsAre("a down, b down", "a down, c down", "b down, c down"));
}

TEST(PlannedCells, APairIsChosenIfBothBackendsAre) {
  const NodeSetup setup = setup_of({0, 0, 1});
  EXPECT_THAT(names(setup, {{}, {"a"}}), Not(Contains("a down, b down")));
  EXPECT_THAT(names(setup, {{}, {"a", "b"}}), Contains("a down, b down"));
  EXPECT_THAT(names(setup, {{"down"}, {"c"}}), ElementsAre("c down"));
}

TEST(PlannedCells, APairOnlyLosesDataIfBothDoAndIsQuickIfBothAre) {
  const NodeSetup setup = setup_of({0, 0});
  for (const PlannedCell& cell : plan_cells(setup, {}, {})) {
    if (cell.word == "down+down") {
      EXPECT_TRUE(cell.is_quick());
    }
    if (cell.word == "down+hung") {
      EXPECT_FALSE(cell.is_quick());
    }
    if (cell.word == "wrong-values") {
      EXPECT_FALSE(cell.only_loses());
    }
    if (cell.broken.size() == 2) {
      EXPECT_TRUE(cell.only_loses());
      EXPECT_THAT(cell.backends(), ElementsAre(0, 1));
    }
  }
  EXPECT_THAT(cell_words(), Contains("slow+down"));
}

}  // namespace
}  // namespace mread::rehearse
