#include "merger/fan_out/request_book.h"

#include <algorithm>
#include <cassert>

namespace mread::merger {

BackendRequest& RequestBook::add(QueryRun& run, size_t backend, const Backend& settings,
                                 SourceOptions options) {
  const auto id = static_cast<RequestId>(requests_.size());
  const auto index = static_cast<uint32_t>(run.requests.size());
  requests_.push_back(std::make_unique<BackendRequest>(id, backend, settings,
                                                       SeriesSource(index, std::move(options))));
  run.requests.push_back(requests_.back().get());
  run_of_request_.push_back(&run);
  assert(requests_.size() == run_of_request_.size());
  return *requests_.back();
}

BackendRequest* RequestBook::find_open(RequestId id) const {
  return id < requests_.size() && requests_[id]->open() ? requests_[id].get() : nullptr;
}

void RequestBook::note(BackendRequest& request) {
  assert(request.id() < requests_.size() && requests_[request.id()].get() == &request);
  visit(1);
  QueryRun& run = run_of(request);
  const BackendRequest::Counted now{!request.settled(), request.open(), request.deadline()};
  BackendRequest::Counted& before = request.counted;
  assert((!now.unsettled && !now.deadline) || now.open);
  if (now.unsettled != before.unsettled) {
    assert(now.unsettled || (unsettled_ > 0 && run.unsettled > 0));
    unsettled_ += now.unsettled ? 1 : -1;
    run.unsettled += now.unsettled ? 1 : -1;
  }
  if (now.open != before.open) {
    assert(now.open || (open_queries_ > 0 && run.open > 0));
    if (now.open && run.open++ == 0) ++open_queries_;
    if (!now.open && --run.open == 0) --open_queries_;
  }
  if (now.deadline != before.deadline) {
    if (before.deadline) deadlines_.erase({*before.deadline, request.id()});
    if (now.deadline) deadlines_.insert({*now.deadline, request.id()});
  }
  before = now;
  assert(run.unsettled <= run.requests.size() && run.open <= run.requests.size());
  changed_.push_back(request.id());
}

void RequestBook::note_all(QueryRun& run) {
  for (BackendRequest* each : run.requests) note(*each);
}

std::optional<TimePoint> RequestBook::earliest_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

std::vector<RequestId> RequestBook::late(TimePoint now) const {
  std::vector<RequestId> late;
  for (auto each = deadlines_.begin(); each != deadlines_.end() && each->first <= now; ++each) {
    late.push_back(each->second);
  }
  std::sort(late.begin(), late.end());
  return late;
}

std::vector<RequestId> RequestBook::take_changed() {
  std::sort(changed_.begin(), changed_.end());
  changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
  return std::exchange(changed_, {});
}

}  // namespace mread::merger
