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

std::string expanded(const std::string& text) {
  const yaml::Node node = yaml::Node::parse(text, "t.yaml");
  expand(node, scope());
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
    testing::Values(Case{"WholeScalar", "{a: '${prometheus}'}", "{a: v3.5}"},
                    Case{"WithinText", "{a: 'x-${prometheus}-${path}'}", "{a: x-v3.5-direct}"},
                    Case{"Choice", "{a: \"${path == direct ? '1s' : '2s'}\"}", "{a: 1s}"},
                    Case{"BraceInQuotes", "{a: \"${path == direct ? '}' : '2s'}\"}", "{a: \"}\"}"},
                    Case{"Structure", "{a: '${urls}'}", "{a: [a, b]}"},
                    Case{"StructureInList", "['${urls}', c]", "[[a, b], c]"},
                    Case{"Escaped", "{a: '$${path}'}", "{a: \"${path}\"}"},
                    Case{"RelabelGroupsStay", "{a: '${1}:9100'}", "{a: \"${1}:9100\"}"},
                    Case{"DollarAloneStays", "{a: 'up$'}", "{a: up$}"},
                    Case{"ItemStays", "[{x: 1, when: path == direct}, {x: 2}]", "[{x: 1}, {x: 2}]"},
                    Case{"ItemsGo",
                         "[{x: 1, when: path == merged}, {x: 2}, {x: 3, when: path == merged}]",
                         "[{x: 2}]"},
                    Case{"KeyGoes", "{m: {x: 1, when: path == merged}, n: {y: 1}}", "{n: {y: 1}}"},
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
        ErrorCase{"InKey", "{'${path}': 1}", "replaced in values, not in keys"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Expand, KeepsPlacesForLaterErrors) {
  const yaml::Node node = yaml::Node::parse("a:\n  b: ${path}\n", "t.yaml");
  expand(node, scope());
  try {
    node.mapping().require("a").mapping().require("b").integer();
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("t.yaml:2:6: want a whole number, got \"direct\""));
  }
}

}  // namespace
}  // namespace mread::scenarios
