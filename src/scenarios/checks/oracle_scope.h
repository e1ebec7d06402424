#pragma once

#include <set>
#include <string>

#include "scenarios/model/scenario.h"

namespace mread::scenarios {

/// The first of `names` that an expression selects series by: as a metric's name, or by a matcher
/// of __name__ that one of them meets. Empty: none. A selector without a name ({job="x"}) counts as
/// none of them; so do strings and comments.
std::string selected_name(const std::string& expr, const std::set<std::string>& names);

/// Why the oracles cannot judge a check: its expression selects series that only the rules of the
/// asked query node make, and the oracle has only the data of data nodes. Empty if they can.
std::string beyond_oracle(const Test& test, const Check& check);

/// Whether the oracles judge a check: it asks PromQL of a node that answers for all, has no
/// `oracle: false`, and nothing of it is beyond_oracle().
bool is_oracles(const Test& test, const Check& check);

}  // namespace mread::scenarios
