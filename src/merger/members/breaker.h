#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time_point.h"
#include "merger/policy/policy.h"

namespace mread::merger {

/// What a read has shown of a backend's health.
enum class HealthSign {
  unknown,   ///< it was not asked, or the read ended before it could answer
  answered,  ///< it answered, be it with an error about this read (500, a 4xx, a body that does not
             ///< decode)
  failed,    ///< it could not be reached, did not answer in time, broke off, or said 5xx other than
             ///< 500
};

/// Which read failed, and whose it was: hashes.
struct ReadIdentity {
  uint64_t client = 0;
  uint64_t read = 0;
};

/// The circuit breaker of one backend, without I/O. A failed read may say more about the read than
/// about the backend (a range too heavy for it, say), so it makes the backend suspect; a probe
/// decides.
///
/// closed      Reads ask it. A failed read, or one that waits for too long, makes it suspect.
/// suspect     Reads ask it. It is probed at once, and again soon if a probe fails. An answer to a
///             read or to a probe closes the circuit. It opens when `open_after` reads and probes in
///             a row have failed and the newest probe is one of them.
/// open        No read asks it. It is probed every `probe` from the start of the last probe; an
///             answer makes it half-open.
/// half_open   One read asks it, the trial; no other does until that has ended. An answer closes the
///             circuit; a failure makes the backend suspect again, and one failed probe then opens
///             the circuit. A trial that shows nothing leaves the trial to the next read.
///
/// Results of reads sent before the circuit opened: success closes it; failure is ignored.
///
/// Without probes (`path` is empty), a suspect's circuit opens after `open_after` failed reads in a
/// row, if they are different reads of at least two clients. After `probe` it is half-open, and a
/// failed trial opens it again.
///
/// Not thread-safe.
class Breaker {
 public:
  enum class State { closed, suspect, open, half_open };
  enum class Permit { no, yes, trial };

  explicit Breaker(const HealthSettings& settings) : settings_(settings) {}

  State state() const { return state_; }
  /// Whether a read may ask the backend now. Each permit but `no` is followed by one record().
  Permit admit(TimePoint now);
  /// What a read that was admitted with `permit` has shown.
  void record(Permit permit, HealthSign health_sign, TimePoint now, ReadIdentity who = {});
  /// A read waits for the backend for longer than most do: it is suspect before that read fails.
  void late(TimePoint now);
  /// When the next probe is due; none unless the backend is suspect or its circuit is open.
  std::optional<TimePoint> next_probe() const;
  void probe_begun(TimePoint now);
  void probe_ended(bool answered, TimePoint now);
  /// After a change of configuration: the settings are new, what is known stays. A trial under way
  /// is forgotten.
  Breaker with(const HealthSettings& settings) const;

 private:
  bool probes() const { return !settings_.path.empty(); }
  void close();
  void suspect(TimePoint now, size_t failures);
  void open(TimePoint now);
  void open_if_confirmed(TimePoint now);
  bool is_of_several(ReadIdentity who);

  HealthSettings settings_;
  State state_ = State::closed;
  size_t failures_ = 0;        // Of reads and probes, in a row.
  bool probe_failed_ = false;  // The newest probe since the backend became suspect.
  bool on_trial_ = false;
  TimePoint probe_at_;
  std::optional<TimePoint> probed_at_;  // The start of the newest probe.
  // Without probes: of the failed reads in a row.
  std::optional<ReadIdentity> first_failed_;
  bool several_clients_ = false;
  bool several_reads_ = false;
};

/// "closed", "suspect", "open", "half_open".
const char* to_string(Breaker::State state);

}  // namespace mread::merger
