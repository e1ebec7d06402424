#include "merger/select/routes.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/regex_set.h"

namespace mread::merger {
namespace {

std::vector<model::Matcher> selector(const std::string& text) {
  auto matchers = model::parse_selector(text);
  if (!matchers) throw std::invalid_argument(matchers.error().to_string());
  return *matchers;
}

struct Case {
  const char* name;
  const char* route;
  const char* query;
  bool could;
};

class CouldMatchTest : public testing::TestWithParam<Case> {};

TEST_P(CouldMatchTest, IsFalseOnlyWhereNoSeriesSatisfiesBoth) {
  const Case& c = GetParam();
  EXPECT_EQ(could_match(selector(c.route), selector(c.query)), c.could);
  EXPECT_EQ(could_match(selector(c.query), selector(c.route)), c.could)
      << "the order of the sides must not matter";
}

INSTANTIATE_TEST_SUITE_P(
    Routes, CouldMatchTest,
    testing::Values(
        Case{"SameValue", "{region=\"us\"}", "up{region=\"us\"}", true},
        Case{"OtherValue", "{region=\"us\"}", "up{region=\"eu\"}", false},
        Case{"QueryHasNoSuchLabel", "{region=\"us\"}", "up", true},
        Case{"QueryWantsLabelAbsent", "{region=\"us\"}", "up{region=\"\"}", false},
        Case{"AlternativesWithTheValue", "{region=\"us\"}", "up{region=~\"us|eu\"}", true},
        Case{"AlternativesWithoutTheValue", "{region=\"us\"}", "up{region=~\"asia|eu\"}", false},
        Case{"OpenExpressionThatMatches", "{region=\"us-east\"}", "up{region=~\"us-.*\"}", true},
        Case{"OpenExpressionThatDoesNot", "{region=\"us-east\"}", "up{region=~\"eu-.*\"}", false},
        Case{"NotTheValue", "{region=\"us\"}", "up{region!=\"us\"}", false},
        Case{"NotAnotherValue", "{region=\"us\"}", "up{region!=\"eu\"}", true},
        Case{"NotTheExpression", "{region=\"us\"}", "up{region!~\"u.\"}", false},
        Case{"TwoSetsThatMeet", "{region=~\"us|eu\"}", "up{region=~\"eu|asia\"}", true},
        Case{"TwoSetsApart", "{region=~\"us|eu\"}", "up{region=~\"asia|africa\"}", false},
        Case{"TwoOpenExpressionsAreNotDecided", "{region=~\"a.*\"}", "up{region=~\"b.*\"}", true},
        Case{"NegativeRoute", "{region!=\"us\",job=\"x\"}", "up{region=\"us\"}", false},
        Case{"SetMinusItsElements", "{region=~\"us|eu\"}", "up{region!=\"us\",region!=\"eu\"}",
             false},
        Case{"SecondLabelDecides", "{region=\"us\",dc=\"1\"}", "up{region=\"us\",dc=\"2\"}", false},
        Case{"MetricNameRoute", "{__name__=~\"node_.*\"}", "up", false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(GroupsToAskTest, AGroupWithoutARouteIsAlwaysAsked) {
  std::vector<Route> routes;
  routes.push_back({selector("{region=\"us\"}"), {0}});
  routes.push_back({selector("{region=\"eu\"}"), {1}});
  routes.push_back({selector("{region=\"asia\"}"), {1}});
  EXPECT_EQ(groups_to_ask(routes, selector("up{region=\"us\"}"), 3),
            (std::vector<bool>{true, false, true}));
  EXPECT_EQ(groups_to_ask(routes, selector("up{region=\"asia\"}"), 3),
            (std::vector<bool>{false, true, true}));
  EXPECT_EQ(groups_to_ask(routes, selector("up"), 3), (std::vector<bool>{true, true, true}));
  EXPECT_EQ(groups_to_ask(routes, selector("up{region=\"mars\"}"), 3),
            (std::vector<bool>{false, false, true}));
}

using Set = std::vector<std::string>;

TEST(FiniteSetTest, LiteralsAlternativesAndGroups) {
  EXPECT_EQ(model::finite_set("us"), Set{"us"});
  EXPECT_EQ(model::finite_set("us|eu"), (Set{"eu", "us"}));
  EXPECT_EQ(model::finite_set("us-(east|west)|eu"), (Set{"eu", "us-east", "us-west"}));
  EXPECT_EQ(model::finite_set("(?:a|b)(c|d)"), (Set{"ac", "ad", "bc", "bd"}));
  EXPECT_EQ(model::finite_set("a\\.b"), Set{"a.b"});
  EXPECT_EQ(model::finite_set("a|a"), Set{"a"});
  EXPECT_EQ(model::finite_set("a|"), (Set{"", "a"}));
  EXPECT_EQ(model::finite_set(""), Set{""});
}

TEST(FiniteSetTest, NothingForWhatIsOpenOrBroken) {
  for (const char* expression : {".*", "a.b", "a+", "a?", "[ab]", "a{2}", "(?i)us", "(a|b)*", "\\d",
                                 "^a$", "(a", "a)", "\\"}) {
    EXPECT_FALSE(model::finite_set(expression)) << expression;
  }
  EXPECT_FALSE(model::finite_set("(a|b)(a|b)(a|b)(a|b)", 15));
}

}  // namespace
}  // namespace mread::merger
