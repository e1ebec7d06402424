#include "base/markup.h"

#include <gtest/gtest.h>

#include "base/nasty_texts.h"

namespace mread {
namespace {

TEST(EscapeMarkup, WritesTheFiveCharactersAsReferences) {
  EXPECT_EQ(escape_markup("a & b < c > d \" e ' f"), "a &amp; b &lt; c &gt; d &quot; e &#39; f");
}

TEST(EscapeMarkup, LeavesAllElse) {
  EXPECT_EQ(escape_markup("line\n\ttab \xc3\xa4 &amp;"), "line\n\ttab \xc3\xa4 &amp;amp;");
  EXPECT_EQ(escape_markup(""), "");
}

TEST(HtmlText, IsPrintableAndEscaped) {
  EXPECT_EQ(html_text("<b>\n\u202eevil\x1b</b>"), "&lt;b&gt;\\n\\u202eevil\\x1b&lt;/b&gt;");
  for (const std::string& text : nasty::texts()) EXPECT_TRUE(nasty::is_harmless(html_text(text)));
}

TEST(XmlText, GivesTheSameTextBackWhereXmlCan) {
  EXPECT_EQ(xml_text("a\n\t\r<", XmlPlace::attribute), "a&#10;&#9;&#13;&lt;");
  EXPECT_EQ(xml_text("a\n\t\r<", XmlPlace::content), "a\n&#9;&#13;&lt;");
  EXPECT_EQ(xml_text("\u202e\u0085\u2028é", XmlPlace::content), "&#8238;&#133;&#8232;é");
}

TEST(XmlText, ShowsWhatXmlHasNoFormFor) {
  EXPECT_EQ(xml_text(std::string("\0\x1b\x1f", 3), XmlPlace::content), "\\x00\\x1b\\x1f");
  EXPECT_EQ(xml_text("\xef\xbf\xbe\xef\xbf\xbf", XmlPlace::content), "\\ufffe\\uffff");
  EXPECT_EQ(xml_text("\xff", XmlPlace::attribute), "\xef\xbf\xbd");
}

}  // namespace
}  // namespace mread
