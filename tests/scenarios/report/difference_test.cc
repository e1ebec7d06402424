#include "scenarios/report/difference.h"

#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

// "- " stands before a line of `want` alone, "+ " before one of `got` alone.
std::string compared(std::string_view want, std::string_view got) {
  std::string out;
  for (const DifferentLine& line : compare_lines(want, got)) {
    out += line.kind == DifferentLine::Kind::same        ? "  "
           : line.kind == DifferentLine::Kind::only_want ? "- "
                                                         : "+ ";
    out += line.text + "\n";
  }
  return out;
}

struct Case {
  const char* name;
  const char* want;
  const char* got;
  const char* lines;
};

class DifferenceTest : public testing::TestWithParam<Case> {};

TEST_P(DifferenceTest, ShowsTheFewestLines) {
  EXPECT_EQ(compared(GetParam().want, GetParam().got), GetParam().lines);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, DifferenceTest,
    testing::Values(Case{"BothEmpty", "", "", ""}, Case{"Same", "a\nb", "a\nb\n", "  a\n  b\n"},
                    Case{"OnlyWant", "a\nb", "", "- a\n- b\n"}, Case{"OnlyGot", "", "a", "+ a\n"},
                    Case{"ChangedInTheMiddle", "a\nb\nc", "a\nx\nc", "  a\n- b\n+ x\n  c\n"},
                    Case{"LineLost", "a\nb\nc", "a\nc", "  a\n- b\n  c\n"},
                    Case{"LineAdded", "a\nc", "a\nb\nc", "  a\n+ b\n  c\n"},
                    Case{"Moved", "a\nb", "b\na", "- a\n  b\n+ a\n"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(DifferenceTest, LongTextsAreNotCompared) {
  std::string want;
  for (int i = 0; i < 401; ++i) want += "line\n";
  const auto lines = compare_lines(want, "line");
  ASSERT_EQ(lines.size(), 402U);
  EXPECT_EQ(lines.front().kind, DifferentLine::Kind::only_want);
  EXPECT_EQ(lines.back().kind, DifferentLine::Kind::only_got);
}

}  // namespace
}  // namespace mread::scenarios
