#include "base/markup.h"

#include <gtest/gtest.h>

namespace mread {
namespace {

TEST(EscapeMarkup, WritesTheFiveCharactersAsReferences) {
  EXPECT_EQ(escape_markup("a & b < c > d \" e ' f"), "a &amp; b &lt; c &gt; d &quot; e &#39; f");
}

TEST(EscapeMarkup, LeavesAllElse) {
  EXPECT_EQ(escape_markup("line\n\ttab \xc3\xa4 &amp;"), "line\n\ttab \xc3\xa4 &amp;amp;");
  EXPECT_EQ(escape_markup(""), "");
}

}  // namespace
}  // namespace mread
