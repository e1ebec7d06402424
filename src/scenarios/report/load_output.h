#pragma once

#include <string>

#include "scenarios/running/endpoint_load.h"

namespace mread::scenarios {

/// A load's results for a terminal: percentiles with the number of requests behind them, a
/// histogram of latencies, what the answers held, failures by reason, thresholds.
std::string load_text(const EndpointLoad& endpoint, const EndpointLoadResult& result);

/// The same as a JSON object, with the numbers as they are: times in ms.
std::string load_json(const EndpointLoad& endpoint, const EndpointLoadResult& result);

}  // namespace mread::scenarios
