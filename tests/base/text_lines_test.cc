#include "base/text_lines.h"

#include <gtest/gtest.h>

namespace mread {
namespace {

TEST(TextLines, LinesAreCountedFromOne) {
  EXPECT_EQ(line_at("a\nb\n", 1), "a");
  EXPECT_EQ(line_at("a\nb\n", 2), "b");
  EXPECT_EQ(line_at("a\nb", 2), "b");
  EXPECT_EQ(line_at("a\n\nc", 2), "");
}

TEST(TextLines, NothingIsBeyondTheLastLine) {
  EXPECT_EQ(line_at("a\nb\n", 3), "");
  EXPECT_EQ(line_at("a", 2), "");
  EXPECT_EQ(line_at("", 1), "");
}

}  // namespace
}  // namespace mread
