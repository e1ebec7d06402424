#include "merger/fan_out/hedged_group.h"

#include <algorithm>
#include <cassert>

namespace mread::merger {
namespace {

// By backend; what is shorter ends with the default.
template <typename T>
T at(const std::vector<T>& by_backend, size_t backend) {
  return backend < by_backend.size() ? by_backend[backend] : T();
}

}  // namespace

HedgedGroup::HedgedGroup(const Policy& policy, const FanOutOptions& options, size_t group,
                         std::span<BackendRequest* const> requests)
    : policy_(policy), options_(options), group_(group), plan_(0, {}) {
  size_t able = 0;
  for (BackendRequest* each : requests) {
    if (policy_.backends[each->backend()].group != group) continue;
    ++able;
    if (each->stands_by()) requests_.push_back(each);
  }
  const auto rank = [this](const BackendRequest* each) {
    if (at(options_.on_trial, each->backend())) return 0;
    return at(options_.failing, each->backend()) ? 2 : 1;
  };
  std::stable_sort(
      requests_.begin(), requests_.end(),
      [&rank](const BackendRequest* a, const BackendRequest* b) { return rank(a) < rank(b); });
  std::vector<std::chrono::nanoseconds> delays;
  for (const BackendRequest* each : requests_) {
    delays.push_back(hedge_delay(*policy_.groups[group].hedge_after,
                                 policy_.backends[each->backend()],
                                 at(options_.latencies, each->backend())));
  }
  plan_ = HedgePlan(std::min(policy_.groups[group].need, able), std::move(delays));
}

void HedgedGroup::note_requests() {
  using State = HedgePlan::State;
  for (size_t i = 0; i < requests_.size(); ++i) {
    const BackendRequest& request = *requests_[i];
    if (request.stands_by()) continue;
    plan_.note(i, request.failed_early() ? State::failed
                  : request.dropped()    ? State::dropped
                  : request.settled()    ? State::ready
                                         : State::asked);
  }
}

BackendRequest* HedgedGroup::next(TimePoint now) {
  note_requests();
  // A read that has failed already needs nobody.
  const bool failed = std::any_of(requests_.begin(), requests_.end(),
                                  [](const BackendRequest* each) { return each->failed(); });
  if (failed && policy_.partial == PartialPolicy::all) return nullptr;
  const auto member =
      plan_.next(now, [this] { return !options_.may_hedge || options_.may_hedge(group_); });
  for (size_t i = 0; i < requests_.size(); ++i) {
    if (plan_.late(i)) requests_[i]->is_late();
  }
  assert(!member || (*member < requests_.size() && requests_[*member]->stands_by()));
  return member ? requests_[*member] : nullptr;
}

void HedgedGroup::add_to(Outcome& outcome) const {
  using Hedge = BackendOutcome::Hedge;
  outcome.hedges.resize(policy_.groups.size());
  outcome.hedges[group_] += plan_.counts();
  for (size_t i = 0; i < requests_.size(); ++i) {
    if (!plan_.is_hedge(i)) continue;
    Hedge& hedge = outcome.backends[requests_[i]->backend()].hedge;
    if (hedge != Hedge::won) hedge = plan_.won(i) ? Hedge::won : Hedge::lost;
  }
}

std::vector<HedgedGroup> hedged_groups(const Policy& policy, const FanOutOptions& options,
                                       std::span<BackendRequest* const> requests) {
  std::vector<HedgedGroup> groups;
  for (size_t group = 0; group < policy.groups.size(); ++group) {
    if (policy.groups[group].hedge_after) groups.emplace_back(policy, options, group, requests);
  }
  return groups;
}

}  // namespace mread::merger
