#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "check/finding/finding.h"

namespace mread::check {

/// What a finding may have in addition.
struct FindingDetails {
  std::optional<Severity> severity = {};  ///< none: the rule's
  std::vector<Related> related = {};
  std::optional<Edit> edit = {};
};

/// Takes what the rules find.
class Report {
 public:
  void add(RuleId rule, const yaml::Node& at, std::string message, FindingDetails details = {});
  /// A part of the rule, or all of it, could not be judged. `needs` names the flag or the file:
  /// "--version NAME=VERSION of the collectors".
  void not_judged(RuleId rule, std::string needs);

  /// Sorted by file (in the order of first use), line, column and rule; each has a fingerprint.
  std::vector<Finding> take_findings();
  const std::vector<NotJudged>& not_judged() const { return not_judged_; }
  /// Rules that were judged as a whole and found nothing, in their order.
  std::vector<RuleId> passed() const;

 private:
  std::vector<Finding> findings_;
  std::vector<NotJudged> not_judged_;
  std::set<RuleId> found_;
  std::map<std::string, size_t> file_order_;
};

}  // namespace mread::check
