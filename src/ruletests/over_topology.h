#pragma once

#include <string>
#include <vector>

#include "ruletests/test_group.h"
#include "scenarios/loading/load_scenario.h"

namespace mread::ruletests {

/// A scenario file whose nodes hold the data of tests.
struct Topology {
  std::string path;
  std::string text;
};

/// Reads the file. Throws yaml::ConfigError.
Topology read_topology(const std::string& path);

/// One group as tests of the topology: one for each case of its matrix. `name` becomes that of the
/// scenario.
///
/// Data     Nodes that say `input_series: tests` hold all series; `{tests: SELECTOR}` those that the
///          selector finds; `{tests: {shard: I, of: N}}` every N-th from the I-th on. If no node says
///          so, every mock, prometheus and influxdb node that reads from no other holds all.
/// Time     The data begin at the epoch, as promtool's, unless the group or the topology has a
///          `start_timestamp`.
/// Checks   Every query node is asked; without one, every node that knows PromQL. Each question is
///          asked in every phase. If a question depends on rules that record, each phase is a test
///          of its own, since a query node can record a time only once.
///
/// Throws yaml::ConfigError: errors of the topology; no node that could hold the data or be asked.
std::vector<scenarios::Test> tests_over(const TestGroup& group, const std::string& name,
                                        const Topology& topology,
                                        const scenarios::LoadOptions& options);

}  // namespace mread::ruletests
