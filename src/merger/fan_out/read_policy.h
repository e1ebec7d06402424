#pragma once

#include <span>
#include <string>
#include <vector>

#include "merger/fan_out/outcome.h"
#include "merger/policy/policy.h"
#include "model/query.h"

namespace mread::merger {

/// What one backend's part in one query has come to.
enum class Part {
  not_asked,  ///< it cannot hold anything that is asked for, so it counts as having answered
  answered,
  dropped,
  failed,
  borne,  ///< failed before the answer began, which told of it: no reason any more to break off
};

/// Whether an answer may be given. `parts` by backend. `begun`: some of it has been sent, so that
/// what a failed backend has not said since can only be made up for by others of its group.
bool may_answer(const Policy& policy, std::span<const Part> parts, bool begun);

/// Whether fewer than `need` members of the group have answered.
bool is_short(const Group& group, std::span<const Part> parts);

/// The same with dropped members in place of those that a group is short of.
std::vector<Part> with_spares(const Policy& policy, std::vector<Part> parts);

/// Whether the range of the samples that a query asks for is within limits.query_range: the hints'
/// range where there are hints. A query that asks for labels only is always within.
bool is_within_range(const Limits& limits, const model::Query& query);

/// How much is said of failed backends: in a header, of which proxies take few bytes (nginx: 4 KiB
/// for the whole head), and where there is room (the query log, the warnings endpoint, the text of
/// an error).
inline constexpr size_t failures_in_header_bytes = 1U << 10;
inline constexpr size_t failures_bytes = 64U << 10;

/// "b: deadline 8s, c: connection refused": the failed backends in the order of the configuration;
/// empty if there are none. At most `most_bytes` long: backends that do not fit are counted, "b:
/// deadline 8s … and 27 more", and a first one that does not fit is cut.
std::string describe_failures(const Policy& policy, std::span<const BackendOutcome> outcomes,
                              size_t most_bytes = failures_bytes);

/// All that is missing in an answer: describe_failures(), and what was left out since the client
/// would refuse it. The latter has its place in `most_bytes` first.
std::string describe_partial(const Policy& policy, const Outcome& outcome,
                             size_t most_bytes = failures_bytes);

}  // namespace mread::merger
