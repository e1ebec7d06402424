#pragma once

#include <vector>

#include "merger/answer/answer_writer.h"
#include "merger/answer/series_merge.h"
#include "merger/fan_out/backend_request.h"
#include "merger/fan_out/hedged_group.h"
#include "merger/fan_out/read_policy.h"
#include "merger/policy/policy.h"
#include "merger/select/prune.h"
#include "model/query.h"

namespace mread::merger {

/// One query of a read on its way. The legs are in the order of the backends, and those that took
/// over from others behind them; the merge's sources are numbered likewise.
struct QueryRun {
  model::Query query;
  SeriesMerge merge;
  std::vector<BackendRequest*> requests;
  std::vector<HedgedGroup> hedged;
  std::vector<Scope> scopes;  ///< by backend
  size_t index = 0;           ///< in the request
  size_t unsettled = 0;       ///< legs that the start of the answer waits for
  size_t open = 0;            ///< legs with a request on its way
  bool decided = false;       ///< every leg is settled, and nobody else is asked at first
  bool begun = false;         ///< some of its answer has been written
  bool checks_deferred =
      false;  ///< its SAMPLES answers are read as they are merged (SamplesAnswer::read)
  bool passed_on = false;  ///< one of them is the whole answer: nothing is to be merged

  /// Once every leg is settled, before the merge: sees to the SAMPLES answers that wait. Where all
  /// that there is to merge are such answers they are read as they are merged, those with the same
  /// bytes once; if then there is but one, it may be passed on as it came. Else they are checked
  /// first.
  void begin(AnswerWriter& writer);
  /// After a failure of a merge that was `checks_deferred`: checks all answers, and merges from the
  /// start. The writer must be one that nothing has been given to.
  void begin_anew();
  /// Looks into all answers that were not looked into yet; the legs of those that are bad have
  /// failed.
  void check_answers();

  /// By backend.
  std::vector<Part> parts(size_t backends) const;
  void add_to(Outcome& outcome, TimePoint now) const;
};

}  // namespace mread::merger
