#pragma once

#include <string>
#include <vector>

#include "rehearse/data/example_data.h"
#include "rehearse/setup/setup.h"
#include "setup/prometheus_file.h"

namespace mread::rehearse {

/// A scenario about a query node's own configuration, to be edited and run.
struct WholeScenario {
  std::string text;                ///< commented YAML (docs/reference/scenarios.md)
  std::vector<std::string> notes;  ///< where it differs from the set-up
};

/// The set-up of `file` as a scenario called `name`, with nothing broken: a real Prometheus with the
/// configuration, a mock store for each backend, which the addresses of the configuration lead to,
/// and a check for each question. Scrape targets and Alertmanagers become a sink.
///
/// Left out, with a note: credentials, headers and TLS (https becomes http), remote_write, service
/// discovery, and the rules: their expressions are asked in place of running them, since a rule
/// would need the hour that the data cover. `setup` and `data` are those of the same file;
/// `version` is the query node's, empty for the newest.
WholeScenario whole_scenario(const setup::PrometheusFile& file, const NodeSetup& setup,
                             const ExampleData& data, const std::string& name,
                             const std::string& version);

}  // namespace mread::rehearse
