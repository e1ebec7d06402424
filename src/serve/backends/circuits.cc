#include "serve/backends/circuits.h"

#include <algorithm>

#include "merger/fan_out/health_sign.h"

namespace mread::serve {

using merger::Breaker;

Circuits::Circuits(const config::Config& config, const Circuits* previous) {
  if (!config.health) return;
  hung_after_ = config.health->hung_after;
  for (size_t i = 0; i < config.backends.size(); ++i) {
    identities_.push_back({config.backends[i].name, config.endpoints[i].url});
    breakers_.emplace_back(*config.health);
  }
  probing_.resize(breakers_.size());
  if (previous == nullptr) return;
  const std::lock_guard lock(previous->mutex_);
  for (size_t i = 0; i < previous->breakers_.size(); ++i) {
    const auto same = std::find(identities_.begin(), identities_.end(), previous->identities_[i]);
    if (same == identities_.end()) continue;
    breakers_[static_cast<size_t>(same - identities_.begin())] =
        previous->breakers_[i].with(*config.health);
  }
}

Circuits::Admission::Admission(Circuits& circuits, TimePoint now, merger::ReadIdentity who)
    : circuits_(circuits), who_(who) {
  const std::lock_guard lock(circuits_.mutex_);
  for (Breaker& breaker : circuits_.breakers_) permits_.push_back(breaker.admit(now));
}

Circuits::Admission::~Admission() { settle({}, {}); }

void Circuits::Admission::prepare(merger::FanOutOptions& options) const {
  for (const Breaker::Permit permit : permits_) {
    options.unavailable.emplace_back(permit == Breaker::Permit::no ? "open circuit" : "");
    options.on_trial.push_back(permit == Breaker::Permit::trial);
  }
}

std::vector<Circuits::Change> Circuits::Admission::settle(const merger::Outcome& outcome,
                                                          TimePoint now) {
  std::vector<Change> changes;
  const std::lock_guard lock(circuits_.mutex_);
  for (size_t i = 0; i < permits_.size(); ++i) {
    Breaker& breaker = circuits_.breakers_[i];
    const Breaker::State before = breaker.state();
    const bool known = i < outcome.backends.size();
    const auto health_sign = known ? merger::health_sign(outcome.backends[i], circuits_.hung_after_)
                                   : merger::HealthSign::unknown;
    breaker.record(permits_[i], health_sign, now, who_);
    if (breaker.state() != before) changes.push_back({i, breaker.state()});
  }
  permits_.clear();
  return changes;
}

Breaker::State Circuits::state(size_t backend) const {
  const std::lock_guard lock(mutex_);
  return breakers_.at(backend).state();
}

bool Circuits::late(size_t backend, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (backend >= breakers_.size()) return false;
  const Breaker::State before = breakers_[backend].state();
  breakers_[backend].late(now);
  return breakers_[backend].state() != before;
}

// Early enough for the probe to have been answered, or not, before the read gives up.
std::chrono::milliseconds Circuits::late_after(const merger::Backend& backend) const {
  return std::min(backend.timeout, hung_after_) / 2;
}

bool Circuits::take_probing(size_t backend) {
  const std::lock_guard lock(mutex_);
  if (retired_ || backend >= breakers_.size() || probing_[backend] ||
      !breakers_[backend].next_probe())
    return false;
  probing_[backend] = true;
  return true;
}

std::optional<TimePoint> Circuits::due(size_t backend) {
  const std::lock_guard lock(mutex_);
  auto at = breakers_[backend].next_probe();
  if (retired_) at.reset();
  if (!at) probing_[backend] = false;
  return at;
}

void Circuits::probe_begun(size_t backend, TimePoint now) {
  const std::lock_guard lock(mutex_);
  breakers_[backend].probe_begun(now);
}

std::optional<Breaker::State> Circuits::probe_ended(size_t backend, bool answered, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const Breaker::State before = breakers_[backend].state();
  breakers_[backend].probe_ended(answered, now);
  const Breaker::State after = breakers_[backend].state();
  if (after == before) return std::nullopt;
  return after;
}

void Circuits::retire() {
  const std::lock_guard lock(mutex_);
  retired_ = true;
}

}  // namespace mread::serve
