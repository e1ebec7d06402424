#pragma once

#include <string>
#include <string_view>

namespace mread {

/// Text as HTML or XML content, or as a quoted attribute's value: & < > " ' are written as references; all else stays.
std::string escape_markup(std::string_view text);

}  // namespace mread
