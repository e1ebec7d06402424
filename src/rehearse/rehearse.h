#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "rehearse/data/example_data.h"
#include "rehearse/setup/setup.h"
#include "rehearse/table/table.h"
#include "rehearse/twin/twin.h"
#include "scenarios/engine/engine.h"
#include "scenarios/nodes/node_kind.h"

namespace mread::rehearse {

struct RehearseOptions {
  std::string version;
  std::chrono::milliseconds longest_timeout{1'000};
  std::chrono::milliseconds query_timeout{120'000};  ///< TwinOptions::query_timeout
  bool with_serve = true;                            ///< also with `mread serve` in front
  std::vector<std::string> failures;                 ///< words; empty: all
  std::vector<std::string> backends;                 ///< nodes; empty: all
  /// No cell begins after this time; empty: all of them run.
  std::optional<std::chrono::milliseconds> budget;
  uint64_t seed = 0;
};

/// What the rehearsal runs with.
struct RehearseSurroundings {
  scenarios::Engine& engine;
  scenarios::NodeContext nodes;
  std::string run_id;
  /// Told a few words; called from two threads; may be empty.
  std::function<void(const std::string&)> progress;
};

/// Builds the twin, breaks each backend in each manner, and asks all questions each time. Errors: a
/// node that cannot be started (Errc::environment if the machine lacks something); Errc::config if no
/// question has an answer in the twin; Errc::canceled.
Result<Rehearsal> rehearse(const NodeSetup& setup, const ExampleData& data,
                           const RehearseOptions& options, const RehearseSurroundings& surroundings,
                           std::stop_token stop);

}  // namespace mread::rehearse
