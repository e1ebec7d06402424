#pragma once

#include <string>
#include <string_view>

namespace mread {

/// Text as HTML or XML content, or as a quoted attribute's value: & < > " ' are written as
/// references; all else stays.
std::string escape_markup(std::string_view text);

/// Text that others wrote as HTML content, or as a quoted attribute's value: printable() on one
/// line, and escaped.
std::string html_text(std::string_view text);

enum class XmlPlace { attribute, content };
/// Text as XML 1.0, in double quotes for an attribute. A parser gives the same text back: tabs,
/// line ends (in content, line feeds stand as they are) and unprintable characters
/// (base/printable.h) are written as references. XML has no form for some: control characters and
/// U+FFFE, U+FFFF are shown as printable() does, and a byte that is no UTF-8 as U+FFFD.
std::string xml_text(std::string_view text, XmlPlace place);

}  // namespace mread
