#include "scenarios/language/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

Scope scope() {
  Scope scope;
  scope.set("prometheus", {"v2.53", {}});
  scope.set("query_path", {"direct", {}});
  scope.set("timeout", {"8s", {}});
  scope.set("replicas", {"10", {}});
  scope.set("mirrored", {"true", {}});
  scope.set("urls", {"", yaml::Node::parse("[a, b]", "t.yaml")});
  return scope;
}

struct ConditionCase {
  const char* name;
  const char* text;
  bool want;
};

class ConditionTest : public testing::TestWithParam<ConditionCase> {};

TEST_P(ConditionTest, Holds) {
  const auto got = evaluate_condition(GetParam().text, scope());
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Conditions, ConditionTest,
    testing::Values(
        ConditionCase{"TextEquals", "query_path == direct", true},
        ConditionCase{"TextDiffers", "query_path != direct", false},
        ConditionCase{"QuotedText", "query_path == 'direct'", true},
        ConditionCase{"VersionWithAndWithoutV", "prometheus == 2.53", true},
        ConditionCase{"LongerVersionIsTheSame", "prometheus == v2.53.3", true},
        ConditionCase{"VersionsAreNoFractions", "prometheus > v2.6", true},
        ConditionCase{"NewerVersion", "prometheus >= 3.0", false},
        ConditionCase{"OlderVersion", "prometheus < 3", true},
        ConditionCase{"DurationsByMeaning", "timeout == 8000ms", true},
        ConditionCase{"DurationsInOrder", "timeout <= 1m", true},
        ConditionCase{"NumbersInOrder", "replicas > 9", true},
        ConditionCase{"InList", "query_path in [merged, direct]", true},
        ConditionCase{"NotInList", "query_path in [merged]", false},
        ConditionCase{"NameAlone", "mirrored", true}, ConditionCase{"Not", "!mirrored", false},
        ConditionCase{"AndBindsTighter", "mirrored || mirrored && query_path == x", true},
        ConditionCase{"Parentheses", "(mirrored || mirrored) && query_path == x", false},
        ConditionCase{"NotOfParentheses", "!(query_path == merged || prometheus >= 3.0)", true}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

struct ValueCase {
  const char* name;
  const char* text;
  const char* want;
};

class ValueTest : public testing::TestWithParam<ValueCase> {};

TEST_P(ValueTest, Is) {
  const auto got = evaluate_value(GetParam().text, scope());
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->is_text() ? got->text : got->structure->dump(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Values, ValueTest,
    testing::Values(ValueCase{"Name", "prometheus", "v2.53"},
                    ValueCase{"Structure", "urls", "[a, b]"},
                    ValueCase{"Choice", "query_path == direct ? 8s : 2s", "8s"},
                    ValueCase{"ChoiceOfQuoted", "query_path == merged ? 'a b' : 'c d'", "c d"},
                    ValueCase{"ChoiceOfNames", "mirrored ? urls : prometheus", "[a, b]"},
                    ValueCase{"ChoiceInChoice", "prometheus >= 3.0 ? 1 : mirrored ? 2 : 3", "2"},
                    ValueCase{"InInChoice", "query_path in [a, direct] ? 1 : 2", "1"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

struct ErrorCase {
  const char* name;
  const char* text;
  size_t offset;
  const char* message;
};

class ExpressionErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(ExpressionErrorTest, NamesThePlace) {
  const auto got = evaluate_value(GetParam().text, scope());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().offset, GetParam().offset);
  EXPECT_THAT(got.error().message, testing::HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Errors, ExpressionErrorTest,
    testing::Values(ErrorCase{"UnknownNameNearest", "promtheus", 0, "did you mean \"prometheus\"?"},
                    ErrorCase{"UnknownNameInCondition", "query_pat == a ? 1 : 2", 0,
                              "did you mean \"query_path\"?"},
                    ErrorCase{"BareWordAsValue", "mirrored ? something : 2", 11, "quote it"},
                    ErrorCase{"NotComparable", "query_path > 3 ? 1 : 2", 13, "cannot be ordered"},
                    ErrorCase{"NoBoolean", "query_path ? 1 : 2", 0, "not true or false"},
                    ErrorCase{"StructureCompared", "urls == a ? 1 : 2", 0, "list or a mapping"},
                    ErrorCase{"SingleEquals", "query_path = direct ? 1 : 2", 11, "equality is =="},
                    ErrorCase{"OpenQuote", "query_path == 'dir", 14, "not closed"},
                    ErrorCase{"NoSecondValue", "mirrored ? 1", 12, "want :"},
                    ErrorCase{"MoreThanAValue", "prometheus x", 11, "unexpected \"x\""},
                    ErrorCase{"Empty", "", 0, "want a name"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ExpressionErrors, WithoutAnyName) {
  const auto got = evaluate_condition("a == b", Scope());
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, testing::HasSubstr("there is no matrix: and no vars:"));
}

std::string repeated(const std::string& unit, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += unit;
  return text;
}

TEST(ExpressionDepth, IsBounded) {
  EXPECT_TRUE(
      evaluate_condition(repeated("(", 90) + "mirrored" + repeated(")", 90), scope()).value());
  EXPECT_FALSE(evaluate_condition(repeated("!", 9'001) + "mirrored", scope()).value())
      << "negations are no levels";
  const std::string deep = "more than 100 deep";
  EXPECT_THAT(evaluate_condition(repeated("(", 9'000), scope()).error().message,
              testing::HasSubstr(deep));
  EXPECT_THAT(evaluate_condition(repeated("!(", 4'000), scope()).error().message,
              testing::HasSubstr(deep));
  EXPECT_THAT(evaluate_value(repeated("mirrored?", 1'000), scope()).error().message,
              testing::HasSubstr(deep));
  EXPECT_EQ(evaluate_condition(repeated("(", 1'000'000), scope()).error().message,
            "an expression of more than 10000 bytes");
  EXPECT_EQ(evaluate_value(repeated("mirrored?", 1'000'000), scope()).error().message,
            "an expression of more than 10000 bytes");
}

}  // namespace
}  // namespace mread::scenarios
