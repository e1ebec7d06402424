#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ruletests/test_group.h"

namespace mread::ruletests {

/// The groups of a file for `promtool test rules`, with the rules of its `rule_files` in the order in
/// which promtool evaluates them. `now_ms` is what a `start_timestamp: now` means.
///
/// Throws yaml::ConfigError for what promtool would refuse as far as it can be known without
/// Prometheus; also for a pattern of `rule_files` that names no file, and for a group that asks
/// nothing: neither could fail.
/// Source: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
std::vector<TestGroup> read_promtool_file(const std::string& path, int64_t now_ms);

}  // namespace mread::ruletests
