#include "scenarios/language/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> cases_of(const std::string& text) {
  std::vector<std::string> out;
  for (const MatrixCase& one : expand_matrix(yaml::Node::parse(text, "m.yaml")))
    out.push_back(to_string(one));
  return out;
}

TEST(Matrix, IsTheProductWithTheLastAxisChangingFastest) {
  EXPECT_THAT(cases_of("{a: [1, 2], b: [x, y]}"),
              ElementsAre("a=1 b=x", "a=1 b=y", "a=2 b=x", "a=2 b=y"));
}

TEST(Matrix, ExcludesByAllKeysOfAnEntry) {
  EXPECT_THAT(cases_of("{a: [1, 2], b: [x, y], exclude: [{a: 1, b: y}, {a: 2, b: x}]}"),
              ElementsAre("a=1 b=x", "a=2 b=y"));
  EXPECT_THAT(cases_of("{a: [1, 2], b: [x, y], exclude: [{a: 1}]}"),
              ElementsAre("a=2 b=x", "a=2 b=y"));
}

// The example of GitHub's documentation of `include`, in our words.
TEST(Matrix, IncludesAsGitHubDoes) {
  EXPECT_THAT(
      cases_of("{fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, {color: pink, "
               "animal: cat}, "
               "{fruit: apple, shape: circle}, {fruit: banana}, {fruit: banana, animal: cat}]}"),
      ElementsAre("fruit=apple animal=cat color=pink shape=circle",
                  "fruit=apple animal=dog color=green shape=circle",
                  "fruit=pear animal=cat color=pink", "fruit=pear animal=dog color=green",
                  "fruit=banana", "fruit=banana animal=cat"));
}

TEST(Matrix, IncludeAloneMakesTheCases) {
  EXPECT_THAT(cases_of("{include: [{a: 1, b: x}, {a: 2, b: y}]}"),
              ElementsAre("a=1 b=x", "a=2 b=y"));
}

struct ErrorCase {
  const char* name;
  const char* text;
  const char* message;
};

class MatrixErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(MatrixErrorTest, NamesThePlace) {
  try {
    cases_of(GetParam().text);
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Errors, MatrixErrorTest,
    testing::Values(ErrorCase{"NoList", "{a: 1}", "m.yaml:1:5: want a list"},
                    ErrorCase{"NoValues", "{a: []}", "m.yaml:1:5: axis \"a\" has no values"},
                    ErrorCase{"Twice", "{a: [1, 1]}", "m.yaml:1:9: \"1\" stands here twice"},
                    ErrorCase{"Structure", "{a: [[1]]}",
                              "m.yaml:1:6: a value of a matrix is a word"},
                    ErrorCase{"Name", "{a-b: [1]}", "m.yaml:1:2: \"a-b\" cannot be an axis"},
                    ErrorCase{"UnknownAxis", "{prometheus: [1], exclude: [{promtheus: 1}]}",
                              "did you mean \"prometheus\"?"},
                    ErrorCase{"ExcludesNothing", "{a: [1], exclude: [{a: 2}]}",
                              "m.yaml:1:20: excludes nothing"},
                    ErrorCase{"NothingLeft", "{a: [1], exclude: [{a: 1}]}", "no case left"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::scenarios
