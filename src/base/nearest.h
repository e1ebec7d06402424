#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mread {

/// The candidate with the smallest edit distance to `word` (swapped neighbours are one edit), if
/// near enough to be meant (at most a third of the word's length, and at least 1 and at most 3
/// edits); else empty.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// What a message says after `unknown thing "word"`: `; did you mean "NEAREST"?`. Where no
/// candidate is near: `; INTRO` and all candidates, or nothing for an empty `intro`.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates,
                       std::string_view intro = {});

/// "a, b, c"
std::string comma_list(const std::vector<std::string>& words);

}  // namespace mread
