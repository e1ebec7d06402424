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

/// One query of a read. Its requests are in the order of the backends, followed by those that took
/// over from others; the merge's sources have the same order. Tested by deferred_read_test.cc.
struct QueryRun {
  model::Query query;
  SeriesMerge merge;
  std::vector<BackendRequest*> requests;
  std::vector<HedgedGroup> hedged;
  std::vector<Scope> scopes;  ///< by backend
  size_t index = 0;           ///< in the request
  size_t unsettled = 0;       ///< requests that the start of the answer waits for
  size_t open = 0;            ///< requests whose answer has not ended
  bool decided = false;       ///< all are settled, and no other is asked before the merge
  bool begun = false;         ///< the merge has begun
  /// Its SAMPLES answers are read as they are merged (SamplesAnswer::read).
  bool checks_deferred = false;
  bool passed_on = false;  ///< one of them is the whole answer: nothing is to be merged

  /// Called once every request is settled, before the merge: decides how the SAMPLES answers whose
  /// check was deferred are read. If all answers are such, they are read while they are merged, and
  /// answers with the same bytes are read once; a single one may be passed on as it came. Otherwise
  /// all of them are checked first.
  void begin(AnswerWriter& writer);
  /// After a failure of a merge that was `checks_deferred`: checks all answers, and merges from the
  /// start. The writer must be one that nothing has been given to.
  void begin_again();
  /// Checks all answers whose check was deferred. The requests of bad ones have failed early.
  void check_answers();

  /// By backend.
  std::vector<Part> parts(size_t backends) const;
  void add_to(Outcome& outcome, TimePoint now) const;
};

}  // namespace mread::merger
