#include "ruletests/load_rule_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace mread::ruletests {
namespace {

using testing::HasSubstr;

class LoadRuleTestsTest : public testing::Test {
 protected:
  LoadRuleTestsTest() {
    topology_ = folder_.write(
        "topo.yaml",
        "name: topo\nnodes:\n  a: {kind: mock}\n  q: {kind: prometheus, config: {remote_read: "
        "[a]}}\n");
  }

  std::vector<scenarios::Test> load(const std::vector<std::string>& files,
                                    const scenarios::Selection& selection = {}) {
    return load_rule_tests(files, topology_, selection, {1'700'000'000'000, {}});
  }

  TemporaryFolder folder_;
  std::string topology_;
};

constexpr const char* two_tests =
    "tests:\n  - {name: 'Disk full: fires!', promql_expr_test: [{expr: x, eval_time: 1m}]}\n"
    "  - {promql_expr_test: [{expr: x, eval_time: 1m}]}\n";

TEST_F(LoadRuleTestsTest, NamesTestsByFileNumberAndName) {
  const auto tests = load({folder_.write("My.tests.yml", two_tests)});
  ASSERT_EQ(tests.size(), 2u);
  EXPECT_EQ(tests[0].id, "my-tests-1-disk-full-fires");
  EXPECT_EQ(tests[0].description, "Disk full: fires!");
  EXPECT_EQ(tests[1].id, "my-tests-2");
}

TEST_F(LoadRuleTestsTest, Selects) {
  EXPECT_EQ(load({folder_.write("t.yml", two_tests)}, {{"*-2"}, {}}).size(), 1u);
}

TEST_F(LoadRuleTestsTest, TellsTheErrorsOfAllFilesAndTwoOfOneName) {
  const std::string bad = folder_.write("bad.yml", "tests: []");
  const std::string one = folder_.write("one/t.yml", two_tests);
  const std::string two = folder_.write("two/t.yml", two_tests);
  try {
    load({bad, one, two});
    FAIL();
  } catch (const scenarios::ScenarioErrors& error) {
    ASSERT_EQ(error.errors().size(), 2u);
    EXPECT_THAT(error.errors()[0], HasSubstr("bad.yml:1:8: there is no test"));
    EXPECT_THAT(error.errors()[1], HasSubstr("has the name of one in " + one));
  }
}

}  // namespace
}  // namespace mread::ruletests
