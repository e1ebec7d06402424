#pragma once

#include <string>
#include <vector>

#include "base/yaml.h"
#include "scenarios/model/rule_set.h"

namespace mread::ruletests {

/// The rules of the files that `rule_files:` names, relative to `folder`, in the order in which
/// promtool evaluates them at each step: groups in the order of `group_order`, in which a group that
/// is not named counts as the first; equal ones in the order of the files. Throws yaml::ConfigError.
std::vector<scenarios::TestedRule> read_tested_rules(const yaml::Node& rule_files,
                                                     const std::string& folder,
                                                     const std::vector<std::string>& group_order);

}  // namespace mread::ruletests
