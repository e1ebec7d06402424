#include "merger/select/anchored_query.h"

namespace mread::merger {

model::Query anchored(model::Query query) {
  for (model::Matcher& matcher : query.matchers) {
    if (matcher.type() != model::MatchType::regex && matcher.type() != model::MatchType::not_regex)
      continue;
    // A valid expression is valid in a group.
    matcher = matcher.with_value("^(?:" + matcher.value() + ")$");
  }
  return query;
}

}  // namespace mread::merger
