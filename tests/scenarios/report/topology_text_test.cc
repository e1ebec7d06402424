#include "scenarios/report/topology_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(DrawTopology, IsATreeOfWhoReadsWhom) {
  EXPECT_THAT(draw_topology({{"a", "mock", {}},
                             {"b", "mock", {}},
                             {"eu", "prometheus 2.42.0", {}},
                             {"merge", "merger", {"a", "b"}},
                             {"query", "prometheus 3.5.3", {"merge", "eu"}}}),
              ElementsAre("query  prometheus 3.5.3",  //
                          "├─ merge  merger",         //
                          "│  ├─ a  mock",            //
                          "│  └─ b  mock",            //
                          "└─ eu  prometheus 2.42.0"));
}

TEST(DrawTopology, NeighboursThatAreTheSameShareALine) {
  std::vector<DrawnNode> nodes;
  DrawnNode query{"query", "prometheus", {}};
  for (int i = 0; i < 50; ++i) {
    nodes.push_back({"c-" + std::to_string(i), i == 3 ? "prometheus" : "mock", {}});
    query.reads.push_back(nodes.back().name);
  }
  nodes.push_back(query);
  EXPECT_THAT(draw_topology(nodes), ElementsAre("query  prometheus",       //
                                                "├─ c-0 … c-2  3 x mock",  //
                                                "├─ c-3  prometheus",      //
                                                "└─ c-4 … c-49  46 x mock"));
}

TEST(DrawTopology, ASharedNodeIsDrawnOnce) {
  EXPECT_THAT(draw_topology({{"q-0", "prometheus", {"merge"}},
                             {"q-1", "prometheus", {"merge", "a"}},
                             {"merge", "merger", {"a"}},
                             {"a", "mock", {}}}),
              ElementsAre("q-0  prometheus",   //
                          "└─ merge  merger",  //
                          "   └─ a  mock",     //
                          "q-1  prometheus",   //
                          "├─ merge  (as above)", "└─ a  mock"));
}

TEST(DrawTopology, CirclesEnd) {
  EXPECT_THAT(draw_topology({{"a", "prometheus", {"b"}}, {"b", "prometheus", {"a", "b"}}}),
              ElementsAre("a  prometheus",     //
                          "└─ b  prometheus",  //
                          "   ├─ a  (as above)", "   └─ b  (as above)"));
}

TEST(DrawTopology, OthersStandAlone) {
  EXPECT_THAT(draw_topology({{"a", "mock", {"gone"}}, {"b", "mock", {}}}),
              ElementsAre("a  mock", "b  mock"));
  EXPECT_THAT(draw_topology({}), IsEmpty());
}

}  // namespace
}  // namespace mread::scenarios
