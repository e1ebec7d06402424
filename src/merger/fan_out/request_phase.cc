#include "merger/fan_out/request_phase.h"

namespace mread::merger {

bool may_follow(RequestPhase from, RequestPhase to) {
  using enum RequestPhase;
  switch (from) {
    case standing_by:
      return to == asked || to == never_asked || to == unavailable;
    case asked:
      // A request that takes over in mid-answer fails late, so that the merge notices.
      return to == answering || to == dropped || to == failed_early || to == failed_late;
    case answering:
      return to == complete || to == dropped || to == failed_early || to == failed_late ||
             to == left_out_early || to == left_out_late;
    case complete:
      // Deferred checking and the merge find errors in answers that have ended well.
      return to == failed_early || to == failed_late || to == left_out_late;
    case dropped:
    case failed_late:
      // Other sources may still hold bytes that came with this answer.
      return to == left_out_late;
    case failed_early:
      return to == left_out_early;
    case never_asked:
    case unavailable:
    case left_out_early:
    case left_out_late:
      return false;
  }
  return false;
}

}  // namespace mread::merger
