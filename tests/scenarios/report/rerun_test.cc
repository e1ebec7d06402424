#include "scenarios/report/rerun.h"

#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

struct Case {
  const char* name;
  const char* file;
  const char* id;
  const char* line;
};

class RerunTest : public testing::TestWithParam<Case> {};

TEST_P(RerunTest, IsALineForAShell) {
  TestResult test;
  test.file = GetParam().file;
  test.id = GetParam().id;
  test.engine = "process";
  test.seed = 7;
  EXPECT_EQ(rerun_line(test), GetParam().line);
}

TEST(Rerun, NamesTheTopology) {
  TestResult test;
  test.file = "t.yml";
  test.topology = "ha pair.yaml";
  test.id = "t-1";
  test.engine = "docker";
  EXPECT_EQ(rerun_line(test),
            "mread run t.yml --topology 'ha pair.yaml' --filter t-1 --engine docker --seed 0");
}

INSTANTIATE_TEST_SUITE_P(
    Tests, RerunTest,
    testing::Values(
        Case{"Plain", "scenarios/a.yaml", "a-1",
             "mread run scenarios/a.yaml --filter a-1 --engine process --seed 7"},
        Case{"WithoutItsRound", "a.yaml", "a-1-r12",
             "mread run a.yaml --filter a-1 --engine process --seed 7"},
        Case{"ANameThatLooksLikeARound", "a.yaml", "a-region",
             "mread run a.yaml --filter a-region --engine process --seed 7"},
        Case{"Quoted", "my set-up/it's.yaml", "a b$c",
             "mread run 'my set-up/it'\\''s.yaml' --filter 'a b$c' --engine process --seed 7"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::scenarios
