#include "model/regex.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "model/matcher.h"
#include "model/repeated.h"

namespace mread::model {
namespace {

using Use = RegexBudget::Use;

// "PREFIX0001SUFFIX|PREFIX0002SUFFIX|…"
std::string alternatives(size_t count, std::string_view prefix, std::string_view suffix) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text +=
        (i == 0 ? "" : "|") + std::string(prefix) + std::to_string(1000 + i) + std::string(suffix);
  }
  return text;
}

std::shared_ptr<const Regex> make(std::string_view text, Use use = Use::matched) {
  RegexBudget budget(use);
  auto regex = Regex::create(text, budget);
  EXPECT_TRUE(regex) << regex.error().to_string();
  return regex ? *regex : nullptr;
}

struct Attack {
  const char* name;
  std::string text;
};
void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }
class RegexAttackTest : public testing::TestWithParam<Attack> {};

// Nothing of this may reach RE2 for longer than the estimate allows, whichever the use.
TEST_P(RegexAttackTest, IsRefusedOrBounded) {
  for (const Use use : {Use::matched, Use::passed_on}) {
    RegexBudget budget(use);
    const auto regex = Regex::create(GetParam().text, budget);
    if (use == Use::matched) {
      ASSERT_FALSE(regex);
    }
    if (!regex) {
      EXPECT_TRUE(regex.error().is(Errc::limit)) << regex.error().to_string();
      EXPECT_LT(regex.error().context.size(), 300U);
      continue;
    }
    EXPECT_EQ((*regex)->matches("x"), std::nullopt);
    EXPECT_FALSE((*regex)->is_compiled());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, RegexAttackTest,
    testing::Values(Attack{"UnicodeClasses", repeated("\\pL", 4800)},
                    Attack{"UnicodeClassesInBrackets", repeated("[^\\pL]", 2400)},
                    Attack{"FoldedRanges", "(?i)" + repeated("[\\x{80}-\\x{10ffff}]", 2000)},
                    Attack{"OptionalCopies", repeated("a{0,999}", 1600)},
                    Attack{"ShortOptionalCopies", repeated("a{0,99}", 2057)},
                    Attack{"NestedCopies", repeated("((a{0,9}){0,9}){0,9}", 300)},
                    Attack{"Copies", repeated("(.{100}){9}.*", 2000)},
                    Attack{"Optional", repeated("a?", 60'000)},
                    Attack{"Long", std::string(300'000, 'a')}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(RegexTest, FiveThousandAlternativesMatch) {
  const auto words = make("(" + alternatives(5000, "host-", "\\.example\\.com") + ")");
  EXPECT_EQ(words->matches("host-1007.example.com"), true);
  EXPECT_EQ(words->matches("host-1007xexample.com"), false);
  EXPECT_FALSE(words->is_compiled());

  for (const Use use : {Use::matched, Use::passed_on}) {
    const auto dots = make("(" + alternatives(5000, "host-", ".example.com") + ")", use);
    EXPECT_EQ(dots->matches("host-5999.example.com"), true);
    EXPECT_EQ(dots->matches("host-5999xexample.com"), true);
    EXPECT_EQ(dots->matches("host-6000.example.com"), false);
  }
}

TEST(RegexTest, FiveThousandAlternativesWithCountedRepetitionsMatch) {
  for (const char* const around : {"", "()"}) {
    const std::string open(around[0] == '\0' ? "" : "(");
    const std::string text =
        open + alternatives(5000, "host-", ".{3,20}") + (open.empty() ? "" : ")");
    const auto regex = make(text);
    EXPECT_EQ(regex->matches("host-1000.example"), true);
    EXPECT_EQ(regex->matches("host-5999.example"), true);
    EXPECT_EQ(regex->matches("host-5999.e"), false);
    EXPECT_EQ(regex->matches("host-6000.example"), false);
  }
}

TEST(RegexTest, WhatIsOnlyPassedOnIsNotCompiledBeforeItIsMatched) {
  const auto regex = make("a.*", Use::passed_on);
  EXPECT_FALSE(regex->is_compiled());
  EXPECT_EQ(regex->matches("ab"), true);
  EXPECT_EQ(regex->matches("ba"), false);
  EXPECT_TRUE(regex->is_compiled());
  regex->release();
  EXPECT_FALSE(regex->is_compiled());
  EXPECT_EQ(regex->matches("ab"), true);
}

TEST(RegexTest, EqualExpressionsAreOne) {
  RegexBudget budget;
  const std::string text = repeated("\\pL", 300);
  const auto first = Regex::create(text, budget);
  ASSERT_TRUE(first) << first.error().to_string();
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(*Regex::create(text, budget), *first);
}

TEST(RegexTest, TheBudgetIsForAllExpressionsOfARequest) {
  RegexBudget budget(Use::passed_on);
  int made = 0;
  auto regex = Regex::create("x", budget);
  for (; regex && made < 1000; ++made)
    regex = Regex::create(repeated("\\pL", 100) + std::to_string(made), budget);
  ASSERT_FALSE(regex);
  EXPECT_GT(made, 10);
  EXPECT_LT(made, 30);
  EXPECT_EQ(regex.error().to_string(),
            "is too costly: reading it takes about 4 MiB of memory, and 64 MiB are allowed for all "
            "expressions of a "
            "request; use fewer counted repetitions and Unicode classes");

  RegexBudget bytes(Use::passed_on);
  made = 0;
  for (regex = Regex::create("x", bytes); regex && made < 1000; ++made) {
    regex = Regex::create(std::string(200'000, 'a') + std::to_string(made), bytes);
  }
  EXPECT_EQ(made, 6);
  EXPECT_EQ(regex.error().to_string(),
            "is one too many: all expressions of a request together may have 1048576 bytes; ask in "
            "several requests");
}

// What compiling takes is given back.
TEST(RegexTest, ProgramsAreCountedWhileTheyAreHeld) {
  RegexBudget budget(Use::passed_on);
  std::vector<std::shared_ptr<const Regex>> all;
  for (int i = 0; i < 300; ++i)
    all.push_back(*Regex::create("a.{9}b" + std::to_string(i) + ".*", budget));
  size_t known = 0;
  for (const auto& each : all) known += each->matches("x") ? 1 : 0;
  EXPECT_GT(known, 50U);
  EXPECT_LT(known, all.size());
  for (const auto& each : all) {
    EXPECT_EQ(each->is_compiled(), known > 0);
    if (known > 0) --known;
    each->release();
  }
  EXPECT_EQ(all.back()->matches("x"), false);
}

TEST(RegexTest, ErrorsAreShort) {
  const auto matcher = Matcher::create(MatchType::regex, "job", "(" + std::string(14'000, 'a'));
  ASSERT_FALSE(matcher);
  EXPECT_TRUE(matcher.error().is(Errc::malformed));
  EXPECT_TRUE(matcher.error().context.starts_with("the regular expression \"(aaaa"));
  EXPECT_NE(matcher.error().context.find("of the label \"job\" is invalid: missing )"),
            std::string::npos);
  EXPECT_LT(matcher.error().context.size(), 350U);

  const auto large = Matcher::create(MatchType::regex, "job", repeated("\\pL", 4800));
  ASSERT_FALSE(large);
  EXPECT_TRUE(large.error().is(Errc::limit));
  EXPECT_NE(
      large.error().context.find("of the label \"job\" is too costly: reading it takes about 15"),
      std::string::npos)
      << large.error().context;
  EXPECT_LT(large.error().context.size(), 400U);
}

TEST(RegexTest, AMatcherThatCannotKnowMatches) {
  RegexBudget budget(Use::passed_on);
  const std::string text = repeated("a{0,99}", 300);
  for (const MatchType type : {MatchType::regex, MatchType::not_regex}) {
    const auto matcher = Matcher::create(type, "job", text, budget);
    ASSERT_TRUE(matcher) << matcher.error().to_string();
    EXPECT_TRUE(matcher->matches("a"));
    EXPECT_TRUE(matcher->matches("b"));
  }
}

}  // namespace
}  // namespace mread::model
