#include "merger/fan_out/vital.h"

namespace mread::merger {

Vital vital(const BackendOutcome& outcome, std::chrono::milliseconds hung_after) {
  using State = BackendOutcome::State;
  if (outcome.state == State::complete) return Vital::answered;
  if (outcome.state == State::waiting || outcome.state == State::dropped) {
    return outcome.http_status == 0 && outcome.total >= hung_after ? Vital::failed : Vital::unknown;
  }
  if (outcome.state != State::failed || !outcome.error) return Vital::unknown;
  const Error& error = *outcome.error;
  if (error.code.category() != mread_category()) return Vital::failed;
  switch (static_cast<Errc>(error.code.value())) {
    case Errc::http_status:
      // 500 is how a store says that this read cannot be answered. 502, 503, 504 come from what stands before it, too.
      return outcome.http_status > 500 ? Vital::failed : Vital::answered;
    case Errc::deadline:
    case Errc::truncated:
    case Errc::unavailable:
    case Errc::not_found:
      return Vital::failed;
    case Errc::canceled:
      return Vital::unknown;
    default:
      return Vital::answered;
  }
}

}  // namespace mread::merger
