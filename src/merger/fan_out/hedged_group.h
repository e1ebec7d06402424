#pragma once

#include <optional>
#include <span>
#include <vector>

#include "merger/fan_out/backend_request.h"
#include "merger/fan_out/options.h"
#include "merger/members/hedge.h"
#include "merger/policy/policy.h"

namespace mread::merger {

/// A group with `hedge_after` in one query: applies its HedgePlan to its backend requests.
///
/// `policy` and `options` outlive it, and so do the requests. Not thread-safe. Tested by
/// hedged_read_test.cc.
class HedgedGroup {
 public:
  /// `requests` are all of the query, of every group. Those of this group that stand by are asked
  /// one after another: FanOutOptions::on_trial first, FanOutOptions::failing last.
  HedgedGroup(const Policy& policy, const FanOutOptions& options, size_t group,
              std::span<BackendRequest* const> requests);

  /// The request that is to be asked now. Call it after every event, until it is null.
  BackendRequest* next(TimePoint now);
  /// When next() has to be called though nothing has happened.
  std::optional<TimePoint> due() const { return plan_.due(); }
  void add_to(Outcome& outcome) const;

 private:
  void note_requests();

  const Policy& policy_;
  const FanOutOptions& options_;
  size_t group_;
  // In the order in which they are asked, as the plan's members.
  std::vector<BackendRequest*> requests_;
  HedgePlan plan_;
};

/// Those of a query, in the order of the groups.
std::vector<HedgedGroup> hedged_groups(const Policy& policy, const FanOutOptions& options,
                                       std::span<BackendRequest* const> requests);

}  // namespace mread::merger
