#include "model/regex_cost.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "model/repeated.h"

namespace mread::model {
namespace {

const std::vector<std::string>& units() {
  static const std::vector<std::string> units{"a",
                                              "é",
                                              "€",
                                              ".",
                                              "\\d",
                                              "\\W",
                                              "\\pL",
                                              "\\PN",
                                              "\\pC",
                                              "\\p{Han}",
                                              "[a-z]",
                                              "[^a]",
                                              "[acegik]",
                                              "[^acegik]",
                                              "[é-€]",
                                              "[\\x{801}-\\x{fffe}]",
                                              "[]a]",
                                              "[^]a]",
                                              "[[:^word:]]",
                                              "[\\d\\-]",
                                              "a*",
                                              "a+",
                                              "a?",
                                              "a??",
                                              "(a)",
                                              "(?:a)",
                                              "(a?)",
                                              "(a*)*",
                                              "(a|bc)",
                                              "(|a)",
                                              "(a|)",
                                              "a{3}",
                                              "a{2,}",
                                              "a{0,7}",
                                              "(ab?){2,9}",
                                              "\\b",
                                              "^",
                                              "$",
                                              "\\Qa.b\\E",
                                              "\\x{1f600}",
                                              "a{",
                                              "a{,2}",
                                              "(?i:k)",
                                              "(?i:é)",
                                              "(?i:[^acegik])",
                                              "(?i:[\\x{80}-\\x{10ffff}])",
                                              "(?P<n>a)",
                                              "\\pN{2,5}"};
  return units;
}

TEST(RegexCostTest, TheEstimateOfAProgramIsNeverTooSmall) {
  for (const std::string& unit : units()) {
    for (const std::string& text : {unit, repeated(unit, 7, "x"), repeated(unit, 7, "x|y"),
                                    "(" + unit + "){2,5}", "(?i)" + unit + "xyz" + unit}) {
      re2::RE2::Options options;
      options.set_dot_nl(true);
      options.set_log_errors(false);
      const re2::RE2 compiled(text, options);
      if (!compiled.ok()) continue;  // A name twice.
      EXPECT_GE(estimate_regex_cost(text).instructions + 0U,
                static_cast<uint64_t>(compiled.ProgramSize()))
          << text;
    }
  }
}

TEST(RegexCostTest, RepetitionsMultiply) {
  const auto once = estimate_regex_cost("a{1,100}");
  const auto nested = estimate_regex_cost("(a{1,100}){10}");
  EXPECT_GT(nested.instructions, 9 * once.instructions);
  EXPECT_GE(nested.skips, 990U);
  EXPECT_LT(nested.parse_bytes, 2 * once.parse_bytes);
  EXPECT_GT(estimate_regex_cost(repeated("(", 900) + "a" + repeated("{1000})", 900)).instructions,
            1ULL << 39);
}

TEST(RegexCostTest, OnlyAWholeAlternationIsSplit) {
  using Branches = std::vector<std::string_view>;
  EXPECT_EQ(split_alternatives("a|b(c|d)|e"), (Branches{"a", "b(c|d)", "e"}));
  EXPECT_EQ(split_alternatives("(a|b)"), (Branches{"a", "b"}));
  EXPECT_EQ(split_alternatives("(?:a|b)"), (Branches{"a", "b"}));
  EXPECT_EQ(split_alternatives("(a)|(b)"), (Branches{"(a)", "(b)"}));
  EXPECT_EQ(split_alternatives("a[|]\\|\\Q|\\E[^]|]|b"), (Branches{"a[|]\\|\\Q|\\E[^]|]", "b"}));
  EXPECT_EQ(split_alternatives("a|"), (Branches{"a", ""}));
  for (const char* const whole :
       {"ab", "(a|b)c", "(a|b)*", "(?i)a|b", "(?i:a|b)", "(?P<n>a|b)", "a|(?i)b|c", "((a|b))"}) {
    EXPECT_EQ(split_alternatives(whole), Branches{whole});
  }
}

}  // namespace
}  // namespace mread::model
