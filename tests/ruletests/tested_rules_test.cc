#include "ruletests/tested_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace mread::ruletests {
namespace {

using scenarios::TestedRule;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using std::chrono_literals::operator""min;

class TestedRulesTest : public testing::Test {
 protected:
  std::vector<TestedRule> read(const std::string& patterns,
                               const std::vector<std::string>& order = {}) {
    return read_tested_rules(yaml::Node::parse(patterns, "t.yml"), folder_.path().string(), order);
  }
  std::string error_of(const std::string& rules) {
    folder_.write("r.yml", rules);
    try {
      read("[r.yml]");
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(TestedRulesTest, ReadsARuleWithItsGroup) {
  const std::string path = folder_.write("r.yml", R"(
groups:
  - name: g
    interval: 30s
    limit: 5
    query_offset: 1m
    labels: {team: t, severity: low}
    rules:
      - alert: A
        expr: up == 0
        for: 5m
        keep_firing_for: 2m
        labels: {severity: page}
        annotations: {summary: "{{ $value }}"}
)");
  const auto rules = read("[r.yml]");
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].name, "A");
  EXPECT_EQ(rules[0].expr, "up == 0");
  EXPECT_EQ(rules[0].place, path + ":9");
  EXPECT_EQ(rules[0].hold, 5min);
  EXPECT_EQ(rules[0].keep_firing, 2min);
  EXPECT_EQ(rules[0].query_offset, 1min);
  EXPECT_EQ(rules[0].limit, 5u);
  EXPECT_THAT(rules[0].labels, ElementsAre(Pair("team", "t"), Pair("severity", "page")));
  EXPECT_THAT(rules[0].annotations, ElementsAre(Pair("summary", "{{ $value }}")));
}

TEST_F(TestedRulesTest, OrdersGroupsAsPromtoolDoes) {
  folder_.write("a.yml",
                "groups: [{name: last, rules: [{record: a, expr: x}]}, {name: other, rules: "
                "[{record: b, expr: x}]}]");
  folder_.write("b.yml", "groups: [{name: first, rules: [{record: c, expr: x}]}]");
  const auto names = [&](const std::vector<std::string>& order) {
    std::string out;
    for (const TestedRule& rule : read("['*.yml']", order)) out += rule.name;
    return out;
  };
  EXPECT_EQ(names({}), "abc");
  EXPECT_EQ(names({"first", "last"}), "bca");
}

TEST_F(TestedRulesTest, RefusesAPatternWithoutAFile) {
  try {
    read("[nope.yml]");
    FAIL();
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("t.yml:1:2: no such rule file"));
  }
}

TEST_F(TestedRulesTest, RefusesWhatItWouldNotTest) {
  EXPECT_THAT(error_of("groups: [{name: g, rules: [{record: a, expr: x, nope: 1}]}]"),
              HasSubstr("nope"));
  EXPECT_THAT(error_of("groups: [{name: g, rules: [{record: a, expr: 'x offset -5m'}]}]"),
              HasSubstr("negative offset"));
  EXPECT_THAT(error_of("groups: [{name: g, rules: [{record: a, expr: 'x @ 100'}]}]"),
              HasSubstr("@ and a time"));
  EXPECT_EQ(error_of("groups: [{name: g, rules: [{record: a, expr: 'x{a=\"offset -5m @ 1\"} "
                     "offset 5m # @ 1'}]}]"),
            "");
}

}  // namespace
}  // namespace mread::ruletests
