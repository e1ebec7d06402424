#include "merger/members/hedge.h"

#include <algorithm>

namespace mread::merger {

HedgeCounts& HedgeCounts::operator+=(const HedgeCounts& other) {
  won += other.won;
  lost += other.lost;
  refused += other.refused;
  return *this;
}

HedgePlan::HedgePlan(size_t need, std::vector<std::chrono::nanoseconds> delays) : need_(need) {
  for (const auto delay : delays) members_.push_back({delay, State::standing_by, {}, false, false});
}

size_t HedgePlan::count(State state) const {
  return static_cast<size_t>(
      std::count_if(members_.begin(), members_.end(),
                    [state](const Member& each) { return each.state == state; }));
}

std::optional<size_t> HedgePlan::next(TimePoint now, const std::function<bool()>& may_hedge) {
  const size_t ready = count(State::ready);
  if (ready >= need_) return std::nullopt;
  const auto spare = std::find_if(members_.begin(), members_.end(), [](const Member& each) {
    return each.state == State::standing_by;
  });
  if (spare == members_.end()) return std::nullopt;
  if (ready + count(State::asked) >= need_) {
    const auto late = [&](const Member& each) {
      return each.state == State::asked && !each.late && now >= each.due;
    };
    auto slow = std::find_if(members_.begin(), members_.end(), late);
    for (; slow != members_.end(); slow = std::find_if(slow, members_.end(), late)) {
      slow->late = true;
      if (may_hedge()) break;
      ++refused_;
    }
    if (slow == members_.end()) return std::nullopt;
    spare->hedge = true;
  }
  spare->state = State::asked;
  spare->due = now + spare->delay;
  return static_cast<size_t>(spare - members_.begin());
}

std::optional<TimePoint> HedgePlan::due() const {
  std::optional<TimePoint> earliest;
  if (count(State::ready) >= need_ || count(State::standing_by) == 0) return earliest;
  for (const Member& each : members_) {
    if (each.state != State::asked || each.late) continue;
    if (!earliest || each.due < *earliest) earliest = each.due;
  }
  return earliest;
}

HedgeCounts HedgePlan::counts() const {
  HedgeCounts counts;
  counts.refused = refused_;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (is_hedge(i)) ++(won(i) ? counts.won : counts.lost);
  }
  return counts;
}

std::chrono::nanoseconds hedge_delay(const HedgeAfter& after, const Backend& backend,
                                     std::optional<std::chrono::nanoseconds> latency) {
  if (after.quantile == 0) return after.delay;
  return latency.value_or(std::chrono::nanoseconds(backend.timeout) / 10);
}

void HedgeBudget::count_read() { saved_ = std::min(saved_ + 1, most); }

bool HedgeBudget::take() {
  if (saved_ < price) return false;
  saved_ -= price;
  return true;
}

}  // namespace mread::merger
