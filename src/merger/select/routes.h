#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "merger/policy/policy.h"
#include "model/matcher.h"

namespace mread::merger {

/// True unless no label set at all can satisfy the matchers of both sides. Decided label by label,
/// for all four types: exact where one of the matchers on a label is an equality or a regular
/// expression with finitely many strings (model/regex_set.h); where all of them are open (`!=`,
/// `!~`, `=~"a.*"`), the answer is true. Never false for a pair that has a common series.
bool could_match(std::span<const model::Matcher> a, std::span<const model::Matcher> b);

/// For every group, whether it may hold a series that the query asks for. A group that no route
/// names may hold anything; one that routes name holds only series that satisfy at least one of
/// them.
std::vector<bool> groups_to_ask(std::span<const Route> routes,
                                std::span<const model::Matcher> query, size_t groups);

}  // namespace mread::merger
