#include "model/matcher.h"

#include <gtest/gtest.h>

#include "model/broken_text.h"
#include "model/sample.h"

namespace mread::model {
namespace {

Matcher make(MatchType type, const char* value) {
  auto matcher = Matcher::create(type, "job", value);
  EXPECT_TRUE(matcher) << matcher.error().to_string();
  return *matcher;
}

struct MatchCase {
  const char* name;
  MatchType type;
  const char* value;
  std::vector<std::string> yes;
  std::vector<std::string> no;
};
void PrintTo(const MatchCase& match, std::ostream* out) { *out << match.name; }
class MatcherTest : public testing::TestWithParam<MatchCase> {};

TEST_P(MatcherTest, Matches) {
  const Matcher matcher = make(GetParam().type, GetParam().value);
  for (const std::string& text : GetParam().yes) EXPECT_TRUE(matcher.matches(text)) << text;
  for (const std::string& text : GetParam().no) EXPECT_FALSE(matcher.matches(text)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Types, MatcherTest,
    testing::Values(
        MatchCase{"Equal", MatchType::equal, "a", {"a"}, {"", "b", "aa"}},     //
        MatchCase{"EqualToEmptyIsAbsent", MatchType::equal, "", {""}, {"a"}},  //
        MatchCase{"NotEqual", MatchType::not_equal, "a", {"", "b"}, {"a"}},    //
        MatchCase{
            "RegexIsAnchored", MatchType::regex, "a|bc", {"a", "bc"}, {"", "ab", "abc", "xa"}},  //
        MatchCase{"RegexMatchesEmpty", MatchType::regex, "a*", {"", "a", "aa"}, {"b"}},          //
        MatchCase{"RegexNot", MatchType::not_regex, "a.+", {"", "a", "ba"}, {"ab"}},             //
        MatchCase{"RegexCaseFlag", MatchType::regex, "(?i)us", {"US", "us"}, {"eu"}},            //
        MatchCase{"RegexClasses", MatchType::regex, R"(\d+\.\w+)", {"1.a"}, {"1a"}},             //
        MatchCase{"DotMatchesNewline", MatchType::regex, "a.b", {"a\nb", "axb"}, {"ab"}},        //
        MatchCase{"DotMatchesOneCodePoint", MatchType::regex, ".", {"\xc3\xa4"}, {"ab"}},        //
        MatchCase{"DollarIsTheEnd", MatchType::regex, "a$", {"a"}, {"a\n"}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(MatcherTest, InvalidExpressionIsQuoted) {
  for (const char* broken : {"a)|(b", "*", "[", "(?<x", "a{2,1}"}) {
    const auto matcher = Matcher::create(MatchType::regex, "job", broken);
    ASSERT_FALSE(matcher) << broken;
    EXPECT_TRUE(matcher.error().is(Errc::malformed));
    EXPECT_NE(matcher.error().to_string().find("the regular expression " + quote(broken)),
              std::string::npos)
        << matcher.error().to_string();
  }
}

TEST(MatcherTest, AbsentLabelIsEmpty) {
  const LabelSet labels{{"__name__", "up"}, {"job", "x"}};
  EXPECT_TRUE(Matcher::equal("zone", "").matches(labels));
  EXPECT_TRUE(Matcher::not_equal("zone", "a").matches(labels));
  EXPECT_FALSE(Matcher::equal("job", "").matches(labels));
  const std::vector<Matcher> both{Matcher::equal("job", "x"), Matcher::equal("zone", "a")};
  EXPECT_FALSE(matches(both, labels));
  EXPECT_TRUE(matches(std::span(both).first(1), labels));
}

struct SelectorCase {
  const char* name;
  const char* text;
  std::vector<std::pair<MatchType, std::pair<std::string, std::string>>> matchers;
  const char* printed;
};
void PrintTo(const SelectorCase& selector, std::ostream* out) { *out << selector.name; }
class SelectorTest : public testing::TestWithParam<SelectorCase> {};

TEST_P(SelectorTest, ParsesAndPrints) {
  const auto matchers = parse_selector(GetParam().text);
  ASSERT_TRUE(matchers) << matchers.error().to_string();
  std::vector<Matcher> want;
  for (const auto& [type, pair] : GetParam().matchers)
    want.push_back(*Matcher::create(type, pair.first, pair.second));
  EXPECT_EQ(*matchers, want);
  EXPECT_EQ(to_string(*matchers), GetParam().printed);
  const auto again = parse_selector(GetParam().printed);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(to_string(*again), GetParam().printed);
}

constexpr auto eq = MatchType::equal;
constexpr auto ne = MatchType::not_equal;
constexpr auto re = MatchType::regex;
constexpr auto nre = MatchType::not_regex;

INSTANTIATE_TEST_SUITE_P(
    Notation, SelectorTest,
    testing::Values(
        SelectorCase{"Name", "up", {{eq, {"__name__", "up"}}}, "up"},  //
        SelectorCase{"AllTypes",
                     R"(up{a="1",b!="2",c=~"3|x",d!~"4",})",
                     {{eq, {"__name__", "up"}},
                      {eq, {"a", "1"}},
                      {ne, {"b", "2"}},
                      {re, {"c", "3|x"}},
                      {nre, {"d", "4"}}},
                     R"(up{a="1",b!="2",c=~"3|x",d!~"4"})"},                                   //
        SelectorCase{"NameInBraces", R"({__name__="up"})", {{eq, {"__name__", "up"}}}, "up"},  //
        SelectorCase{"NameRegex",
                     R"({__name__=~"up|down"})",
                     {{re, {"__name__", "up|down"}}},
                     R"({__name__=~"up|down"})"},  //
        SelectorCase{"TwoOnName",
                     R"({__name__="up",__name__!="x"})",
                     {{eq, {"__name__", "up"}}, {ne, {"__name__", "x"}}},
                     R"({__name__="up",__name__!="x"})"},  //
        SelectorCase{"QuotedName",
                     R"({"http.x",a="b"})",
                     {{eq, {"__name__", "http.x"}}, {eq, {"a", "b"}}},
                     R"({__name__="http.x",a="b"})"},  //
        SelectorCase{
            "QuotedLabel", R"({"a.b"=~"c+"})", {{re, {"a.b", "c+"}}}, R"({"a.b"=~"c+"})"},  //
        SelectorCase{"SameLabelTwice",
                     R"({a="b",a!="c"})",
                     {{eq, {"a", "b"}}, {ne, {"a", "c"}}},
                     R"({a="b",a!="c"})"},  //
        SelectorCase{"Space",
                     " up\n{ a =~ 'b' } ",
                     {{eq, {"__name__", "up"}}, {re, {"a", "b"}}},
                     R"(up{a=~"b"})"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

class BrokenSelectorTest : public testing::TestWithParam<BrokenText> {};

TEST_P(BrokenSelectorTest, NamesThePlace) { expect_place(GetParam(), parse_selector); }

constexpr const char* all_empty =
    "the selector needs at least one matcher that does not match the empty string";

INSTANTIATE_TEST_SUITE_P(
    Errors, BrokenSelectorTest,
    testing::Values(
        BrokenText{"Nothing", "", 0, "expected a metric name or '{', not the end"},               //
        BrokenText{"Braces", "{}", 0, all_empty},                                                 //
        BrokenText{"EmptyValue", R"({a=""})", 0, all_empty},                                      //
        BrokenText{"MatchesAll", R"({a=~".*"})", 0, all_empty},                                   //
        BrokenText{"NotEqual", R"({a!="b"})", 0, all_empty},                                      //
        BrokenText{"NotRegex", R"( {a!~"b"})", 1, all_empty},                                     //
        BrokenText{"NameTwice", R"(up{__name__="x"})", 3, "the metric name is given twice"},      //
        BrokenText{"Operator", R"(up{a=="x"})", 5, R"(expected a quoted value, not "=\"x\"}")"},  //
        BrokenText{"NoOperator", R"(up{a})", 4, R"(expected one of = != =~ !~, not "}")"},        //
        BrokenText{"Range", "up[5m]", 2, R"(expected the end of the selector, not "[5m]")"},      //
        BrokenText{"Expression", "up{a=~\"(\"}", 6,
                   R"(the regular expression "(" of the label "a" is invalid: missing ): ()"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(SampleTest, NansAreKeptApart) {
  const Sample stale{1, stale_nan_bits};
  const Sample nan{1, normal_nan_bits};
  EXPECT_TRUE(is_stale(stale.bits));
  EXPECT_FALSE(is_stale(nan.bits));
  EXPECT_NE(stale, nan);
  EXPECT_EQ(nan, nan);
  EXPECT_NE(Sample::of(1, 0.0), Sample::of(1, -0.0));
  EXPECT_EQ(Sample::of(1, 2.5).value(), 2.5);
}

}  // namespace
}  // namespace mread::model
