#pragma once

#include <string>
#include <string_view>

#include "base/printable.h"

namespace mread::config {

/// Text as a quoted scalar of YAML, for Config::describe(): YAML knows the escapes that quote()
/// writes.
inline std::string quoted(std::string_view text) { return quote(text); }

}  // namespace mread::config
