#include "merger/anchored_query.h"

namespace mread::merger {

model::Query anchored(model::Query query) {
  for (model::Matcher& matcher : query.matchers) {
    if (matcher.type() != model::MatchType::regex && matcher.type() != model::MatchType::not_regex) continue;
    auto whole = model::Matcher::create(matcher.type(), matcher.name(), "^(?:" + matcher.value() + ")$");
    // What is a valid expression by itself is valid in a group, unless RE2 finds it too large.
    if (whole) matcher = std::move(*whole);
  }
  return query;
}

}  // namespace mread::merger
