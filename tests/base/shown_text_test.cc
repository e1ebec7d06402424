#include "base/shown_text.h"

#include <gtest/gtest.h>

namespace mread {
namespace {

TEST(Shorten, LeavesTheMiddleOut) {
  EXPECT_EQ(shorten("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(shorten("abcdefghi", 8), "abcdef…hi");
  EXPECT_EQ(shorten("", 8), "");
}

TEST(Shorten, CutsNoCharacterApart) {
  EXPECT_EQ(shorten("ääääääää", 9), "äää…ä");
  EXPECT_EQ(shorten("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 8).substr(0, 3),
            "\x80\x80\x80");
}

TEST(CutEnd, LeavesTheEndOut) {
  EXPECT_EQ(cut_end("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(cut_end("abcdefghi", 8), "abcdefgh…");
  EXPECT_EQ(cut_end("äää", 3), "ä…");
  EXPECT_EQ(cut_end("abc", 0), "…");
  EXPECT_EQ(cut_end("\x80\x80\x80\x80\x80\x80", 4), "\x80…") << "no UTF-8: some of it stays";
}

TEST(CutAround, AShortLineStays) {
  const Excerpt excerpt = cut_around("a: b", 3, 10);
  EXPECT_EQ(excerpt.text, "a: b");
  EXPECT_EQ(excerpt.column, 3U);
}

TEST(CutAround, TheColumnStaysOnItsSign) {
  std::string line(1000, '-');
  for (const size_t column :
       {size_t{0}, size_t{1}, size_t{5}, size_t{500}, size_t{990}, size_t{999}}) {
    line[column] = 'x';
    const Excerpt excerpt = cut_around(line, column, 10);
    line[column] = '-';
    // Three bytes of an ellipsis are one column.
    const bool behind = excerpt.text.starts_with("…");
    EXPECT_EQ(excerpt.text[excerpt.column + (behind ? 2 : 0)], 'x')
        << column << " " << excerpt.text;
    EXPECT_LE(excerpt.text.size(), 10U + 2 * 3U);
    EXPECT_EQ(behind, column > 5);
  }
  EXPECT_EQ(cut_around(line, 5000, 10).column, 11U) << "a column beyond the end is the end";
}

TEST(CutAround, CutsNoCharacterApart) {
  std::string line;
  for (int i = 0; i < 100; ++i) line += "ä";
  EXPECT_EQ(cut_around(line, 100, 9).text, "…ääää…");
}

}  // namespace
}  // namespace mread
