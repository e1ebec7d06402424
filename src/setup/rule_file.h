#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "setup/prometheus_file.h"

namespace mread::setup {

/// A rule of a rule file.
struct Rule {
  enum class Kind { alert, record };

  yaml::Node at;
  yaml::Node expr_at;
  std::string expr;
  std::string name;  ///< of the alert, or of the recorded series
  Kind kind = Kind::alert;
};

struct RuleGroup {
  yaml::Node at;
  std::string name;
  std::optional<std::chrono::milliseconds> interval;  ///< none: that of the configuration
  std::vector<Rule> rules;
};

/// Reads the groups of a rule file; expressions are not looked at. Throws yaml::ConfigError for what
/// is no rule file.
std::vector<RuleGroup> read_rule_file(const std::string& path);

/// The files that an entry of `rule_files` stands for, sorted; a relative one begins at `folder`.
/// As in Prometheus, only its last part may be a pattern.
std::vector<std::string> files_of_pattern(const std::string& pattern, const std::string& folder);

/// The rule files that a prometheus.yml names, in its order; relative paths begin at its folder.
struct RuleFiles {
  std::vector<std::string> found;
  std::vector<std::string> missing;  ///< patterns that name no file on this machine
};
RuleFiles find_rule_files(const PrometheusFile& file);

}  // namespace mread::setup
