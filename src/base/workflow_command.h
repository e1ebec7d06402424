#pragma once

#include <string>
#include <string_view>

namespace mread {

/// Text in a workflow command of GitHub Actions ("::error file=…::TEXT"): '%' and line feeds, and in
/// a property ':' and ',' too, are escaped; unprintable characters are shown as
/// printable_lines() does, since GitHub has no escape for them.
///
/// Source: GitHub documentation, "Workflow commands for GitHub Actions".
std::string workflow_command_text(std::string_view text, bool is_property);

}  // namespace mread
