#include "merger/fan_out/hedged_group.h"

#include <algorithm>

namespace mread::merger {
namespace {

// By backend; what is shorter ends with the default.
template <typename T>
T at(const std::vector<T>& by_backend, size_t backend) {
  return backend < by_backend.size() ? by_backend[backend] : T();
}

}  // namespace

HedgedGroup::HedgedGroup(const Policy& policy, const FanOutOptions& options, size_t group,
                         std::span<BackendLeg* const> legs)
    : policy_(policy), options_(options), group_(group), plan_(0, {}) {
  size_t able = 0;
  for (BackendLeg* each : legs) {
    if (policy_.backends[each->backend()].group != group) continue;
    ++able;
    if (each->stands_by()) legs_.push_back(each);
  }
  const auto rank = [this](const BackendLeg* each) {
    if (at(options_.on_trial, each->backend())) return 0;
    return at(options_.failing, each->backend()) ? 2 : 1;
  };
  std::stable_sort(legs_.begin(), legs_.end(),
                   [&rank](const BackendLeg* a, const BackendLeg* b) { return rank(a) < rank(b); });
  std::vector<std::chrono::nanoseconds> delays;
  for (const BackendLeg* each : legs_) {
    delays.push_back(hedge_delay(*policy_.groups[group].hedge_after, policy_.backends[each->backend()],
                                 at(options_.latencies, each->backend())));
  }
  plan_ = HedgePlan(std::min(policy_.groups[group].need, able), std::move(delays));
}

void HedgedGroup::note_legs() {
  using State = HedgePlan::State;
  for (size_t i = 0; i < legs_.size(); ++i) {
    const BackendLeg& leg = *legs_[i];
    if (leg.stands_by()) continue;
    plan_.note(i, leg.failed_early() ? State::failed
                  : leg.dropped()    ? State::dropped
                  : leg.settled()    ? State::ready
                                     : State::asked);
  }
}

BackendLeg* HedgedGroup::next(TimePoint now) {
  note_legs();
  // A read that has failed already needs nobody.
  const bool failed = std::any_of(legs_.begin(), legs_.end(), [](const BackendLeg* each) { return each->failed(); });
  if (failed && policy_.partial == PartialPolicy::all) return nullptr;
  const auto member = plan_.next(now, [this] { return !options_.may_hedge || options_.may_hedge(group_); });
  for (size_t i = 0; i < legs_.size(); ++i) {
    if (plan_.late(i)) legs_[i]->is_late();
  }
  return member ? legs_[*member] : nullptr;
}

void HedgedGroup::add_to(Outcome& outcome) const {
  using Hedge = BackendOutcome::Hedge;
  outcome.hedges.resize(policy_.groups.size());
  outcome.hedges[group_] += plan_.counts();
  for (size_t i = 0; i < legs_.size(); ++i) {
    if (!plan_.is_hedge(i)) continue;
    Hedge& hedge = outcome.backends[legs_[i]->backend()].hedge;
    if (hedge != Hedge::won) hedge = plan_.won(i) ? Hedge::won : Hedge::lost;
  }
}

std::vector<HedgedGroup> hedged_groups(const Policy& policy, const FanOutOptions& options,
                                       std::span<BackendLeg* const> legs) {
  std::vector<HedgedGroup> groups;
  for (size_t group = 0; group < policy.groups.size(); ++group) {
    if (policy.groups[group].hedge_after) groups.emplace_back(policy, options, group, legs);
  }
  return groups;
}

}  // namespace mread::merger
