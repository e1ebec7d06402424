#include "merger/combine/loser_tree.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

constexpr int ended = 1000;

// Merges runs that are sorted; the leaves of ended runs come last. `comparisons` of replay() alone.
std::vector<int> merge(const std::vector<std::vector<int>>& runs, size_t* comparisons = nullptr) {
  std::vector<size_t> positions(runs.size());
  size_t count = 0;
  const auto key = [&](size_t leaf) {
    return positions[leaf] < runs[leaf].size() ? runs[leaf][positions[leaf]] : ended;
  };
  const auto before = [&](size_t a, size_t b) {
    ++count;
    return key(a) != key(b) ? key(a) < key(b) : a < b;
  };
  LoserTree tree;
  tree.build(runs.size(), before);
  count = 0;
  std::vector<int> merged;
  while (key(tree.top()) != ended) {
    merged.push_back(key(tree.top()));
    ++positions[tree.top()];
    tree.replay(before);
  }
  if (comparisons != nullptr) *comparisons = count;
  return merged;
}

struct Case {
  const char* name;
  std::vector<std::vector<int>> runs;
};

class LoserTreeTest : public ::testing::TestWithParam<Case> {};

TEST_P(LoserTreeTest, MergesInOrder) {
  std::vector<int> expected;
  for (const auto& run : GetParam().runs) expected.insert(expected.end(), run.begin(), run.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(merge(GetParam().runs), expected);
}

INSTANTIATE_TEST_SUITE_P(Runs, LoserTreeTest,
                         ::testing::Values(Case{"One", {{1, 2, 3}}}, Case{"OneIsEmpty", {{}, {1}}},
                                           Case{"AllAreEmpty", {{}, {}, {}}},
                                           Case{"Four", {{3, 7}, {1, 9}, {4}, {2, 5, 6}}},
                                           Case{"NotAPowerOfTwo", {{5}, {4}, {3}, {2}, {1}}},
                                           Case{"Ties", {{1, 1}, {1}, {1, 2}}}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(LoserTree, AReplayTakesALogarithmOfComparisons) {
  std::vector<std::vector<int>> runs(16);
  for (int i = 0; i < 160; ++i) runs[static_cast<size_t>(i * 7 % 16)].push_back(i);
  size_t comparisons = 0;
  EXPECT_EQ(merge(runs, &comparisons).size(), 160u);
  EXPECT_LE(comparisons, 160u * 4u);
}

}  // namespace
}  // namespace mread::merger
