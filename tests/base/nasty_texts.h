#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/printable.h"

namespace mread::nasty {

/// Texts that labels, files, servers and scenarios may send to a terminal, a log or a page.
inline const std::vector<std::string>& texts() {
  static const std::vector<std::string> all{
      "\x1b[2J\x1b[31mred",  // CSI, by ESC
      "\xc2\x9b"
      "31mred",  // CSI, C1
      "\xc2\x9d"
      "0;title\xc2\x9c",   // OSC, C1
      "\x1b]0;title\x07",  // OSC, by ESC
      std::string("nul\0here", 8),
      "two\nlines\r\nand\rmore\ttabs\v\f\b",
      "del\x7f",
      "nel\xc2\x85",
      "\xe2\x80\xae"
      "gnp.exe",  // right-to-left override
      "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad",
      "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9",
      "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c",  // marks
      "\xe2\x80\xa8line\xe2\x80\xa9paragraph",
      "\xef\xbb\xbf"
      "bom",
      "\xe2\x80\x8b\xe2\x81\xa0\xc2\xad"
      "hidden",
      "\xf3\xa0\x81\x81tag",                       // U+E0041
      "\xef\xbf\xbe\xef\xbf\xbf\xf0\x9f\xbf\xbe",  // no characters
      "\xff\xfe bytes",
      "\xc0\xaf overlong",
      "\xed\xa0\x80 surrogate",
      "\xf4\x90\x80\x80 beyond",
      "cut \xe2\x82",
      "\x80\x9b",  // C1 as bytes
  };
  return all;
}

/// Whether a terminal or a log shows `text` as it is: line feeds are the caller's business.
inline bool is_harmless(std::string_view text, bool may_have_lines = false) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_length(text.substr(i));
    if (length == 0) return false;
    const auto first = static_cast<unsigned char>(text[i]);
    if (length == 1 && (first < 0x20 || first == 0x7f) && !(may_have_lines && first == '\n'))
      return false;
    const std::string_view sequence = text.substr(i, length);
    if (length == 2 && (first == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0))
      return false;
    for (const std::string_view bad :
         {"\xc2\xad",     "\xd8\x9c",        "\xe2\x80\x8b", "\xe2\x80\x8e",     "\xe2\x80\x8f",
          "\xe2\x80\xa8", "\xe2\x80\xa9",    "\xe2\x80\xaa", "\xe2\x80\xab",     "\xe2\x80\xac",
          "\xe2\x80\xad", "\xe2\x80\xae",    "\xe2\x81\xa0", "\xe2\x81\xa6",     "\xe2\x81\xa7",
          "\xe2\x81\xa8", "\xe2\x81\xa9",    "\xef\xbb\xbf", "\xf3\xa0\x81\x81", "\xef\xbf\xbe",
          "\xef\xbf\xbf", "\xf0\x9f\xbf\xbe"}) {
      if (sequence == bad) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace mread::nasty
