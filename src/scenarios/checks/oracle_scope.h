#pragma once

#include <set>
#include <string>

#include "scenarios/model/scenario.h"

namespace mread::scenarios {

/// The first of `names` that an expression selects series by: as a metric's name, or by a matcher
/// of __name__ that one of them meets. Empty: none. What names no metric ({job="x"}) is not looked
/// into. Strings and comments are no names.
std::string selected_name(const std::string& expr, const std::set<std::string>& names);

/// Why the oracles cannot judge a check though they are asked to: its expression selects series
/// that only the rules of the asked query node make, and the oracle has what data nodes hold. Empty
/// where they can.
std::string beyond_oracle(const Test& test, const Check& check);

/// Whether the oracles judge a check: it asks PromQL of a node that answers for all, has no
/// `oracle: false`, and nothing of it is beyond_oracle().
bool is_oracles(const Test& test, const Check& check);

}  // namespace mread::scenarios
