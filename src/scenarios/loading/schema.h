#pragma once

#include <boost/json.hpp>

namespace mread::scenarios {

/// The JSON Schema (2020-12) of scenario files: their keys, with what each means, and the words that
/// the loader knows (kinds of nodes, acts, faults, invariants, executors). An editor completes from
/// it. It accepts every file that the loader accepts, `${…}` and `when:` included; it refuses unknown
/// keys and words. Notations inside texts (durations, PromQL, matchers) are the loader's to check.
boost::json::object scenario_schema();

}  // namespace mread::scenarios
