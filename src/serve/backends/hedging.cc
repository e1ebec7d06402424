#include "serve/backends/hedging.h"

#include <algorithm>

namespace mread::serve {

Hedging::Hedging(const config::Config& config) : config_(config), groups_(config.groups.size()) {
  const bool any =
      std::any_of(config.groups.begin(), config.groups.end(),
                  [](const merger::Group& group) { return group.hedge_after.has_value(); });
  if (any) windows_.resize(config.backends.size());
}

void Hedging::take_over(const Hedging& previous,
                        const std::vector<std::optional<size_t>>& origins) {
  const std::scoped_lock lock(mutex_, previous.mutex_);
  for (size_t i = 0; i < groups_.size(); ++i) {
    for (size_t j = 0; j < previous.groups_.size(); ++j) {
      if (config_.groups[i].name == previous.config_.groups[j].name)
        groups_[i] = previous.groups_[j];
    }
  }
  for (size_t i = 0; i < windows_.size(); ++i) {
    if (origins.at(i) && *origins[i] < previous.windows_.size())
      windows_[i] = previous.windows_[*origins[i]];
  }
}

std::optional<std::chrono::nanoseconds> Hedging::latency(size_t backend) const {
  const auto& after = config_.groups[config_.backends[backend].group].hedge_after;
  if (!after || after->quantile == 0) return std::nullopt;
  return windows_[backend].quantile(after->quantile);
}

void Hedging::prepare(merger::FanOutOptions& options) {
  if (windows_.empty()) return;
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < windows_.size(); ++i) options.latencies.push_back(latency(i));
  options.may_hedge = [this](size_t group) {
    const std::lock_guard budget_lock(mutex_);
    return groups_[group].budget.take();
  };
}

void Hedging::learn(const merger::Outcome& outcome) {
  using State = merger::BackendOutcome::State;
  if (windows_.empty() || outcome.backends.size() != windows_.size()) return;
  const std::lock_guard lock(mutex_);
  std::vector<bool> asked(groups_.size());
  for (const merger::BackendOutcome& each : outcome.backends) {
    if (each.latency) windows_[each.backend].add(*each.latency);
    if (each.state != State::not_asked) asked[config_.backends[each.backend].group] = true;
  }
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (asked[i]) groups_[i].budget.count_read();
    if (i < outcome.hedges.size()) groups_[i].counts += outcome.hedges[i];
  }
}

std::vector<merger::HedgeCounts> Hedging::counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<merger::HedgeCounts> counts;
  for (const Group& group : groups_) counts.push_back(group.counts);
  return counts;
}

}  // namespace mread::serve
