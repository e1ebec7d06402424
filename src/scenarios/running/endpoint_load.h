#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "probe/read_client.h"
#include "scenarios/model/results.h"
#include "scenarios/model/scenario.h"
#include "scenarios/running/load_generator.h"
#include "scenarios/running/waiting_clock.h"

namespace mread::scenarios {

/// A load on one endpoint, outside any scenario.
struct EndpointLoad {
  /// Of remote reads, each query's `expr` is a selector, and its `range` how far back it reads.
  Load load;
  bool reads = false;    ///< remote reads; else PromQL, /api/v1/query and /api/v1/query_range
  probe::ReadCall call;  ///< where to, and how; a PromQL endpoint's path ends before /api
  int64_t time_ms = 0;   ///< the evaluation time, where the load has one
  std::vector<Threshold> thresholds;
};

/// What the answers of a load held, in all. Sizes are those of bodies as they came.
struct LoadAnswers {
  uint64_t complete = 0;
  uint64_t partial = 0;  ///< they said so: X-Mread-Partial, or warnings
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t bytes = 0;  ///< of remote reads only
  /// Why requests failed, and how many; at most 20 texts, further ones are counted as "others".
  std::map<std::string, uint64_t> failures;
};

struct EndpointLoadResult {
  LoadResult times;
  std::vector<CheckResult> thresholds;  ///< in their order
  LoadAnswers answers;                  ///< the warm-up included
  std::vector<double> latencies_ms;     ///< sorted; without the warm-up
  double length_s = 0;                  ///< from the first request to the last answer
  bool is_interrupted = false;          ///< what was under way then is not counted
};

/// Sends the load and waits for its end. `stop` ends it early: the result then has what came until
/// then. Failures of requests are part of the result.
EndpointLoadResult run_endpoint_load(const EndpointLoad& endpoint, WaitingClock& clock,
                                     std::stop_token stop = {});

}  // namespace mread::scenarios
