#include "merger/members/breaker.h"

#include <algorithm>
#include <cassert>

namespace mread::merger {
namespace {

// A suspect is probed again so soon after a probe, and never sooner than `shortest` after one.
constexpr std::chrono::milliseconds suspect_interval{1'000};
constexpr std::chrono::milliseconds shortest{100};

}  // namespace

Breaker::Permit Breaker::admit(TimePoint now) {
  if (state_ == State::open && !probes() && now >= probe_at_) state_ = State::half_open;
  switch (state_) {
    case State::closed:
    case State::suspect:
      return Permit::yes;
    case State::open:
      return Permit::no;
    case State::half_open:
      if (on_trial_) return Permit::no;
      on_trial_ = true;
      return Permit::trial;
  }
  return Permit::yes;
}

void Breaker::record(Permit permit, HealthSign health_sign, TimePoint now, ReadIdentity who) {
  if (permit == Permit::no) return;
  const bool trial = permit == Permit::trial && state_ == State::half_open;
  if (trial) on_trial_ = false;
  if (health_sign == HealthSign::answered) {
    close();
    return;
  }
  if (health_sign != HealthSign::failed) return;
  if (trial) {
    if (!probes()) {
      open(now);
      return;
    }
    // The next failed probe opens it.
    suspect(now, settings_.open_after - 1);
    return;
  }
  if (state_ == State::closed) suspect(now, 0);
  if (state_ != State::suspect) return;
  ++failures_;
  if (!probes() && !is_of_several(who)) return;
  open_if_confirmed(now);
}

void Breaker::late(TimePoint now) {
  if (state_ == State::closed && probes()) suspect(now, 0);
}

void Breaker::close() {
  state_ = State::closed;
  failures_ = 0;
  probe_failed_ = false;
  on_trial_ = false;
  first_failed_.reset();
  several_clients_ = false;
  several_reads_ = false;
}

void Breaker::suspect(TimePoint now, size_t failures) {
  assert(state_ == State::closed || state_ == State::half_open);
  close();
  state_ = State::suspect;
  failures_ = failures;
  probe_at_ = probed_at_ ? std::max(now, *probed_at_ + shortest) : now;
}

void Breaker::open(TimePoint now) {
  close();
  state_ = State::open;
  probe_at_ = now + settings_.probe;
}

void Breaker::open_if_confirmed(TimePoint now) {
  assert(state_ == State::suspect);
  if (failures_ >= settings_.open_after && (probe_failed_ || !probes())) open(now);
}

// Whether the failed reads in a row are different ones, of two clients or more.
bool Breaker::is_of_several(ReadIdentity who) {
  if (!first_failed_) first_failed_ = who;
  several_clients_ = several_clients_ || who.client != first_failed_->client;
  several_reads_ = several_reads_ || who.read != first_failed_->read;
  return several_clients_ && several_reads_;
}

std::optional<TimePoint> Breaker::next_probe() const {
  if (!probes() || (state_ != State::suspect && state_ != State::open)) return std::nullopt;
  return probe_at_;
}

void Breaker::probe_begun(TimePoint now) {
  probed_at_ = now;
  const auto pause =
      state_ == State::suspect ? std::min(settings_.probe, suspect_interval) : settings_.probe;
  probe_at_ = now + pause;
}

void Breaker::probe_ended(bool answered, TimePoint now) {
  if (state_ == State::suspect && answered) {
    close();
  } else if (state_ == State::suspect) {
    ++failures_;
    probe_failed_ = true;
    open_if_confirmed(now);
  } else if (state_ == State::open && answered) {
    state_ = State::half_open;
  }
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
    case Breaker::State::suspect:
      return "suspect";
    case Breaker::State::open:
      return "open";
    case Breaker::State::half_open:
      return "half_open";
  }
  return "closed";
}

}  // namespace mread::merger
