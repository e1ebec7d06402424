#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mread::model {

/// Lists the strings that an anchored regular expression matches, if it consists of literals,
/// escaped punctuation, alternation, and groups of these ("us|eu", "us-(east|west)", "a\\.b"). The
/// strings are sorted, each once.
///
/// Returns nothing if the expression has anything else (classes, repetition, flags), is not
/// well-formed, or matches more than `limit` strings, or strings of more than `limit_bytes`
/// together. Cost: linear in the expression and in the strings.
std::optional<std::vector<std::string>> finite_set(std::string_view expression, size_t limit = 1000,
                                                   size_t limit_bytes = 1U << 20);

}  // namespace mread::model
