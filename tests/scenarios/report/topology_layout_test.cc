#include "scenarios/report/topology_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

struct Line {
  const char* node;
  std::vector<std::string> reads;
  std::vector<std::string> names;
};

struct Case {
  const char* name;
  std::vector<Line> nodes;
  std::vector<NodePosition> positions;
};

class TopologyLayoutTest : public testing::TestWithParam<Case> {};

TEST_P(TopologyLayoutTest, ReadersStandOnTheLeft) {
  std::vector<NodeResult> nodes;
  for (const Line& line : GetParam().nodes) {
    NodeResult node;
    node.name = line.node;
    node.reads = line.reads;
    node.names = line.names;
    nodes.push_back(std::move(node));
  }
  EXPECT_EQ(lay_out(nodes), GetParam().positions);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, TopologyLayoutTest,
    testing::Values(
        Case{"None", {}, {}}, Case{"One", {{"a", {}, {}}}, {{0, 0}}},
        Case{"QueryOverAPair",
             {{"a", {}, {}}, {"b", {}, {}}, {"query", {"a", "b"}, {}}},
             {{1, 0}, {1, 1}, {0, 0}}},
        Case{
            "ThroughAMerger",
            {{"query", {"m"}, {}}, {"m", {"a"}, {}}, {"a", {}, {"exporter"}}, {"exporter", {}, {}}},
            {{0, 0}, {1, 0}, {2, 0}, {3, 0}}},
        Case{"TheLongestWayCounts",
             {{"query", {"a", "m"}, {}}, {"m", {"a"}, {}}, {"a", {}, {}}},
             {{0, 0}, {1, 0}, {2, 0}}},
        Case{"UnknownNodesAndItself", {{"a", {"a", "nowhere"}, {}}}, {{0, 0}}},
        Case{"ACircleEnds", {{"a", {"b"}, {}}, {"b", {"a"}, {}}}, {{0, 0}, {1, 0}}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::scenarios
