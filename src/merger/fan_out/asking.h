#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "merger/fan_out/read_state.h"
#include "merger/memory/budget.h"

namespace mread::merger {

/// Decides which backends a read asks, when, and which of them it needs no more.
///
/// Queries are asked in order, limits.queries_at_once of them at a time. Members of a group with
/// `hedge_after` are asked by their HedgedGroup, members of `wait: need` are dropped once enough
/// others are ready.
/// Not thread-safe. Tested by hedged_read_test.cc, failover_test.cc and many_queries_test.cc.
class Asking {
 public:
  /// `read` outlives it. Sources take their memory from `budget`.
  Asking(ReadState& read, boost::intrusive_ptr<Budget> budget)
      : read_(read), budget_(std::move(budget)) {}

  /// The queries that have been asked, in order.
  std::span<const std::unique_ptr<QueryRun>> runs() const { return runs_; }
  /// Whether the next query may be asked now.
  bool may_ask_next() const;

  /// Asks the queries whose turn has come.
  void ask_queries(TimePoint now);
  /// After an event of the query: drops requests that are not needed any more, and asks those whose
  /// turn has come.
  void follow_up(QueryRun& run, TimePoint now);
  /// Asks the hedges that are due.
  void ask_due(TimePoint now);
  std::optional<TimePoint> earliest_due() const;
  /// The answer to the query begins: nobody else is asked for it before.
  void close(QueryRun& run, TimePoint now);
  /// Asks a dropped member of the failed backend's group in its place. Remote read has no cursor:
  /// the member is asked for all, and its source skips what was merged already. False where there
  /// is no such member, or the policy needs none.
  bool replace(QueryRun& run, size_t failed_backend, TimePoint now);
  /// How often replace() has asked one.
  uint64_t failovers() const { return failovers_; }

 private:
  QueryRun& add_run(const model::Query& query, TimePoint now);
  BackendRequest& add_request(QueryRun& run, size_t backend, std::optional<ResumePoint> resume);
  void ask(QueryRun& run, BackendRequest& request, TimePoint now);
  void ask_hedged(QueryRun& run, TimePoint now);
  void drop_unneeded(QueryRun& run, TimePoint now);
  void drop_unready(QueryRun& run, size_t group, TimePoint now);

  ReadState& read_;
  const boost::intrusive_ptr<Budget> budget_;
  std::vector<std::unique_ptr<QueryRun>> runs_;
  std::set<std::pair<TimePoint, size_t>> hedges_due_;       // By time and run.
  std::vector<std::optional<TimePoint>> hedge_due_of_run_;  // The same by run.
  uint64_t failovers_ = 0;
};

}  // namespace mread::merger
