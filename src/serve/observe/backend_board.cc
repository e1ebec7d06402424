#include "serve/observe/backend_board.h"

namespace mread::serve {

BackendBoard::BackendBoard(size_t backends) : standings_(backends) {}

void BackendBoard::take_over(const std::vector<BackendStanding>& standings,
                             const std::vector<std::optional<size_t>>& origins) {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < standings_.size(); ++i) {
    if (i < origins.size() && origins[i]) standings_[i] = standings.at(*origins[i]);
  }
}

std::vector<Change> BackendBoard::record(const merger::Outcome& outcome,
                                         std::chrono::system_clock::time_point now) {
  using State = merger::BackendOutcome::State;
  std::vector<Change> changes;
  const std::lock_guard lock(mutex_);
  for (const merger::BackendOutcome& each : outcome.backends) {
    if (each.state == State::not_asked || each.state == State::unavailable ||
        each.backend >= standings_.size())
      continue;
    BackendStanding& standing = standings_[each.backend];
    ++standing.requests;
    standing.last_asked = now;
    if (each.first_byte.count() > 0) standing.first_byte = each.first_byte;
    if (each.unsorted) standing.unsorted = true;
    // What was dropped or is still waited for (the client left) says nothing.
    if (each.state == State::complete) {
      standing.total = each.total;
      if (standing.state == BackendStanding::State::failing)
        changes.push_back({each.backend, false, ""});
      standing.state = BackendStanding::State::up;
    } else if (each.error) {
      ++standing.failures;
      standing.last_error = each.error->to_string();
      standing.last_error_at = now;
      if (standing.state != BackendStanding::State::failing) {
        changes.push_back({each.backend, true, standing.last_error});
      }
      standing.state = BackendStanding::State::failing;
    }
  }
  return changes;
}

std::vector<BackendStanding> BackendBoard::standings() const {
  const std::lock_guard lock(mutex_);
  return standings_;
}

void BackendBoard::prepare(merger::FanOutOptions& options) const {
  const std::lock_guard lock(mutex_);
  for (const auto& standing : standings_) {
    options.known_unsorted.push_back(standing.unsorted);
    options.failing.push_back(standing.state == BackendStanding::State::failing);
  }
}

}  // namespace mread::serve
