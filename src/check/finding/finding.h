#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "check/finding/rule.h"

namespace mread::check {

/// Where something is in a file. Texts have no secrets.
struct Place {
  std::string file;
  int line = 0;  ///< from 1
  int column = 0;
  std::string excerpt;  ///< the line and a caret below it, as yaml::Node::excerpt()
};
Place place_of(const yaml::Node& node);

/// A change of one line that mends a finding.
struct Edit {
  std::string file;
  int line = 0;          ///< from 1
  bool inserts = false;  ///< `text` becomes a line of its own below; else it replaces the line
  std::string text;      ///< without a line end
  auto operator<=>(const Edit&) const = default;
};

/// A comment of a file that switches a finding off.
struct Suppression {
  std::string reason;
  std::string until;  ///< "2026-12-31", that day included; empty: for good
};

struct Related {
  Place place;
  std::string text;
};

/// Something that a rule found.
struct Finding {
  RuleId rule = RuleId::read_recent_off;
  Severity severity = Severity::error;
  Place place;
  std::string message;  ///< one sentence about this very file
  std::vector<Related> related;
  std::optional<Edit> edit;
  std::optional<Suppression> suppression;
  std::string note;         ///< "snoozed until 2026-01-31"; mostly empty
  std::string fingerprint;  ///< the same as long as rule, file and the line's text are
};

/// A rule that could not be judged, and what it needs.
struct NotJudged {
  RuleId rule;
  std::string needs;
};

}  // namespace mread::check
