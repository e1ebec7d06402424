#include "merger/fan_out/health_sign.h"

namespace mread::merger {

HealthSign health_sign(const BackendOutcome& outcome, std::chrono::milliseconds hung_after) {
  using State = BackendOutcome::State;
  if (outcome.state == State::complete) return HealthSign::answered;
  if (outcome.state == State::waiting || outcome.state == State::dropped) {
    return outcome.http_status == 0 && outcome.total >= hung_after ? HealthSign::failed
                                                                   : HealthSign::unknown;
  }
  if (outcome.state != State::failed || !outcome.error) return HealthSign::unknown;
  const Error& error = *outcome.error;
  if (error.code.category() != mread_category()) return HealthSign::failed;
  switch (static_cast<Errc>(error.code.value())) {
    case Errc::http_status:
      // 500 is how a store says that this read cannot be answered. 502, 503, 504 come from what
      // stands before it, too.
      return outcome.http_status > 500 ? HealthSign::failed : HealthSign::answered;
    case Errc::deadline:
    case Errc::truncated:
    case Errc::unavailable:
    case Errc::not_found:
      return HealthSign::failed;
    case Errc::canceled:
      return HealthSign::unknown;
    default:
      return HealthSign::answered;
  }
}

}  // namespace mread::merger
