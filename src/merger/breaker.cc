#include "merger/breaker.h"

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
      return outcome.http_status >= 500 ? Vital::failed : Vital::answered;
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

Breaker::Permit Breaker::admit() {
  if (state_ == State::closed) return Permit::yes;
  if (state_ == State::open || on_trial_) return Permit::no;
  on_trial_ = true;
  return Permit::trial;
}

void Breaker::record(Permit permit, Vital vital, TimePoint now) {
  if (permit == Permit::no) return;
  const bool trial = permit == Permit::trial && state_ == State::half_open;
  if (trial) on_trial_ = false;
  if (vital == Vital::answered) {
    state_ = State::closed;
    failures_ = 0;
    on_trial_ = false;
  } else if (vital == Vital::failed) {
    if (state_ == State::closed && ++failures_ >= settings_.open_after) open(now);
    if (trial) open(now);
  }
}

void Breaker::open(TimePoint now) {
  state_ = State::open;
  failures_ = 0;
  on_trial_ = false;
  probe_at_ = now + settings_.probe;
}

std::optional<TimePoint> Breaker::next_probe() const {
  if (state_ != State::open) return std::nullopt;
  return probe_at_;
}

void Breaker::probe_begun(TimePoint now) { probe_at_ = now + settings_.probe; }

void Breaker::probe_ended(bool answered) {
  if (answered && state_ == State::open) state_ = State::half_open;
}

Breaker Breaker::with(const HealthSettings& settings) const {
  Breaker next = *this;
  next.settings_ = settings;
  next.on_trial_ = false;
  return next;
}

const char* to_string(Breaker::State state) {
  switch (state) {
    case Breaker::State::closed:
      return "closed";
    case Breaker::State::open:
      return "open";
    case Breaker::State::half_open:
      return "half_open";
  }
  return "closed";
}

}  // namespace mread::merger
