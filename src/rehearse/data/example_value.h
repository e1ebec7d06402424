#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/matcher.h"

namespace mread::rehearse {

/// A short text that a regular expression of a matcher matches. None where none is found: assertions
/// and flags are not understood.
std::optional<std::string> example_of_regex(std::string_view expression);

/// Values that one label may have by all of its matchers: every word of a list (`us|eu`), at most
/// `limit` of them; else one. An empty value: the label is absent. None at all: nothing is found.
std::vector<std::string> example_values(const std::vector<model::Matcher>& matchers, size_t limit);

}  // namespace mread::rehearse
