#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/time_point.h"
#include "merger/fan_out/action.h"
#include "merger/fan_out/backend_request.h"
#include "merger/fan_out/query_run.h"
#include "merger/policy/policy.h"
#include "merger/source/options.h"

namespace mread::merger {

/// All backend requests of a read, with the sums and orders that an event needs of them, so that
/// an event looks at few requests.
///
/// Whoever changes a request calls note() afterwards. Ids are numbered from 0 in the order of
/// add(). Tested by many_queries_test.cc and read_course_test.cc.
/// Not thread-safe.
class RequestBook {
 public:
  /// One more request, of `run`. It stands by.
  BackendRequest& add(QueryRun& run, size_t backend, const Backend& settings,
                      SourceOptions options);

  /// The request whose events are still wanted; null for all others.
  BackendRequest* find_open(RequestId id) const;
  BackendRequest& at(RequestId id) const { return *requests_.at(id); }
  QueryRun& run_of(const BackendRequest& request) const { return *run_of_request_[request.id()]; }
  std::span<const std::unique_ptr<BackendRequest>> all() const { return requests_; }

  /// Brings the sums up to date with the request.
  void note(BackendRequest& request);
  void note_all(QueryRun& run);

  /// Whether the start of the answer waits for no request.
  bool all_settled() const { return unsettled_ == 0; }
  /// Queries with a request whose answer has not ended.
  size_t open_queries() const { return open_queries_; }
  std::optional<TimePoint> earliest_deadline() const;
  /// Requests whose deadline has come, by id.
  std::vector<RequestId> late(TimePoint now) const;
  /// Requests that were noted since the last call, by id, each once. They may want to be read on.
  std::vector<RequestId> take_changed();
  void forget_changed() { changed_.clear(); }

  /// How often a request was looked at. Questions count too, so this is no part of the state.
  uint64_t visits() const { return visits_; }
  void visit(size_t requests) const { visits_ += requests; }

 private:
  std::vector<std::unique_ptr<BackendRequest>> requests_;  // By RequestId.
  std::vector<QueryRun*> run_of_request_;                  // Likewise.
  size_t unsettled_ = 0;
  size_t open_queries_ = 0;
  std::set<std::pair<TimePoint, RequestId>> deadlines_;
  std::vector<RequestId> changed_;
  mutable uint64_t visits_ = 0;
};

}  // namespace mread::merger
