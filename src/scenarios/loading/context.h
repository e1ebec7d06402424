#pragma once

#include <string>
#include <vector>

#include "base/yaml.h"
#include "scenarios/model/scenario.h"

/// The parts of a scenario file, each read by a file of its own. All of them throw
/// yaml::ConfigError.
namespace mread::scenarios::loading {

/// A `node:` value: the name of one of the test's nodes; else an error naming the nearest.
const NodeDeclaration& known_node(const yaml::Node& value, const Test& test);

/// A `during:` list: phases of the test's timeline.
std::vector<std::string> read_during(const std::optional<yaml::Node>& value, const Test& test);

/// A regular expression (RE2, found anywhere in the text).
Pattern read_pattern(const yaml::Node& value, const std::string& text, size_t offset);

/// A PromQL expression, checked as far as possible without Prometheus: not empty, brackets and
/// quotes closed, every `[range]` and `offset` a duration.
std::string read_expr(const yaml::Node& value);

/// An item of `exp_samples:`: labels, with a value or a histogram, as promtool has it.
ExpectedSample read_sample(const yaml::Node& node);

/// The node that a question goes to: `node:`, or without one the only query node. An error if there
/// is no query node, or several.
std::string read_asked_node(yaml::Mapping& mapping, const Test& test);

/// A `fault:` of the timeline, one or a list, checked by the mocks' own reader; returned as JSON
/// objects with commas in between.
std::string read_fault(const yaml::Node& value);

/// `faults:` of the nodes that do not carry them out themselves, into their declarations.
void read_faults_of_nodes(const yaml::Node& nodes, Test& test);

/// Marks the nodes that need a proxy for their faults.
std::vector<TimelineEntry> read_timeline(const yaml::Node& list, Test& test);
Check read_check(const yaml::Node& node, const Test& test);
Invariant read_invariant(const yaml::Node& node, const Test& test);
Load read_load(const yaml::Node& node, const Test& test);
std::vector<Threshold> read_thresholds(const yaml::Node& node, const Test& test);
std::vector<KnownIssue> read_known_issues(const yaml::Node& node);

/// Notes about nodes that look like a mistake: a node that nobody reads, a node that reads a merger
/// and also the merger's backends.
std::vector<std::string> find_warnings(const Test& test);

}  // namespace mread::scenarios::loading
