#include "base/markup.h"

#include <fmt/format.h>

#include "base/printable.h"

namespace mread {

std::string escape_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_text(std::string_view text) { return escape_markup(printable(text)); }

std::string xml_text(std::string_view text, XmlPlace place) {
  const auto write = [place](std::string& out, uint32_t code_point) {
    const bool line_feed = code_point == '\n';
    const bool has_form = line_feed || code_point == '\t' || code_point == '\r' ||
                          (code_point >= 0x20 && code_point != 0xfffe && code_point != 0xffff);
    if (line_feed && place == XmlPlace::content) {
      out += '\n';
    } else if (has_form) {
      out += fmt::format("&#{};", code_point);
    } else if (code_point < 0x20) {
      out += fmt::format("\\x{:02x}", code_point);
    } else {
      out += fmt::format("\\u{:04x}", code_point);
    }
  };
  return rewrite_unprintable(escape_markup(text), write,
                             [](std::string& out, char) { out += "\xef\xbf\xbd"; });
}

}  // namespace mread
