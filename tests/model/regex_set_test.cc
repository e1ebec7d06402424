#include "model/regex_set.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "model/repeated.h"

namespace mread::model {
namespace {

struct Case {
  const char* name;
  const char* expression;
  std::optional<std::vector<std::string>> words;
};

class FiniteSetTest : public testing::TestWithParam<Case> {};

TEST_P(FiniteSetTest, IsSortedAndHasEachWordOnce) {
  EXPECT_EQ(finite_set(GetParam().expression), GetParam().words);
}

using Words = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(
    Expressions, FiniteSetTest,
    testing::Values(Case{"Alternatives", "us|eu|us", Words{"eu", "us"}},
                    Case{"Groups", "us-(east|west)", Words{"us-east", "us-west"}},
                    Case{"EscapedPunctuation", "a\\.b", Words{"a.b"}}, Case{"Empty", "", Words{""}},
                    Case{"AnEmptyAlternative", "a|", Words{"", "a"}},
                    Case{"AClass", "[ab]", std::nullopt},
                    Case{"AnEscapedLetter", "\\d", std::nullopt}, Case{"ADot", "a.b", std::nullopt},
                    Case{"Repetition", "ab*", std::nullopt}, Case{"Flags", "(?i)a", std::nullopt},
                    Case{"AnAnchor", "^a$", std::nullopt}, Case{"NotClosed", "(a", std::nullopt},
                    Case{"ClosedTwice", "a)", std::nullopt}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(RegexSetTest, TheNumberOfWordsIsBounded) {
  EXPECT_EQ(finite_set("(a|b)(c|d)", 4)->size(), 4U);
  EXPECT_FALSE(finite_set("(a|b)(c|d)", 3));
}

// A list of words is looked up, so it must be what RE2 makes of it.
TEST(RegexSetTest, ListedWordsAreWhatRe2Matches) {
  for (const std::string text :
       {"a|b", "a\\.b|c", "(a|b)(c|d)", "(?:x|)y", "a\\-b", "|", "()", "ä|ö"}) {
    const auto words = finite_set(text);
    ASSERT_TRUE(words) << text;
    for (const char* const value :
         {"", "a", "b", "ac", "bd", "a.b", "axb", "c", "y", "xy", "a-b", "ä", "ö"}) {
      EXPECT_EQ(std::binary_search(words->begin(), words->end(), std::string(value)),
                re2::RE2::FullMatch(value, text))
          << text << " " << value;
    }
  }
}

TEST(RegexSetTest, BytesAreBounded) {
  const std::string doubled = repeated("(a|b)", 9);
  EXPECT_TRUE(finite_set(doubled + std::string(1000, 'c')));
  EXPECT_FALSE(finite_set(doubled + std::string(100'000, 'c')));
  EXPECT_TRUE(finite_set(std::string(200'000, 'c')));
}

}  // namespace
}  // namespace mread::model
