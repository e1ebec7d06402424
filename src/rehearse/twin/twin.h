#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "rehearse/data/example_data.h"
#include "rehearse/setup/setup.h"
#include "rehearse/twin/failures.h"
#include "rehearse/twin/scenario_yaml.h"

namespace mread::rehearse {

/// Who reads the backends: the query node itself, as its file says, or `mread serve` in front of it.
enum class Reader { direct, served };

/// Changes of the query node's configuration that may mend it.
struct Mends {
  bool read_recent = false;  ///< `read_recent: true` for each entry
  bool unfiltered = false;   ///< `filter_external_labels: false` for each entry
};

struct TwinOptions {
  std::string version;  ///< of the query node; empty: the newest that is here
  /// The longest `remote_timeout` of the twin. If the set-up has a longer one, all of them are scaled
  /// down alike.
  std::chrono::milliseconds longest_timeout{1'000};
  std::chrono::milliseconds query_timeout{120'000};  ///< the query node's --query.timeout
  Reader reader = Reader::direct;
  Mends mends;
};

/// Between two probes of a circuit breaker of `mread serve`: its default.
inline constexpr std::chrono::milliseconds serve_probe{5'000};

/// A time of the set-up as the twin has it: all of them are scaled alike.
std::chrono::milliseconds twin_time(const NodeSetup& setup, const TwinOptions& options,
                                    std::chrono::milliseconds time);

/// A backend that is broken in a scenario.
struct Broken {
  size_t backend = 0;
  Failure failure;
};

/// The twin of a set-up as a scenario (docs/reference/scenarios.md): a mock for each backend, a real
/// Prometheus for the query node, a check for each question. With `broken`, the scenario is one cell
/// of the table: all of these backends are broken at the same time.
std::string twin_scenario(const NodeSetup& setup, const ExampleData& data,
                          const std::vector<Question>& questions, const TwinOptions& options,
                          const std::vector<Broken>& broken = {});

/// An mread.yml for `mread serve` in front of the query node, with the set-up's own addresses.
std::string mread_yml(const NodeSetup& setup);

/// The `remote_read` of the query node that goes with it.
std::string served_remote_read(const NodeSetup& setup, std::chrono::milliseconds query_timeout);

}  // namespace mread::rehearse
