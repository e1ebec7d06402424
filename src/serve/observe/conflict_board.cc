#include "serve/observe/conflict_board.h"

#include <algorithm>

namespace mread::serve {

void ConflictBoard::record(const merger::Outcome& outcome,
                           std::chrono::system_clock::time_point now) {
  if (outcome.conflicting.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const merger::SeriesConflict& conflict : outcome.conflicting) {
    const auto known = std::find_if(
        sightings_.begin(), sightings_.end(),
        [&](const ConflictSighting& each) { return each.conflict.series == conflict.series; });
    if (known != sightings_.end()) sightings_.erase(known);
    sightings_.push_front({conflict, now});
  }
  if (sightings_.size() > most_) sightings_.resize(most_);
}

std::vector<ConflictSighting> ConflictBoard::last() const {
  const std::lock_guard lock(mutex_);
  return {sightings_.begin(), sightings_.end()};
}

}  // namespace mread::serve
