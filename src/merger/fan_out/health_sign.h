#pragma once

#include <chrono>

#include "merger/fan_out/outcome.h"
#include "merger/members/breaker.h"

namespace mread::merger {

/// What a read has shown of a backend's health.
/// A read that ended before the backend began to answer, because its client went or another member
/// was faster, shows a failure where that had lasted for `hung_after`.
HealthSign health_sign(const BackendOutcome& outcome, std::chrono::milliseconds hung_after);

}  // namespace mread::merger
