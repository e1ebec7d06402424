#include "scenarios/language/expand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using testing::HasSubstr;

Scope scope() {
  Scope scope;
  scope.set("prometheus", {"v3.5", {}});
  scope.set("path", {"direct", {}});
  scope.set("urls", {"", yaml::Node::parse("[a, b]", "t.yaml")});
  return scope;
}

void expand_all(const yaml::Node& node) {
  ExpansionBudget budget;
  expand(node, {}, scope(), {{"collector", 3}, {"none", 0}}, budget);
}

std::string expanded(const std::string& text) {
  const yaml::Node node = yaml::Node::parse(text, "t.yaml");
  expand_all(node);
  return yaml::Node::parse(text, "t.yaml").is_null() ? "" : node.dump();
}

struct Case {
  const char* name;
  const char* text;
  const char* want;
};

class ExpandTest : public testing::TestWithParam<Case> {};

TEST_P(ExpandTest, Gives) { EXPECT_EQ(expanded(GetParam().text), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Cases, ExpandTest,
    testing::Values(
        Case{"WholeScalar", "{a: '${prometheus}'}", "{a: v3.5}"},
        Case{"WithinText", "{a: 'x-${prometheus}-${path}'}", "{a: x-v3.5-direct}"},
        Case{"Choice", "{a: \"${path == direct ? '1s' : '2s'}\"}", "{a: 1s}"},
        Case{"BraceInQuotes", "{a: \"${path == direct ? '}' : '2s'}\"}", "{a: \"}\"}"},
        Case{"Structure", "{a: '${urls}'}", "{a: [a, b]}"},
        Case{"StructureInList", "['${urls}', c]", "[[a, b], c]"},
        Case{"Escaped", "{a: '$${path}'}", "{a: \"${path}\"}"},
        Case{"RelabelGroupsStay", "{a: '${1}:9100'}", "{a: \"${1}:9100\"}"},
        Case{"DollarAloneStays", "{a: 'up$'}", "{a: up$}"},
        Case{"ItemStays", "[{x: 1, when: path == direct}, {x: 2}]", "[{x: 1}, {x: 2}]"},
        Case{"ItemsGo", "[{x: 1, when: path == merged}, {x: 2}, {x: 3, when: path == merged}]",
             "[{x: 2}]"},
        Case{"KeyGoes", "{m: {x: 1, when: path == merged}, n: {y: 1}}", "{n: {y: 1}}"},
        Case{"Each", "[a, {each: 2, x: 'n-${index}'}, b]", "[a, {x: n-0}, {x: n-1}, b]"},
        Case{"EachOfANode", "[{each: collector, x: ['${index}']}]",
             "[{x: [0]}, {x: [1]}, {x: [2]}]"},
        Case{"EachOfANodeThatIsNotThere", "[a, {each: none, x: 1}]", "[a]"},
        Case{"EachNever", "[{each: 0, x: 1}]", "[]"},
        Case{"EachByAVariable", "[{each: \"${path == direct ? '2' : '9'}\", x: 1}]",
             "[{x: 1}, {x: 1}]"},
        Case{"EachItem", "[{each: 2, item: 'n-${index}'}, c]", "[n-0, n-1, c]"},
        Case{"EachWithWhen", "[{each: 2, x: 1, when: path == merged}, {x: 2}]", "[{x: 2}]"},
        Case{"EachWithinEach", "[{each: 2, x: '${index}', y: [{each: 2, z: '${index}'}]}]",
             "[{x: 0, y: [{z: 0}, {z: 1}]}, {x: 1, y: [{z: 0}, {z: 1}]}]"},
        Case{"EachBehindItemsThatGo", "{m: [{x: 1, when: path == merged}, {each: 1, x: 2}]}",
             "{m: [{x: 2}]}"},
        Case{"NamesOfNodes", "{m: [a, 'collector-*', 'none-*']}",
             "{m: [a, collector-0, collector-1, collector-2]}"},
        Case{"OtherStarsStay", "[other-*, 'collector*', '*']", "[other-*, collector*, \"*\"]"},
        Case{"NestedWhen", "{m: [{n: {when: path == direct, a: '${path}'}}]}",
             "{m: [{n: {a: direct}}]}"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

struct ErrorCase {
  const char* name;
  const char* text;
  const char* message;
};

class ExpandErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(ExpandErrorTest, NamesThePlace) {
  try {
    expanded(GetParam().text);
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Errors, ExpandErrorTest,
    testing::Values(
        ErrorCase{"UnknownName", "a: x-${promtheus}",
                  "t.yaml:1:8: unknown name \"promtheus\"; did you mean"},
        ErrorCase{"NotClosed", "a: x${prometheus", "t.yaml:1:5: \"${\" is not closed"},
        ErrorCase{"StructureWithinText", "a: x${urls}", "t.yaml:1:5: \"urls\" is a list"},
        ErrorCase{"BadWhen", "- {x: 1, when: path = direct}", "t.yaml:1:21: unexpected \"=\""},
        ErrorCase{"EachOfAnUnknownNode", "- {each: colector, x: 1}",
                  "t.yaml:1:10: each: wants a number, or a node with count:, got \"colector\"; did "
                  "you mean \"collector\""},
        ErrorCase{"EachTooOften", "- {each: 10001, x: 1}",
                  "t.yaml:1:10: want a whole number from 0 to 10000, got \"10001\""},
        ErrorCase{"IndexOutside", "- {x: '${index}'}", "unknown name \"index\""},
        ErrorCase{"EachTooMuch", "[{each: 10000, x: [{each: 10000, y: [{each: 10000, z: 1}]}]}]",
                  "count: and each: repeat too much"},
        ErrorCase{"InKey", "{'${path}': 1}", "replaced in values, not in keys"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Expand, KeepsPlacesForLaterErrors) {
  const yaml::Node node = yaml::Node::parse("a:\n  b: ${path}\n", "t.yaml");
  expand_all(node);
  try {
    node.mapping().require("a").mapping().require("b").integer();
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("t.yaml:2:6: want a whole number, got \"direct\""));
  }
}

TEST(Expand, PlacesOfCopiesAreThoseOfTheirLines) {
  const yaml::Node node = yaml::Node::parse("- {each: 2, x: 1}\n- a\n- collector-*\n", "t.yaml");
  expand_all(node);
  const auto items = node.sequence();
  ASSERT_EQ(items.size(), 6U);
  EXPECT_EQ(items[1].place(), "t.yaml:1:3");
  EXPECT_EQ(items[1].mapping().require("x").place(), "t.yaml:1:16");
  EXPECT_EQ(items[2].place(), "t.yaml:2:3");
  EXPECT_EQ(items[5].place(), "t.yaml:3:3");
}

TEST(Expand, LargeDocumentsAreNotCopiedForGood) {
  const std::string text = "- {each: 10000, x: " + std::string(10'000, 'a') + "}\n";
  const yaml::Node node = yaml::Node::parse(text, "t.yaml");
  try {
    expand_all(node);
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("16 MiB in all"));
  }
}

// The document {nodes: NODES}, expanded.
std::string expanded_nodes(const std::string& nodes) {
  const yaml::Node document = yaml::Node::parse("nodes: " + nodes, "t.yaml");
  const yaml::Node node = document.mapping().require("nodes");
  ExpansionBudget budget;
  expand_nodes(node, scope(), count_nodes(node, scope()), budget);
  return node.dump();
}

TEST(ExpandNodes, ACountMakesSeveral) {
  EXPECT_EQ(expanded_nodes("{a: {kind: x}, c: {count: 2, kind: mock, i: '${index}'}, z: {}}"),
            "{a: {kind: x}, c-0: {kind: mock, i: 0}, c-1: {kind: mock, i: 1}, z: {}}");
}

TEST(ExpandNodes, WhenDecidesAboutAllOfThem) {
  EXPECT_EQ(expanded_nodes("{c: {count: 2, when: path == merged}, d: {count: 1, when: path == "
                           "direct, x: ['c-*', 'd-*']}}"),
            "{d-0: {x: [d-0]}}");
}

TEST(ExpandNodes, OtherNodesNameThemTogether) {
  EXPECT_EQ(expanded_nodes("{c: {count: 2}, q: {count: 2, read: [{each: c, url: 'c-${index}'}]}}"),
            "{c-0: {}, c-1: {}, q-0: {read: [{url: c-0}, {url: c-1}]}, q-1: {read: [{url: c-0}, "
            "{url: c-1}]}}");
}

TEST(ExpandNodes, NamesDifferFromThoseOfOtherNodes) {
  try {
    expanded_nodes("{c: {count: 2}, c-1: {}}");
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("t.yaml:1:24: \"c-1\" is one of the nodes of an entry"));
  }
  EXPECT_EQ(expanded_nodes("{c: {count: 2}, c-2: {}}"), "{c-0: {}, c-1: {}, c-2: {}}");
}

TEST(ExpandNodes, ACountHasBounds) {
  for (const char* count : {"0", "-1", "1001", "many", "1.5", "[1]"}) {
    EXPECT_THROW(expanded_nodes("{c: {count: " + std::string(count) + "}}"), yaml::ConfigError)
        << count;
  }
}

}  // namespace
}  // namespace mread::scenarios
