#include "serve/observe/conflict_board.h"

#include <gmock/gmock.h>

namespace mread::serve {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

const std::chrono::system_clock::time_point start{};

merger::Outcome outcome_with(const std::vector<std::string>& series, uint64_t count = 1) {
  merger::Outcome outcome;
  for (const std::string& name : series) outcome.conflicting.push_back({name, count, {}});
  return outcome;
}

std::vector<std::string> names(const ConflictBoard& board) {
  std::vector<std::string> out;
  for (const ConflictSighting& each : board.last()) out.push_back(each.conflict.series);
  return out;
}

TEST(ConflictBoard, TheLastComesFirst) {
  ConflictBoard board;
  board.record(outcome_with({}), start);
  EXPECT_TRUE(board.last().empty());
  board.record(outcome_with({"a", "b"}), start);
  board.record(outcome_with({"c"}), start);
  EXPECT_THAT(names(board), ElementsAre("c", "b", "a"));
}

TEST(ConflictBoard, ASeriesStandsOnceWithItsLastSighting) {
  ConflictBoard board;
  board.record(outcome_with({"a", "b"}, 1), start);
  board.record(outcome_with({"a"}, 7), start + 5s);
  ASSERT_THAT(names(board), ElementsAre("a", "b"));
  EXPECT_EQ(board.last()[0].conflict.count, 7u);
  EXPECT_EQ(board.last()[0].seen, start + 5s);
  EXPECT_EQ(board.last()[1].seen, start);
}

TEST(ConflictBoard, TheOldestAreForgotten) {
  ConflictBoard board;
  for (int i = 0; i < 30; ++i) board.record(outcome_with({std::to_string(i)}), start);
  const auto kept = names(board);
  ASSERT_EQ(kept.size(), 20u);
  EXPECT_EQ(kept.front(), "29");
  EXPECT_EQ(kept.back(), "10");
}

}  // namespace
}  // namespace mread::serve
