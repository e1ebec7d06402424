#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "check/check.h"

namespace mread::check {

struct TextOptions {
  bool has_color = false;
};

/// For people: each finding with its line and a caret, what happens, and how to mend it; then what
/// was not judged, and the totals.
std::string to_text(const CheckResult& result, const TextOptions& options = {});
/// The whole result; docs/reference/check.md has the form.
std::string to_json(const CheckResult& result);
/// Checkstyle's XML, which Jenkins and other servers read. Suppressed findings are left out.
std::string to_checkstyle(const CheckResult& result);
/// Workflow commands of GitHub Actions, a line each. Suppressed findings are left out.
std::string to_github(const CheckResult& result);
/// GitLab's code quality report. Suppressed findings are left out.
std::string to_gitlab(const CheckResult& result);
/// SARIF 2.1.0: all rules, findings with fingerprints, suppressed ones with their reason, edits as
/// fixes.
std::string to_sarif(const CheckResult& result, std::string_view version);

/// The edits of findings that are not suppressed, as a unified diff without context that `patch FILE`
/// and `git apply -p0 --unidiff-zero` take; empty if there are none.
std::string to_diff(const CheckResult& result);

/// "text", "json", "checkstyle", "github", "gitlab", "sarif".
const std::vector<std::string>& format_names();

}  // namespace mread::check
