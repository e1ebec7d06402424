#include "check/finding/suppression.h"

#include <gmock/gmock.h>

namespace mread::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto rule = RuleId::external_labels_filter;  // MR002

// The lines on which findings of MR002 are suppressed, one being on each line of the file.
std::vector<int> suppressed_lines(const std::string& text, std::vector<std::string>* unused = {}) {
  const yaml::Node root = yaml::Node::parse(text, "a.yml");
  std::vector<Finding> findings;
  for (int line = 1; line <= std::ranges::count(text, '\n'); ++line) {
    findings.emplace_back();
    findings.back().rule = rule;
    findings.back().place = {"a.yml", line, 1, ""};
  }
  auto rest = suppress(root, "2026-11-27", findings);
  if (unused != nullptr) *unused = std::move(rest);
  std::vector<int> lines;
  for (const Finding& one : findings) {
    if (one.suppression) lines.push_back(one.place.line);
  }
  return lines;
}

std::string error_of(const std::string& comment) {
  try {
    suppressed_lines("a: 1\n" + comment + "\n");
  } catch (const yaml::ConfigError& error) {
    return error.what();
  }
  return "none";
}

TEST(Suppression, BehindAValueIsAboutItsLine) {
  EXPECT_THAT(suppressed_lines("a: 1\nb: 2  # mread disable MR002 we know\nc: 3\n"),
              ElementsAre(2));
}

TEST(Suppression, OnALineOfItsOwnIsAboutTheEntryBelow) {
  EXPECT_THAT(suppressed_lines("a:\n"
                               "  # mread disable MR002 we know\n"
                               "  - url: x\n"
                               "    name: y\n"
                               "\n"
                               "  - url: z\n"),
              ElementsAre(3, 4, 5));
  EXPECT_THAT(suppressed_lines("x: 1\n"
                               "# mread disable MR002 we know\n"
                               "# a word more\n"
                               "a:\n"
                               "- url: x\n"
                               "- url: y\n"
                               "b: 1\n"),
              ElementsAre(4, 5, 6));
}

TEST(Suppression, AtTheTopBeforeAnEmptyLineIsAboutTheFile) {
  EXPECT_THAT(suppressed_lines("# mread disable MR002 we know\n\na: 1\nb: 2\n"),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(suppressed_lines("# mread disable MR002 we know\na: 1\nb: 2\n"), ElementsAre(2));
}

TEST(Suppression, TheTopMayBeginWithADocumentStart) {
  EXPECT_THAT(suppressed_lines("---\n# mread disable MR002 we know\n\na: 1\n"),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(suppressed_lines("# mread disable MR002 we know\n---\na: 1\n"), ElementsAre(1, 2, 3));
  EXPECT_THAT(suppressed_lines("\n# mread disable MR002 we know\n\na: 1\n"),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(suppressed_lines("\xef\xbb\xbf# mread disable MR002 we know\n\na: 1\n"),
              ElementsAre(1, 2, 3));
}

TEST(Suppression, TextInQuotesAndBlocksIsNoComment) {
  std::vector<std::string> unused;
  EXPECT_THAT(suppressed_lines("a: \"x # mread disable MR002 r\"\n"
                               "b: 'it''s # mread disable MR002 r'\n"
                               "c: |-\n"
                               "  # mread disable MR099 r\n"
                               "d: \"\n"
                               "  # mread disable MR099 r\"\n"
                               "e: x#mread disable MR099 r\n",
                               &unused),
              IsEmpty());
  EXPECT_THAT(unused, IsEmpty());
  EXPECT_THAT(suppressed_lines("a: it's  # mread disable MR002 an apostrophe is no quote\n"),
              ElementsAre(1));
  EXPECT_THAT(suppressed_lines("a: 1 #mread disable MR002 without a blank\n"), ElementsAre(1));
}

TEST(Suppression, IsAboutTheRulesThatItNames) {
  EXPECT_THAT(suppressed_lines("a: 1  # mread disable mr001,mr002 both\n"), ElementsAre(1));
  std::vector<std::string> unused;
  EXPECT_THAT(suppressed_lines("a: 1  # mread disable MR001 another\n", &unused), IsEmpty());
  EXPECT_THAT(unused, ElementsAre("a.yml:1: the comment suppresses nothing"));
}

TEST(Suppression, ASnoozeEndsAfterItsDay) {
  EXPECT_THAT(suppressed_lines("a: 1  # mread snooze 2026-11-27 MR002 soon\n"), ElementsAre(1));
  EXPECT_THAT(suppressed_lines("a: 1  # mread snooze 2026-11-26 MR002 soon\n"), IsEmpty());
}

TEST(Suppression, AFindingWhoseSnoozeHasEndedSaysSo) {
  const yaml::Node root =
      yaml::Node::parse("a: 1  # mread snooze 2026-01-31 MR002 soon\n", "a.yml");
  std::vector<Finding> findings(1);
  findings[0].rule = rule;
  findings[0].place = {"a.yml", 1, 1, ""};
  EXPECT_THAT(suppress(root, "2026-11-27", findings), IsEmpty());
  EXPECT_EQ(findings[0].note, "it was snoozed until 2026-01-31");
}

TEST(Suppression, KeepsTheReason) {
  const yaml::Node root = yaml::Node::parse("a: 1  # mread disable MR002 see  ticket 7\n", "a.yml");
  std::vector<Finding> findings(1);
  findings[0].rule = rule;
  findings[0].place = {"a.yml", 1, 1, ""};
  suppress(root, "2026-11-27", findings);
  ASSERT_TRUE(findings[0].suppression);
  EXPECT_EQ(findings[0].suppression->reason, "see ticket 7");
}

TEST(Suppression, NamesWhatIsWrongWithAComment) {
  EXPECT_THAT(error_of("# mread disable MR002"), HasSubstr("a.yml:2: the comment gives no reason"));
  EXPECT_THAT(error_of("# mread disable MR099 x"), HasSubstr("there is no rule MR099"));
  EXPECT_THAT(error_of("# mread disable"), HasSubstr("names no rule"));
  EXPECT_THAT(error_of("# mread snooze MR002 x"), HasSubstr("a snooze has a date"));
  EXPECT_THAT(error_of("# mread snooze 2026-02-30 MR002 x"), HasSubstr("a snooze has a date"));
  EXPECT_THAT(error_of("# mread disable MR001, MR002 x"), HasSubstr("without blanks"));
  EXPECT_THAT(error_of("# mread disabel MR001 x"), HasSubstr("did you mean \"disable\""));
  EXPECT_EQ(error_of("# mread serve is in front"), "none") << "another word is no command";
}

}  // namespace
}  // namespace mread::check
