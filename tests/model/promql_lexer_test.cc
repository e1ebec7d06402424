#include "model/promql_lexer.h"

#include <gtest/gtest.h>

namespace mread::model {
namespace {

struct Case {
  const char* name;
  std::string text;
  std::string value;  // Of the string; "!MESSAGE @OFFSET" where it is refused.
};

class LexerStringTest : public testing::TestWithParam<Case> {};

TEST_P(LexerStringTest, ReadsAsGoDoes) {
  PromqlLexer lexer(GetParam().text);
  const auto value = lexer.string();
  EXPECT_EQ(
      value ? *value : "!" + value.error().message + " @" + std::to_string(value.error().offset),
      GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Strings, LexerStringTest,
    testing::Values(
        Case{"DoubleQuotes", R"("a'b")", "a'b"}, Case{"SingleQuotes", R"('a"b')", "a\"b"},
        Case{"Backticks", R"(`a\n"b`)", "a\\n\"b"}, Case{"BackticksOverLines", "`a\nb`", "a\nb"},
        Case{"Letters", R"("\a\b\f\n\r\t\v\\\"")", "\a\b\f\n\r\t\v\\\""},
        Case{"Hexadecimal", R"("\x41\xff")", "A\xff"}, Case{"Octal", R"("\101")", "A"},
        Case{"Unicode", R"("\u00e9\U0001F600")", "é😀"}, Case{"SpaceBefore", " \t\n \"a\"", "a"},
        Case{"NotClosed", "\"abc", "!the string is not closed @0"},
        Case{"ALineEndWithin", "\"a\nb\"", "!the string is not closed @0"},
        Case{"TheOtherQuoteEscaped", R"("\'")", "!unknown escape sequence in the string @1"},
        Case{"AnUnknownLetter", R"("ab\q")", "!unknown escape sequence in the string @3"},
        Case{"TooFewDigits", R"("\x4")", "!unknown escape sequence in the string @1"},
        Case{"ASurrogate", R"("\ud800")", "!unknown escape sequence in the string @1"},
        Case{"BeyondUnicode", R"("\U00110000")", "!unknown escape sequence in the string @1"},
        Case{"OctalAboveAByte", R"("\777")", "!unknown escape sequence in the string @1"},
        Case{"EndsInABackslash", "\"\\", "!unknown escape sequence in the string @1"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(PromqlLexerTest, IdentifiersHaveColonsOnlyOnRequest) {
  PromqlLexer metric("job:up:sum5{");
  EXPECT_EQ(metric.identifier(true), "job:up:sum5");
  EXPECT_EQ(metric.offset(), 11U);
  PromqlLexer label("  job:up");
  EXPECT_EQ(label.identifier(false), "job");
  EXPECT_EQ(PromqlLexer("5a").identifier(true), "");
}

TEST(PromqlLexerTest, TakesTokensBehindSpace) {
  PromqlLexer lexer(" \n=~ x");
  EXPECT_FALSE(lexer.take("!="));
  EXPECT_TRUE(lexer.take("=~"));
  lexer.skip_space();
  EXPECT_EQ(lexer.here(), "\"x\"");
  EXPECT_TRUE(lexer.take("x"));
  EXPECT_TRUE(lexer.at_end());
  EXPECT_EQ(lexer.here(), "the end");
  EXPECT_EQ(lexer.peek(), '\0');
}

TEST(PromqlLexerTest, ErrorsHaveTheirOffsetWhereItIsAskedFor) {
  size_t offset = 0;
  EXPECT_EQ(PromqlLexer::error({7, "no"}, &offset).value().context, "no");
  EXPECT_EQ(offset, 7U);
  EXPECT_EQ(PromqlLexer::error({7, "no"}, nullptr).value().context, "offset 7: no");
}

}  // namespace
}  // namespace mread::model
