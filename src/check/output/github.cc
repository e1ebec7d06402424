#include <fmt/format.h>

#include "base/workflow_command.h"
#include "check/output/formats.h"

namespace mread::check {

std::string to_github(const CheckResult& result) {
  std::string out;
  for (const Finding& one : result.findings) {
    if (one.suppression) continue;
    const Rule& rule = rule_of(one.rule);
    const std::string_view level =
        one.severity == Severity::info ? "notice" : to_string(one.severity);
    out +=
        fmt::format("::{} file={},line={},col={},title={}::{}\n", level,
                    workflow_command_text(one.place.file, true), one.place.line, one.place.column,
                    workflow_command_text(fmt::format("{} {}", rule.code, rule.title), true),
                    workflow_command_text(fmt::format("{}\n{}", one.message, rule.mend), false));
  }
  return out;
}

}  // namespace mread::check
