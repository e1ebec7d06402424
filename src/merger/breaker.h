#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "merger/config.h"
#include "merger/fan_out.h"

namespace mread::merger {

/// What a read has shown of a backend's health.
enum class Vital {
  unknown,   ///< it was not asked, or the read ended before it could answer
  answered,  ///< it answered, be it with an error that it chose (a 4xx, a body that does not decode)
  failed,    ///< it could not be reached, did not answer in time, broke off, or said 5xx
};
/// A read that ended before the backend began to answer, because its client went or another member was faster, shows a
/// failure where that had lasted for `hung_after`.
Vital vital(const BackendOutcome& outcome, std::chrono::milliseconds hung_after);

/// The circuit breaker of one backend, without I/O.
///
/// closed     reads ask it. After `open_after` failures in a row, whichever reads they are of, it opens.
/// open       no read asks it. It is to be probed, every `probe` from the start of the last probe; one that is answered
///            makes it half-open, and so the circuit of a backend that hangs stays open.
/// half_open  one read asks it, the trial; no other does until that has ended. It closes the circuit or opens it again;
///            one that shows nothing leaves the trial to the next.
/// What a read shows that asked before the circuit opened: an answer closes it, a failure is no news.
///
/// Not thread-safe.
class Breaker {
 public:
  enum class State { closed, open, half_open };
  enum class Permit { no, yes, trial };

  explicit Breaker(const HealthSettings& settings) : settings_(settings) {}

  State state() const { return state_; }
  /// Whether a read may ask the backend now. Each permit but `no` is followed by one record().
  Permit admit();
  /// What a read that was admitted with `permit` has shown.
  void record(Permit permit, Vital vital, TimePoint now);
  /// When the next probe is due; none unless the circuit is open.
  std::optional<TimePoint> next_probe() const;
  void probe_begun(TimePoint now);
  void probe_ended(bool answered);
  /// After a change of configuration: the settings are new, what is known stays. A trial under way is forgotten.
  Breaker with(const HealthSettings& settings) const;

 private:
  void open(TimePoint now);

  HealthSettings settings_;
  State state_ = State::closed;
  size_t failures_ = 0;  // In a row.
  bool on_trial_ = false;
  TimePoint probe_at_;
};

/// "closed", "open", "half_open".
const char* to_string(Breaker::State state);

}  // namespace mread::merger
