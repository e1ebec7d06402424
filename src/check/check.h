#pragma once

#include <map>
#include <string>
#include <vector>

#include "check/finding/finding.h"
#include "check/input/input.h"

namespace mread::check {

/// What came of a check.
struct CheckResult {
  std::string file;               ///< of the query node
  std::vector<Finding> findings;  ///< by file, line and column; suppressed ones too
  std::vector<NotJudged> not_judged;
  std::vector<RuleId> passed;
  std::vector<std::string> notes;  ///< what was assumed, comments that suppress nothing
  std::map<std::string, std::string> documents;  ///< the text of each file
  size_t expressions = 0;                        ///< rules and queries that were looked at

  /// Findings of a severity that no comment suppresses.
  size_t count(Severity severity) const;
  size_t suppressed() const;
  /// Whether one that is not suppressed is at or above the severity.
  bool has_at_least(Severity severity) const;
};

/// Judges all rules. `today` ("2026-11-27") ends snoozes. Throws yaml::ConfigError for a comment or
/// a flag that cannot be read.
CheckResult check(const Input& input, const std::string& today);

}  // namespace mread::check
