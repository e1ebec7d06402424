#include "merger/select/prune.h"

#include <algorithm>

#include "merger/select/routes.h"

namespace mread::merger {
namespace {

// Values that are held against expressions, of one query over all backends: some milliseconds.
constexpr size_t match_budget = 50'000;

bool has_range(const model::Query& query) {
  return query.hints && (query.hints->start_ms != 0 || query.hints->end_ms != 0);
}

int64_t first_wanted(const model::Query& query) {
  return has_range(query) ? std::max(query.start_ms, query.hints->start_ms) : query.start_ms;
}

int64_t last_wanted(const model::Query& query) {
  return has_range(query) ? std::min(query.end_ms, query.hints->end_ms) : query.end_ms;
}

Scope skipped(SkipReason reason) { return {false, reason, std::nullopt, false}; }

Scope scope_by(const Catalog& catalog, std::chrono::milliseconds settle, const model::Query& query,
               size_t& budget) {
  const int64_t known_to_ms = catalog.taken_at_ms() - settle.count();
  if (first_wanted(query) >= known_to_ms) return {};
  const int64_t last_ms = last_wanted(query);
  if (catalog.oldest_ms() && last_ms < std::min(*catalog.oldest_ms(), known_to_ms))
    return skipped(SkipReason::time);
  if (catalog.could_hold(query.matchers, budget)) return {};
  if (last_ms < known_to_ms) return skipped(SkipReason::prune);
  return {true, SkipReason::prune_tail, known_to_ms, false};
}

// Members that stand for each other are asked alike.
void align(const Group& group, std::vector<Scope>& scopes) {
  bool all = false;
  std::optional<int64_t> from_ms;
  for (const size_t member : group.members) {
    const Scope& scope = scopes[member];
    all = all || (scope.asked && !scope.from_ms);
    if (scope.from_ms) from_ms = std::min(from_ms.value_or(INT64_MAX), *scope.from_ms);
  }
  if (!all && !from_ms) return;
  for (const size_t member : group.members) {
    Scope& scope = scopes[member];
    const bool by_catalog = scope.reason && *scope.reason != SkipReason::route &&
                            *scope.reason != SkipReason::required_matchers;
    if (!by_catalog) continue;
    scope = all ? Scope{} : Scope{true, SkipReason::prune_tail, from_ms, false};
  }
}

}  // namespace

const char* to_string(SkipReason reason) {
  switch (reason) {
    case SkipReason::route:
      return "route";
    case SkipReason::required_matchers:
      return "required_matchers";
    case SkipReason::time:
      return "time";
    case SkipReason::prune:
      return "prune";
    case SkipReason::prune_tail:
      return "prune_tail";
  }
  return "";
}

bool is_asked(const Backend& backend, const model::Query& query) {
  return std::all_of(backend.required_matchers.begin(), backend.required_matchers.end(),
                     [&query](const auto& required) {
                       return std::any_of(query.matchers.begin(), query.matchers.end(),
                                          [&required](const model::Matcher& matcher) {
                                            return matcher.type() == model::MatchType::equal &&
                                                   matcher.name() == required.first &&
                                                   matcher.value() == required.second;
                                          });
                     });
}

std::vector<Scope> decide_scopes(const Policy& policy, const model::Query& query,
                                 std::span<const Knowledge> knowledge) {
  std::vector<Scope> scopes(policy.backends.size());
  const std::vector<bool> routed =
      groups_to_ask(policy.routes, query.matchers, policy.groups.size());
  size_t budget = match_budget;
  for (size_t i = 0; i < scopes.size(); ++i) {
    if (!routed[policy.backends[i].group]) {
      scopes[i] = skipped(SkipReason::route);
    } else if (!is_asked(policy.backends[i], query)) {
      scopes[i] = skipped(SkipReason::required_matchers);
    } else if (policy.prune && i < knowledge.size() && knowledge[i].catalog) {
      scopes[i] = scope_by(*knowledge[i].catalog, policy.prune->settle, query, budget);
      if (knowledge[i].suspect) scopes[i] = {true, std::nullopt, std::nullopt, !scopes[i].asked};
    }
  }
  for (const Group& group : policy.groups) {
    if (group.wait == Group::Wait::need) align(group, scopes);
  }
  return scopes;
}

model::Query narrowed(model::Query query, int64_t from_ms) {
  query.start_ms = std::max(query.start_ms, from_ms);
  if (has_range(query)) query.hints->start_ms = std::max(query.hints->start_ms, from_ms);
  return query;
}

}  // namespace mread::merger
