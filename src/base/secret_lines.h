#pragma once

#include <string>
#include <string_view>

namespace mread {

/// A line of a configuration, to be shown in an error.
struct ShownLine {
  std::string text;
  size_t cut = std::string::npos;  ///< where "<hidden>" stands for the rest of the line; npos:
                                   ///< nothing is hidden
};

/// Line `number` (from 0) of a YAML or JSON document, without what may be a secret: from the first
/// one on, the rest of the line is left out. Secrets are the values of keys that say so (password,
/// credentials, bearer_token, …), all values below keys such as `headers` and `basic_auth_users`,
/// and what stands before the @ and behind the ? of a URL. Works on the text, so that a document
/// that does not parse gives nothing away either.
ShownLine show_line(std::string_view document, int number);

}  // namespace mread
