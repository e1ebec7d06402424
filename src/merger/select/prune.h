#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "merger/policy/policy.h"
#include "merger/select/catalog.h"
#include "model/query.h"

namespace mread::merger {

/// Why a backend is not asked, or not for all of a query's range.
enum class SkipReason {
  route,              ///< no route leads to its group
  required_matchers,  ///< they are not in the query
  time,               ///< all of its samples are later than the range
  prune,              ///< by its catalog it holds nothing that matches
  prune_tail,  ///< likewise; what it may have stored since the catalog was taken is asked for
};
inline constexpr size_t skip_reasons = 5;
/// "route", "required_matchers", "time", "prune", "prune_tail".
const char* to_string(SkipReason reason);

/// What is known of a backend before it is asked.
struct Knowledge {
  std::shared_ptr<const Catalog> catalog;  ///< none: it may hold anything
  /// The backend has been away since: it may have come back with other data, so the catalog is no
  /// reason not to ask it. Where it fails, the catalog says whether anything is missing.
  bool suspect = false;
};

/// One backend's part in one query.
struct Scope {
  bool asked = true;
  std::optional<SkipReason> reason;  ///< set where it is not asked, or for the tail only
  std::optional<int64_t> from_ms;    ///< with prune_tail: where the range begins
  /// It is asked to be safe, but by its catalog it holds nothing: its failure leaves nothing out.
  bool nothing_lost = false;
};

/// Whether a query carries a backend's required_matchers.
bool is_asked(const Backend& backend, const model::Query& query);

/// For every backend of the configuration its part in the query. `knowledge` by backend, may be
/// shorter.
///
/// A catalog counts for samples up to `prune.settle` before it was taken; for what is later, the
/// backend is asked. With `wait: need` the members of a group stand for each other, so they are
/// asked alike: for all that one of them may hold. Never leaves out a backend that holds a matching
/// series, if what it stored later than its catalog is later than that limit.
std::vector<Scope> decide_scopes(const Policy& policy, const model::Query& query,
                                 std::span<const Knowledge> knowledge);

/// The query from `from_ms` on, the hints' range included.
model::Query narrowed(model::Query query, int64_t from_ms);

}  // namespace mread::merger
