#include "merger/select/routes.h"

#include <algorithm>
#include <string>

namespace mread::merger {
namespace {

// Could one value of the label satisfy all of these matchers, which are on one label?
bool satisfiable(const std::vector<const model::Matcher*>& matchers) {
  const auto all_match = [&](const std::string& value) {
    return std::all_of(matchers.begin(), matchers.end(),
                       [&](const model::Matcher* m) { return m->matches(value); });
  };
  for (const model::Matcher* matcher : matchers) {
    if (matcher->type() == model::MatchType::equal) return all_match(matcher->value());
    if (matcher->type() == model::MatchType::regex) {
      if (const auto* values = matcher->words()) {
        return std::any_of(values->begin(), values->end(), all_match);
      }
    }
  }
  return true;
}

}  // namespace

bool could_match(std::span<const model::Matcher> a, std::span<const model::Matcher> b) {
  std::vector<const model::Matcher*> all;
  for (const model::Matcher& matcher : a) all.push_back(&matcher);
  for (const model::Matcher& matcher : b) all.push_back(&matcher);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto* x, const auto* y) { return x->name() < y->name(); });
  for (auto from = all.begin(); from != all.end();) {
    const auto to =
        std::find_if(from, all.end(), [&](const auto* m) { return m->name() != (*from)->name(); });
    if (!satisfiable({from, to})) return false;
    from = to;
  }
  return true;
}

std::vector<bool> groups_to_ask(std::span<const Route> routes,
                                std::span<const model::Matcher> query, size_t groups) {
  std::vector<bool> routed(groups, false);
  std::vector<bool> ask(groups, false);
  for (const Route& route : routes) {
    const bool could = could_match(route.match, query);
    for (const size_t group : route.groups) {
      routed[group] = true;
      if (could) ask[group] = true;
    }
  }
  for (size_t group = 0; group < groups; ++group) ask[group] = ask[group] || !routed[group];
  return ask;
}

}  // namespace mread::merger
