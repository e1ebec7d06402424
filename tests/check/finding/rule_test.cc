#include "check/finding/rule.h"

#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

namespace mread::check {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

TEST(Rule, CodesFollowTheNumbers) {
  int number = 0;
  std::set<std::string_view> names;
  for (const Rule& rule : all_rules()) {
    ++number;
    EXPECT_EQ(static_cast<int>(rule.id), number);
    EXPECT_EQ(rule.code, (number < 10 ? "MR00" : "MR0") + std::to_string(number));
    EXPECT_EQ(&rule_of(rule.id), &rule);
    EXPECT_EQ(rule_called(rule.code), rule.id);
    EXPECT_THAT(std::string(rule.name), MatchesRegex("[a-z-]+"));
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
    EXPECT_THAT(std::string(rule.title), Not(EndsWith(".")));
    EXPECT_THAT(std::string(rule.effect), EndsWith("."));
    EXPECT_FALSE(rule.mend.empty());
  }
}

TEST(Rule, IsFoundByItsCodeInSmallLettersToo) {
  EXPECT_EQ(rule_called("mr003"), RuleId::hung_backend_hides_others);
  EXPECT_FALSE(rule_called("MR999"));
  EXPECT_FALSE(rule_called(""));
}

std::string page_text(const std::string& path) {
  std::ifstream file(MREAD_TEST_DATA "/../../" + path);
  std::stringstream page;
  page << file.rdbuf();
  return page.str();
}

// The page is written by hand, and says more than the table.
TEST(Rule, ThePageHasEachRuleWithItsTitleAndSeverity) {
  const std::string page = page_text("docs/reference/check-rules.md");
  for (const Rule& rule : all_rules()) {
    const std::string code(rule.code);
    const std::string severity(to_string(rule.severity));
    EXPECT_THAT(page, HasSubstr("\n## " + code + "\n\n**" + std::string(rule.title) + ".** (" +
                                severity + ")"));
    EXPECT_THAT(page, HasSubstr("\n| [" + code + "](#")) << "the table at its top";
  }
}

TEST(Rule, TheNumberOfRulesIsThatOfTheReadme) {
  EXPECT_THAT(page_text("README.md"), HasSubstr(std::to_string(all_rules().size()) + " rules"));
}

}  // namespace
}  // namespace mread::check
