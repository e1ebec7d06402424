#pragma once

#include <vector>

#include "merger/backend_leg.h"
#include "merger/config.h"
#include "merger/fan_out.h"
#include "merger/hedged_group.h"
#include "merger/prune.h"
#include "merger/read_policy.h"
#include "merger/series_merge.h"
#include "model/query.h"

namespace mread::merger {

/// One query of a read on its way. The legs are in the order of the backends, and those that took over from others
/// behind them; the merge's sources are numbered likewise.
struct QueryRun {
  model::Query query;
  SeriesMerge merge;
  std::vector<BackendLeg*> legs;
  std::vector<HedgedGroup> hedged;
  std::vector<Scope> scopes;  ///< by backend
  bool begun = false;         ///< some of its answer has been written

  /// By backend.
  std::vector<Part> parts(size_t backends) const;
  void add_to(Outcome& outcome, TimePoint now) const;
};

}  // namespace mread::merger
