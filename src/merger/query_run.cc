#include "merger/query_run.h"

namespace mread::merger {

std::vector<Part> QueryRun::parts(size_t backends) const {
  std::vector<Part> parts(backends, Part::not_asked);
  for (const BackendLeg* each : legs) {
    const bool lost = each->failed() && !scopes[each->backend()].nothing_lost;
    parts[each->backend()] = lost              ? Part::failed
                             : each->dropped() ? Part::dropped
                             : each->failed()  ? Part::not_asked
                                               : Part::answered;
  }
  return parts;
}

void QueryRun::add_to(Outcome& outcome, TimePoint now) const {
  for (BackendOutcome& each : outcome.backends) {
    if (!each.skipped) each.skipped = scopes[each.backend].reason;
  }
  for (const BackendLeg* leg : legs) {
    BackendOutcome& each = outcome.backends[leg->backend()];
    if (leg->failed()) each.nothing_lost = scopes[leg->backend()].nothing_lost && (!each.error || each.nothing_lost);
    leg->add_to(each, now);
  }
  for (const HedgedGroup& group : hedged) group.add_to(outcome);
}

}  // namespace mread::merger
