#pragma once

#include <functional>
#include <memory>
#include <string>

#include "scenarios/engine/engine.h"
#include "scenarios/model/results.h"
#include "scenarios/model/scenario.h"
#include "scenarios/nodes/node_kind.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/start_nodes.h"
#include "scenarios/running/waiting_clock.h"

namespace mread::scenarios {

/// The environment of a test. Tests that run at the same time share it; everything in it is
/// thread-safe.
struct TestSurroundings {
  Engine& engine;
  WaitingClock& clock;
  std::string run_id;
  NodeContext nodes;  ///< grid and seed are each test's own
  std::function<std::unique_ptr<Asker>(const Topology&, std::map<std::string, NodePorts>)>
      make_asker = make_http_asker;
  std::function<Result<NodeSpec>(const std::string&, const std::string&, const NodeContext&)>
      make_oracle = oracle_prometheus;
  /// Told what the test is doing, in a few words ("starting query", "fault"); may be empty.
  std::function<void(const Test&, const std::string&)> progress;
  size_t nodes_at_once = StartOptions().at_once;
};

/// Runs one test from its first node to its verdict, and removes everything that it made. Never
/// throws: failures are in the result. When `stop` is requested it ends early, and the result has
/// no meaning.
///
/// Phases   Nodes start: data nodes, then mergers, then query nodes; data are fed; the oracle is
///          filled. `before`: the checks of that phase, with nothing broken. Then the timeline's
///          clock starts. Entries with the same `at:` are a step: it comes when its time has come
///          and all that was due earlier is done; the checks of its phase run at once. A `for:`
///          ends its entry when that time is over, but never before the checks of its step are
///          done; entries without it end when the last step's checks are done (with a load: when
///          the load has ended). `after`: the checks of that phase, with all of it undone. Where
///          nothing is checked `after`, nothing is waited for.
TestResult run_test(const Test& test, const TestSurroundings& surroundings, std::stop_token stop);

}  // namespace mread::scenarios
