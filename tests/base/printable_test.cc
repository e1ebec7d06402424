#include "base/printable.h"

#include <gtest/gtest.h>

#include "base/nasty_texts.h"

namespace mread {
namespace {

struct Case {
  const char* name;
  std::string text;
  std::string shown;
};

class Printable : public testing::TestWithParam<Case> {};

TEST_P(Printable, ShowsWhatIsThere) {
  EXPECT_EQ(printable(GetParam().text), GetParam().shown);
  EXPECT_EQ(printable(GetParam().shown), GetParam().shown) << "a second time changes nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Printable,
    testing::Values(
        Case{"Nothing", "", ""}, Case{"Plain", "up{job=\"x\"}", "up{job=\"x\"}"},
        Case{"OtherScripts", "aé€😀 日本 שלום", "aé€😀 日本 שלום"},
        Case{"JoinersOfEmoji", "👩\u200d💻", "👩\u200d💻"}, Case{"Backslash", "C:\\temp", "C:\\temp"},
        Case{"Escape", "\x1b[31mred", "\\x1b[31mred"},
        Case{"Controls", std::string("\0\a\b\t\n\v\f\r\x7f", 9), "\\x00\\a\\b\\t\\n\\v\\f\\r\\x7f"},
        Case{"C1", "\xc2\x80\xc2\x9b\xc2\x9f", "\\u0080\\u009b\\u009f"},
        Case{"Bidi", "\u202egnp.exe\u2066\u200e\u061c", "\\u202egnp.exe\\u2066\\u200e\\u061c"},
        Case{"Separators", "a\u2028b\u2029c", "a\\u2028b\\u2029c"},
        Case{"Bom", "\ufeff!", "\\ufeff!"}, Case{"Tag", "\U000e0041", "\\U000e0041"},
        Case{"LastOfPlane", "\U0001fffe", "\\U0001fffe"},
        Case{"BadBytes", "a\xff\xc3(", "a\\xff\\xc3("}, Case{"Overlong", "\xc0\xaf", "\\xc0\\xaf"},
        Case{"Surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(PrintableText, IsHarmlessWhateverComes) {
  for (const std::string& text : nasty::texts()) {
    EXPECT_TRUE(nasty::is_harmless(printable(text))) << printable(text);
    EXPECT_TRUE(nasty::is_harmless(printable_lines(text), true)) << printable_lines(text);
    EXPECT_TRUE(nasty::is_harmless(printable(text, 8))) << printable(text, 8);
    EXPECT_TRUE(nasty::is_harmless(quote(text))) << quote(text);
    // C0 is for the writer of the JSON to escape.
    std::string rest = text;
    std::erase_if(rest, [](char c) { return c >= 0 && c < 0x20; });
    EXPECT_TRUE(nasty::is_harmless(printable_json("[\"" + rest + "\"]"))) << printable_json(rest);
  }
}

TEST(PrintableText, IsCutWithAWord) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abcdef… (1 bytes cut)");
  EXPECT_EQ(printable("ab€€", 6), "ab€… (3 bytes cut)");
  EXPECT_EQ(printable("ab\u202ecd", 6), "ab… (5 bytes cut)");
  EXPECT_EQ(printable(std::string(1 << 20, 'x'), 3), "xxx… (1048573 bytes cut)");
}

TEST(PrintableText, KeepsLinesWhereItShould) {
  EXPECT_EQ(printable_lines("a\nb\r\n\x1b[m"), "a\nb\\r\n\\x1b[m");
}

TEST(Quoted, HasGosEscapes) {
  EXPECT_EQ(quote("a\"b\\c\n\u202e\xff"), "\"a\\\"b\\\\c\\n\\u202e\\xff\"");
  EXPECT_EQ(quote(""), "\"\"");
}

TEST(PrintableJson, SaysTheSame) {
  EXPECT_EQ(printable_json("{\"a\": \"é\"}\n"), "{\"a\": \"é\"}\n");
  EXPECT_EQ(printable_json("\"\xc2\x9b\u202e\x7f\U000e0041\""),
            R"("\u009b\u202e\u007f\udb40\udc41")");
  EXPECT_EQ(printable_json("\"\xff\""), "\"\xef\xbf\xbd\"");
}

TEST(ValidUtf8, ReplacesWhatIsNone) {
  EXPECT_EQ(valid_utf8("aé€😀"), "aé€😀");
  EXPECT_EQ(valid_utf8("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("a\xc3"), "a\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong";
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "a surrogate";
}

TEST(WithoutCommands, TakesTheirBeginningAway) {
  EXPECT_EQ(without_commands("want ::error::x\n"), "want ::error::x\n");
  EXPECT_EQ(without_commands("::error::x"), "\\x3a:error::x");
  EXPECT_EQ(without_commands("a\n  \t::set-env name=A::b\n\nb"),
            "a\n  \t\\x3a:set-env name=A::b\n\nb");
  EXPECT_EQ(without_commands("a ##[group]b ##[error]"), "a #\\x23[group]b #\\x23[error]");
  EXPECT_EQ(without_commands("::##[x"), "\\x3a:#\\x23[x");
  EXPECT_EQ(without_commands(""), "");
}

}  // namespace
}  // namespace mread
