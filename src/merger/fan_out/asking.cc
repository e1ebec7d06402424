#include "merger/fan_out/asking.h"

#include <algorithm>
#include <cassert>

#include "merger/fan_out/read_policy.h"
#include "merger/fan_out/source_options.h"
#include "merger/select/anchored_query.h"

namespace mread::merger {

bool Asking::may_ask_next() const {
  const uint64_t limit = read_.policy.limits.queries_at_once;
  return runs_.size() < read_.request.queries.size() &&
         (limit == 0 || read_.book.open_queries() < limit);
}

// A query whose answers have all come makes room for the next.
void Asking::ask_queries(TimePoint now) {
  const size_t first = runs_.size();
  while (may_ask_next()) add_run(read_.request.queries[runs_.size()], now);
  for (size_t i = first; i < runs_.size(); ++i) ask_hedged(*runs_[i], now);
}

QueryRun& Asking::add_run(const model::Query& query, TimePoint now) {
  runs_.push_back(std::make_unique<QueryRun>());
  hedge_due_of_run_.emplace_back();
  const Policy& policy = read_.policy;
  const FanOutOptions& options = read_.options;
  QueryRun& run = *runs_.back();
  run.index = runs_.size() - 1;
  run.query = query;
  run.scopes = decide_scopes(policy, query, options.knowledge);
  assert(run.scopes.size() == policy.backends.size());
  // The matchers of this query match no more, so they give their memory back.
  for (const model::Matcher& matcher : query.matchers) matcher.release();
  std::vector<SeriesSource*> sources;
  for (size_t backend = 0; backend < policy.backends.size(); ++backend) {
    if (!run.scopes[backend].asked) continue;
    BackendRequest& request = add_request(run, backend, std::nullopt);
    sources.push_back(&request.source());
    if (backend < options.unavailable.size() && !options.unavailable[backend].empty()) {
      request.not_available(options.unavailable[backend], now);
      read_.book.note(request);
    } else if (!policy.groups[policy.backends[backend].group].hedge_after) {
      ask(run, request, now);
    }
  }
  run.merge.start(std::move(sources));
  run.hedged = hedged_groups(policy, options, run.requests);
  return run;
}

BackendRequest& Asking::add_request(QueryRun& run, size_t backend,
                                    std::optional<ResumePoint> resume) {
  const Policy& policy = read_.policy;
  SourceOptions options = source_options(policy, backend, read_.options, budget_);
  // Deferred checking finds errors during the merge. By then the other members of a `wait: need`
  // group are dropped, so it is used with `wait: all` only.
  options.defer = read_.options.defer_samples && read_.may_merge_twice() && !resume &&
                  policy.replica_labels.empty() &&
                  policy.groups[policy.backends[backend].group].wait == Group::Wait::all;
  options.resume = std::move(resume);
  return read_.book.add(run, backend, policy.backends[backend], std::move(options));
}

void Asking::ask(QueryRun& run, BackendRequest& request, TimePoint now) {
  model::ReadRequest read_request;
  const auto from_ms = run.scopes[request.backend()].from_ms;
  model::Query query = from_ms ? narrowed(run.query, *from_ms) : run.query;
  const bool anchors = read_.policy.backends[request.backend()].anchor_regex;
  read_request.queries.push_back(anchors ? anchored(std::move(query)) : std::move(query));
  read_request.accepted_response_types = {model::ResponseType::streamed_xor_chunks,
                                          model::ResponseType::samples};
  // A collector leaves the samples out of a SAMPLES answer only.
  if (asks_for_labels_only(run.query))
    std::swap(read_request.accepted_response_types[0], read_request.accepted_response_types[1]);
  assert(run.scopes[request.backend()].asked);
  request.ask(now);
  read_.book.note(request);
  read_.act(Ask{request.id(), request.backend(), std::move(read_request)});
}

void Asking::follow_up(QueryRun& run, TimePoint now) {
  drop_unneeded(run, now);
  ask_hedged(run, now);
}

void Asking::ask_hedged(QueryRun& run, TimePoint now) {
  assert(hedge_due_of_run_.size() == runs_.size() && runs_[run.index].get() == &run);
  auto& due = hedge_due_of_run_[run.index];
  if (due) hedges_due_.erase({*due, run.index});
  due.reset();
  if (run.decided) return;
  for (HedgedGroup& hedged : run.hedged) {
    while (BackendRequest* const next = hedged.next(now)) ask(run, *next, now);
    read_.book.visit(run.requests.size());
    if (const auto at = hedged.due(); at && (!due || *at < *due)) due = at;
  }
  if (due) hedges_due_.insert({*due, run.index});
}

void Asking::ask_due(TimePoint now) {
  // ask_hedged() changes the set.
  std::vector<size_t> due;
  for (auto each = hedges_due_.begin(); each != hedges_due_.end() && each->first <= now; ++each) {
    due.push_back(each->second);
  }
  std::sort(due.begin(), due.end());
  for (const size_t run : due) ask_hedged(*runs_[run], now);
}

std::optional<TimePoint> Asking::earliest_due() const {
  if (hedges_due_.empty()) return std::nullopt;
  return hedges_due_.begin()->first;
}

void Asking::drop_unneeded(QueryRun& run, TimePoint now) {
  if (run.decided) return;
  const Policy& policy = read_.policy;
  for (size_t group = 0; group < policy.groups.size(); ++group) {
    if (policy.groups[group].wait != Group::Wait::need) continue;
    read_.book.visit(run.requests.size());
    size_t able = 0;
    size_t ready = 0;
    for (const BackendRequest* each : run.requests) {
      if (policy.backends[each->backend()].group != group) continue;
      ++able;
      if (!each->failed() && !each->dropped() && each->settled()) ++ready;
    }
    assert(ready <= able);
    // The query may rule members out. Then fewer than `need` have to be ready.
    if (ready >= std::min(policy.groups[group].need, able)) drop_unready(run, group, now);
  }
}

void Asking::drop_unready(QueryRun& run, size_t group, TimePoint now) {
  for (BackendRequest* each : run.requests) {
    if (read_.policy.backends[each->backend()].group != group || each->settled()) continue;
    each->drop(now);
    read_.book.note(*each);
    read_.act(Drop{each->id()});
  }
}

void Asking::close(QueryRun& run, TimePoint now) {
  assert(!run.decided && run.unsettled == 0);
  run.decided = true;
  for (BackendRequest* each : run.requests) {
    if (!each->stands_by()) continue;
    each->drop(now);
    read_.book.note(*each);
  }
  ask_hedged(run, now);
}

bool Asking::replace(QueryRun& run, size_t failed_backend, TimePoint now) {
  const Policy& policy = read_.policy;
  const Group& group = policy.groups[policy.backends[failed_backend].group];
  const std::vector<Part> parts = run.parts(policy.backends.size());
  if (policy.partial == PartialPolicy::all || !is_short(group, parts)) return false;
  const auto spare =
      std::find_if(group.members.begin(), group.members.end(),
                   [&parts](size_t member) { return parts[member] == Part::dropped; });
  if (spare == group.members.end()) return false;
  for (BackendRequest* each : run.requests) {
    if (each->backend() == *spare) each->supersede();
  }
  read_.book.visit(run.requests.size());
  run.merge.skip_failure();
  // Where nothing was written yet every series is wanted, also the series without labels.
  ResumePoint resume = run.merge.resume_point().value_or(ResumePoint{"", true});
  BackendRequest& request = add_request(run, *spare, std::move(resume));
  run.merge.add(&request.source());
  ask(run, request, now);
  ++failovers_;
  return true;
}

}  // namespace mread::merger
