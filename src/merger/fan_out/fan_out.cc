#include "merger/fan_out/fan_out.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/printable.h"
#include "merger/answer/make_answer_writer.h"
#include "merger/fan_out/query_run.h"
#include "merger/fan_out/read_policy.h"
#include "merger/fan_out/source_options.h"
#include "merger/select/anchored_query.h"

namespace mread::merger {

class FanOut::Impl {
 public:
  Impl(const Policy& policy, model::ReadRequest request, TimePoint now, FanOutOptions options);

  std::optional<Action> poll(TimePoint now);
  void on_response(RequestId id, int status, std::string_view content_type,
                   std::string_view content_encoding, std::string_view text, TimePoint now);
  void on_data(RequestId id, std::shared_ptr<const std::string> piece, TimePoint now);
  void on_end(RequestId id, TimePoint now);
  void on_failure(RequestId id, Error error, TimePoint now);
  void on_wake(TimePoint now);
  void on_sent();
  void give_up(const std::string& line);
  uint64_t held() const { return budget_->held(); }
  uint64_t visits() const { return visits_; }
  void release() noexcept;
  bool has_begun() const { return head_sent_; }
  bool done() const { return over_ && actions_.empty(); }
  const Outcome& outcome();
  void set_now(TimePoint now) { now_ = now; }

 private:
  void ask_queries(TimePoint now);
  QueryRun& add_run(const model::Query& query, TimePoint now);
  BackendRequest& add_request(QueryRun& run, size_t backend, std::optional<ResumePoint> resume);
  void ask(QueryRun& run, BackendRequest& request, TimePoint now);
  void ask_more(QueryRun& run, TimePoint now);
  bool replace(QueryRun& run, size_t failed_backend);
  BackendRequest* request(RequestId id) {
    return id < requests_.size() ? requests_[id].get() : nullptr;
  }
  QueryRun& run_of(const BackendRequest& request) { return *run_of_request_[request.id()]; }
  void after_event(BackendRequest& request, TimePoint now);
  void count(BackendRequest& request);
  void count_all(QueryRun& run);
  void drop_unneeded(QueryRun& run, TimePoint now);
  bool refused_by_limit(const BackendRequest& request);
  void exceed(const Error& error);
  void check_bytes_in_flight();
  bool make_room(const Account* asker, uint64_t more);
  BackendRequest* heaviest_request(const Account* asker, uint64_t more) const;
  bool may_leave_out(const BackendRequest& request) const;
  void leave_out(BackendRequest& request);
  void recount();
  void pump(TimePoint now);
  void arm(TimePoint now);
  void read_on(TimePoint now);
  bool is_settled() const { return unsettled_ == 0 && !may_ask_next(); }
  bool may_ask_next() const;
  bool may_answer_run(const QueryRun& run);
  bool may_answer_all();
  bool decide_all();
  void decide(QueryRun& run);
  bool begin(QueryRun& run);
  bool may_begin_anew() const { return !writer_->streams() && request_.queries.size() == 1; }
  void begin_anew(QueryRun& run);
  bool stands(const QueryRun& run);
  void make_writer();
  void produce();
  void on_merge_failed(QueryRun& run);
  void send();
  void refuse(int status, const std::string& line);
  void fail(Error error);
  void stop_requests();
  void give_back() noexcept;
  void abort(Error error);
  bool sending_error() const { return !error_line_.empty(); }
  std::string partial();
  std::string partial_header();

  const Policy& policy_;
  model::ReadRequest request_;
  FanOutOptions options_;
  TimePoint now_;
  const boost::intrusive_ptr<Budget> budget_;
  const AccountPtr answer_;        // The answer's part of it,
  Charge charge_;                  // and what the machine itself holds of it.
  std::optional<Error> too_much_;  // There is no room, and no backend that may be left out.
  std::deque<Action> actions_;
  std::vector<std::unique_ptr<BackendRequest>> requests_;  // By RequestId.
  std::vector<QueryRun*> run_of_request_;                  // Likewise.
  std::vector<std::unique_ptr<QueryRun>> runs_;            // Of the queries that have been asked.

  // Sums and orders over all legs, so that an event looks at few of them: see count().
  size_t unsettled_ = 0;
  size_t open_runs_ = 0;
  std::set<std::pair<TimePoint, RequestId>> deadlines_;
  std::set<std::pair<TimePoint, size_t>> hedges_due_;  // By run.
  std::vector<std::optional<TimePoint>> hedge_due_of_run_;
  std::vector<RequestId> changed_;  // May want to read on.
  std::vector<QueryRun*>
      bereft_;  // A backend has been left out: others may have to be asked, or are ready now.
  uint64_t visits_ = 0;
  std::unique_ptr<AnswerWriter> writer_;

  size_t current_ = 0;  // The run that is being merged.
  bool decided_ =
      false;  // Every leg of the queries asked so far was settled, and there will be an answer.
  bool produced_ = false;  // Everything is in batches.
  bool head_sent_ = false;
  bool body_out_ = false;
  bool over_ = false;  // Finish or Abort is the last of actions_.
  std::string head_partial_;
  std::string error_line_;  // The body of an answer that is an error.
  Batch filling_;
  Batch sending_;
  std::optional<TimePoint> armed_;
  Outcome outcome_;
};

FanOut::Impl::Impl(const Policy& policy, model::ReadRequest request, TimePoint now,
                   FanOutOptions options)
    : policy_(policy),
      request_(std::move(request)),
      options_(std::move(options)),
      now_(now),
      budget_(new Budget(policy.limits.bytes_in_flight)),
      answer_(new Account(budget_)),
      charge_(answer_) {
  budget_->on_full([this](const Account& asker, uint64_t more) { return make_room(&asker, more); });
  make_writer();
  for (const model::Query& query : request_.queries) {
    if (is_within_range(policy_.limits, query)) continue;
    refuse(400, fmt::format("the query asks for samples of more than {} (limits.query_range)",
                            format_duration(policy_.limits.query_range)));
    return;
  }
  ask_queries(now);
}

void FanOut::Impl::make_writer() {
  const auto& accepted = request_.accepted_response_types;
  writer_ = make_answer_writer(accepted.empty() ? model::ResponseType::samples : accepted.front(),
                               policy_, answer_, options_.client);
}

bool FanOut::Impl::may_ask_next() const {
  const uint64_t limit = policy_.limits.queries_at_once;
  return runs_.size() < request_.queries.size() && (limit == 0 || open_runs_ < limit);
}

// A query whose answers have all come makes room for the next.
void FanOut::Impl::ask_queries(TimePoint now) {
  const size_t first = runs_.size();
  while (may_ask_next()) add_run(request_.queries[runs_.size()], now);
  for (size_t i = first; i < runs_.size(); ++i) ask_more(*runs_[i], now);
}

QueryRun& FanOut::Impl::add_run(const model::Query& query, TimePoint now) {
  runs_.push_back(std::make_unique<QueryRun>());
  hedge_due_of_run_.emplace_back();
  QueryRun& run = *runs_.back();
  run.index = runs_.size() - 1;
  run.query = query;
  run.scopes = decide_scopes(policy_, query, options_.knowledge);
  // Their values were matched for the last time.
  for (const model::Matcher& matcher : query.matchers) matcher.release();
  std::vector<SeriesSource*> sources;
  for (size_t backend = 0; backend < policy_.backends.size(); ++backend) {
    if (!run.scopes[backend].asked) continue;
    BackendRequest& request = add_request(run, backend, std::nullopt);
    sources.push_back(&request.source());
    if (backend < options_.unavailable.size() && !options_.unavailable[backend].empty()) {
      request.not_available(options_.unavailable[backend], now);
      count(request);
    } else if (!policy_.groups[policy_.backends[backend].group].hedge_after) {
      ask(run, request, now);
    }
  }
  run.merge.start(std::move(sources));
  run.hedged = hedged_groups(policy_, options_, run.requests);
  return run;
}

// Asks those whose turn has come.
void FanOut::Impl::ask_more(QueryRun& run, TimePoint now) {
  auto& due = hedge_due_of_run_[run.index];
  if (due) hedges_due_.erase({*due, run.index});
  due.reset();
  if (run.decided || over_ || sending_error()) return;
  for (HedgedGroup& hedged : run.hedged) {
    while (BackendRequest* const next = hedged.next(now)) ask(run, *next, now);
    visits_ += run.requests.size();
    if (const auto at = hedged.due(); at && (!due || *at < *due)) due = at;
  }
  if (due) hedges_due_.insert({*due, run.index});
}

BackendRequest& FanOut::Impl::add_request(QueryRun& run, size_t backend,
                                          std::optional<ResumePoint> resume) {
  SourceOptions options = source_options(policy_, backend, options_, budget_);
  // What is found wrong with an answer only while it is merged is found too late for those that
  // were not waited for.
  options.defer = options_.defer_samples && may_begin_anew() && !resume &&
                  policy_.replica_labels.empty() &&
                  policy_.groups[policy_.backends[backend].group].wait == Group::Wait::all;
  options.resume = std::move(resume);
  const auto id = static_cast<RequestId>(requests_.size());
  const auto index = static_cast<uint32_t>(run.requests.size());
  requests_.push_back(std::make_unique<BackendRequest>(id, backend, policy_.backends[backend],
                                                       SeriesSource(index, std::move(options))));
  run.requests.push_back(requests_.back().get());
  run_of_request_.push_back(&run);
  return *requests_.back();
}

void FanOut::Impl::ask(QueryRun& run, BackendRequest& request, TimePoint now) {
  model::ReadRequest read_request;
  const auto from_ms = run.scopes[request.backend()].from_ms;
  model::Query query = from_ms ? narrowed(run.query, *from_ms) : run.query;
  const bool anchors = policy_.backends[request.backend()].anchor_regex;
  read_request.queries.push_back(anchors ? anchored(std::move(query)) : std::move(query));
  read_request.accepted_response_types = {model::ResponseType::streamed_xor_chunks,
                                          model::ResponseType::samples};
  // A collector leaves the samples out of a SAMPLES answer only.
  if (asks_for_labels_only(run.query))
    std::swap(read_request.accepted_response_types[0], read_request.accepted_response_types[1]);
  request.ask(now);
  count(request);
  actions_.emplace_back(Ask{request.id(), request.backend(), std::move(read_request)});
}

std::optional<Action> FanOut::Impl::poll(TimePoint now) {
  now_ = now;
  if (actions_.empty()) pump(now);
  if (actions_.empty()) return std::nullopt;
  Action action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

void FanOut::Impl::on_response(RequestId id, int status, std::string_view content_type,
                               std::string_view content_encoding, std::string_view text,
                               TimePoint now) {
  BackendRequest* const target = request(id);
  if (target == nullptr || !target->open()) return;
  target->on_response(status, content_type, content_encoding, text, now);
  after_event(*target, now);
}

void FanOut::Impl::on_data(RequestId id, std::shared_ptr<const std::string> piece, TimePoint now) {
  BackendRequest* const target = request(id);
  if (target == nullptr || !target->open()) return;
  target->on_data(std::move(piece), now);
  count(*target);
  if (refused_by_limit(*target)) return;
  after_event(*target, now);
  check_bytes_in_flight();
}

void FanOut::Impl::on_end(RequestId id, TimePoint now) {
  BackendRequest* const target = request(id);
  if (target == nullptr || !target->open()) return;
  target->on_end(now);
  count(*target);
  if (refused_by_limit(*target)) return;
  // A body that ended well is closed by the driver.
  if (target->failed()) actions_.emplace_back(Drop{id});
  drop_unneeded(run_of(*target), now);
  ask_more(run_of(*target), now);
  check_bytes_in_flight();
}

void FanOut::Impl::on_failure(RequestId id, Error error, TimePoint now) {
  BackendRequest* const target = request(id);
  if (target == nullptr || !target->open()) return;
  target->fail(std::move(error), now);
  after_event(*target, now);
}

void FanOut::Impl::on_wake(TimePoint now) {
  armed_.reset();
  std::vector<RequestId> late;
  for (auto each = deadlines_.begin(); each != deadlines_.end() && each->first <= now; ++each) {
    late.push_back(each->second);
  }
  std::sort(late.begin(), late.end());
  for (const RequestId id : late) {
    if (!requests_[id]->open()) continue;
    requests_[id]->check_deadline(now);
    after_event(*requests_[id], now);
  }
  std::vector<size_t> due;
  for (auto each = hedges_due_.begin(); each != hedges_due_.end() && each->first <= now; ++each) {
    due.push_back(each->second);
  }
  std::sort(due.begin(), due.end());
  for (const size_t run : due) ask_more(*runs_[run], now);
}

void FanOut::Impl::on_sent() {
  body_out_ = false;
  sending_.clear();
  recount();
}

void FanOut::Impl::after_event(BackendRequest& request, TimePoint now) {
  count(request);
  if (!request.open()) actions_.emplace_back(Drop{request.id()});
  drop_unneeded(run_of(request), now);
  ask_more(run_of(request), now);
}

// Brings the sums up to date with what has become of a leg. To be called whenever that may have
// changed.
void FanOut::Impl::count(BackendRequest& request) {
  ++visits_;
  QueryRun& run = run_of(request);
  const BackendRequest::Counted now{!request.settled(), request.open(), request.deadline()};
  BackendRequest::Counted& before = request.counted;
  if (now.unsettled != before.unsettled) {
    unsettled_ += now.unsettled ? 1 : -1;
    run.unsettled += now.unsettled ? 1 : -1;
  }
  if (now.open != before.open) {
    if (now.open && run.open++ == 0) ++open_runs_;
    if (!now.open && --run.open == 0) --open_runs_;
  }
  if (now.deadline != before.deadline) {
    if (before.deadline) deadlines_.erase({*before.deadline, request.id()});
    if (now.deadline) deadlines_.insert({*now.deadline, request.id()});
  }
  before = now;
  changed_.push_back(request.id());
}

void FanOut::Impl::count_all(QueryRun& run) {
  for (BackendRequest* each : run.requests) count(*each);
}

void FanOut::Impl::drop_unneeded(QueryRun& run, TimePoint now) {
  if (run.decided || over_) return;
  for (size_t group = 0; group < policy_.groups.size(); ++group) {
    if (policy_.groups[group].wait != Group::Wait::need) continue;
    visits_ += run.requests.size();
    const auto in_group = [&](const BackendRequest* request) {
      return policy_.backends[request->backend()].group == group;
    };
    size_t able = 0;
    size_t ready = 0;
    for (const BackendRequest* each : run.requests) {
      if (in_group(each)) ++able;
      if (in_group(each) && !each->failed() && !each->dropped() && each->settled()) ++ready;
    }
    // Members that the query rules out leave more to the others.
    if (ready < std::min(policy_.groups[group].need, able)) continue;
    for (BackendRequest* each : run.requests) {
      if (!in_group(each) || each->settled()) continue;
      each->drop(now);
      count(*each);
      actions_.emplace_back(Drop{each->id()});
    }
  }
}

// A limit of the read is exceeded by one backend's answer alone: the read is too large, whatever
// the policy.
bool FanOut::Impl::refused_by_limit(const BackendRequest& request) {
  if (over_ || sending_error() || !(request.source().over_limit() || too_much_)) return false;
  actions_.emplace_back(Drop{request.id()});
  exceed(too_much_ ? *too_much_ : *request.error());
  return true;
}

void FanOut::Impl::exceed(const Error& error) {
  if (head_sent_) {
    abort(error);
  } else {
    refuse(400, error.context);
  }
}

void FanOut::Impl::check_bytes_in_flight() {
  if (!budget_->exceeded() || over_ || sending_error() || make_room(nullptr, 0)) return;
  exceed(*too_much_);
}

// Leaves out those that hold the most, until there is room for `more` bytes. False where it is the
// asker that has to go, or the read as a whole (too_much_). Never while a series is merged.
bool FanOut::Impl::make_room(const Account* asker, uint64_t more) {
  while (!budget_->has_room(more) && !too_much_) {
    BackendRequest* const heaviest = heaviest_request(asker, more);
    if (heaviest != nullptr && may_leave_out(*heaviest)) {
      if (&heaviest->source().account() == asker) return false;
      leave_out(*heaviest);
      continue;
    }
    std::string line =
        fmt::format("the read holds more than {} bytes (limits.bytes_in_flight)", budget_->limit());
    if (heaviest != nullptr)
      line += ", most of them of " + policy_.backends[heaviest->backend()].name;
    too_much_ = Error(Errc::limit, std::move(line));
  }
  return !too_much_;
}

// Null where each holds no more than it may.
BackendRequest* FanOut::Impl::heaviest_request(const Account* asker, uint64_t more) const {
  BackendRequest* heaviest = nullptr;
  uint64_t most = 0;
  for (const auto& each : requests_) {
    const SeriesSource& source = each->source();
    if (each->left_out()) continue;
    const uint64_t holds = source.account().held() + (&source.account() == asker ? more : 0);
    if (holds <= source.allowance() || holds - source.allowance() <= most) continue;
    most = holds - source.allowance();
    heaviest = each.get();
  }
  return heaviest;
}

// Whether there can be an answer without it; or there is none anyway, since another has failed that
// was needed.
bool FanOut::Impl::may_leave_out(const BackendRequest& request) const {
  const QueryRun& run = *run_of_request_[request.id()];
  std::vector<Part> parts = run.parts(policy_.backends.size());
  if (!may_answer(policy_, with_spares(policy_, parts), head_sent_)) return !head_sent_;
  if (run.scopes[request.backend()].nothing_lost) return true;
  parts[request.backend()] = Part::failed;
  return may_answer(policy_, with_spares(policy_, std::move(parts)), head_sent_);
}

void FanOut::Impl::leave_out(BackendRequest& request) {
  if (request.open()) actions_.emplace_back(Drop{request.id()});
  request.leave_out(holds_too_much(budget_->limit()),
                    decided_ || request.source().started() || request.source().resumes(), now_);
  count(request);
  run_of(request).merge.forget_next();
  // Seen to once the source that asks for room has returned.
  bereft_.push_back(&run_of(request));
}

void FanOut::Impl::recount() {
  uint64_t held = filling_.memory() + sending_.memory();
  if (current_ < runs_.size()) held += runs_[current_]->merge.memory();
  charge_.set(held);
}

// The client may still be sent what is in sending_.
void FanOut::Impl::release() noexcept {
  over_ = true;
  budget_->on_full(nullptr);
  give_back();
}

// Of a read that gives no more of its answer than sending_.
void FanOut::Impl::give_back() noexcept {
  for (const auto& each : requests_) each->source().discard();
  for (const auto& run : runs_) run->merge.release();
  filling_.clear();
  writer_->release();
  recount();
}

void FanOut::Impl::give_up(const std::string& line) {
  if (over_ || sending_error()) return;
  if (head_sent_) {
    abort(Error(Errc::limit, line));
  } else {
    refuse(503, line);
  }
}

// A failure that a dropped member will make good, once the merge has come to it, is none yet.
bool FanOut::Impl::may_answer_run(const QueryRun& run) {
  visits_ += run.requests.size();
  return may_answer(policy_, with_spares(policy_, run.parts(policy_.backends.size())), head_sent_);
}

bool FanOut::Impl::may_answer_all() {
  return std::all_of(runs_.begin(), runs_.end(),
                     [this](const auto& run) { return may_answer_run(*run); });
}

void FanOut::Impl::pump(TimePoint now) {
  if (over_) return;
  if (sending_error()) {
    if (!body_out_) {
      over_ = true;
      actions_.emplace_back(Finish{});
    }
    return;
  }
  for (QueryRun* run : std::exchange(bereft_, {})) {
    drop_unneeded(*run, now);
    ask_more(*run, now);
  }
  ask_queries(now);
  if (!decided_ && is_settled() && !decide_all()) return;
  // What came in makes room in the sources, so merging goes before reading on.
  if (decided_) produce();
  check_bytes_in_flight();
  if (over_ || sending_error()) return;
  send();
  if (over_) return;
  read_on(now);
  arm(now);
}

// Once every query that can be asked for now has come so far.
bool FanOut::Impl::decide_all() {
  if (!may_answer_all()) {
    for (const auto& run : runs_) {
      run->check_answers();  // So that all failures are told.
      count_all(*run);
    }
    if (stands(*runs_.front())) refuse(503, partial());
    return false;
  }
  decided_ = true;
  for (const auto& run : runs_) decide(*run);
  return true;
}

// Nobody else is asked for this query before its answer begins.
void FanOut::Impl::decide(QueryRun& run) {
  run.decided = true;
  for (BackendRequest* each : run.requests) {
    if (!each->stands_by()) continue;
    each->drop(now_);
    count(*each);
  }
  ask_more(run, now_);
}

void FanOut::Impl::read_on(TimePoint now) {
  std::sort(changed_.begin(), changed_.end());
  changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
  for (const RequestId id : std::exchange(changed_, {})) {
    BackendRequest& each = *requests_[id];
    ++visits_;
    if (!each.wants_read()) {
      each.rest();
      continue;
    }
    each.read_asked(now);
    count(each);
    actions_.emplace_back(Read{id});
  }
  changed_.clear();
}

// The timer is left alone while it is early enough: it only has to be right for the leg that is due
// first.
void FanOut::Impl::arm(TimePoint) {
  std::optional<TimePoint> earliest;
  if (!deadlines_.empty()) earliest = deadlines_.begin()->first;
  if (!hedges_due_.empty() && (!earliest || hedges_due_.begin()->first < *earliest)) {
    earliest = hedges_due_.begin()->first;
  }
  if (!earliest || (armed_ && *armed_ <= *earliest)) return;
  armed_ = earliest;
  actions_.emplace_back(WakeAt{*earliest});
}

void FanOut::Impl::produce() {
  while (!produced_ && !over_ && !sending_error() && filling_.size() < options_.batch_bytes) {
    if (current_ == request_.queries.size()) {
      produced_ = writer_->finish(filling_, options_.batch_bytes);
      recount();
      return;
    }
    if (current_ == runs_.size()) return;
    QueryRun& run = *runs_[current_];
    if (!run.begun && !begin(run)) return;
    if (run.passed_on) {
      ++current_;
      continue;
    }
    const auto state = run.merge.run(*writer_, filling_, options_.batch_bytes);
    recount();
    count_all(run);
    switch (state) {
      case SeriesMerge::State::blocked:
      case SeriesMerge::State::full:
        return;
      case SeriesMerge::State::done:
        ++current_;
        break;
      case SeriesMerge::State::failed:
        on_merge_failed(run);
        count_all(run);
        break;
    }
  }
}

// Whether the query's answer can be merged now.
bool FanOut::Impl::begin(QueryRun& run) {
  if (!run.decided) {
    if (run.unsettled > 0) return false;
    decide(run);
  }
  writer_->begin_result(current_, run.query);
  run.begun = true;
  run.begin(*writer_);
  count_all(run);
  return run.checks_deferred || stands(run);
}

// Nothing of the answer has left yet.
void FanOut::Impl::begin_anew(QueryRun& run) {
  make_writer();
  writer_->begin_result(current_, run.query);
  run.begin_anew();
  stands(run);
}

// Whether there is still to be an answer after all that the query's is made of was looked into.
bool FanOut::Impl::stands(const QueryRun& run) {
  for (const BackendRequest* each : run.requests) {
    if (!each->failed() || !each->source().over_limit()) continue;
    exceed(*each->error());
    return false;
  }
  if (too_much_) {
    exceed(*too_much_);
    return false;
  }
  if (may_answer_run(run)) return true;
  fail(Error(Errc::unavailable, partial()));
  return false;
}

// An answer that cannot be given, or not be ended.
void FanOut::Impl::fail(Error error) {
  if (head_sent_) {
    abort(std::move(error));
  } else {
    refuse(503, std::move(error.context));
  }
}

void FanOut::Impl::on_merge_failed(QueryRun& run) {
  const Error error = run.merge.error();
  if (run.merge.failed_source() == no_source) {
    exceed(error);
    return;
  }
  if (run.checks_deferred) {
    begin_anew(run);
    return;
  }
  BackendRequest& failed = *run.requests[run.merge.failed_source()];
  if (failed.open()) actions_.emplace_back(Drop{failed.id()});
  failed.blame(error, now_);
  if (replace(run, failed.backend())) return;
  if (may_answer(policy_, run.parts(policy_.backends.size()), head_sent_)) {
    run.merge.skip_failure();
  } else if (head_sent_) {
    abort(error.in(policy_.backends[failed.backend()].name));
  } else {
    refuse(503, partial());
  }
}

// A member of the failed one's group that was not needed goes on where the answer stands. Remote
// read has no cursor: it is asked for all, and what was sent is skipped.
bool FanOut::Impl::replace(QueryRun& run, size_t failed_backend) {
  const Group& group = policy_.groups[policy_.backends[failed_backend].group];
  const std::vector<Part> now_parts = run.parts(policy_.backends.size());
  if (policy_.partial == PartialPolicy::all || !is_short(group, now_parts)) return false;
  const auto spare =
      std::find_if(group.members.begin(), group.members.end(),
                   [&now_parts](size_t member) { return now_parts[member] == Part::dropped; });
  if (spare == group.members.end()) return false;
  for (BackendRequest* each : run.requests) {
    if (each->backend() == *spare) each->supersede();
    ++visits_;
  }
  run.merge.skip_failure();
  // Where nothing was written yet every series is wanted, the one without labels too.
  ResumePoint resume = run.merge.resume_point().value_or(ResumePoint{"", true});
  BackendRequest& request = add_request(run, *spare, std::move(resume));
  run.merge.add(&request.source());
  ask(run, request, now_);
  ++outcome_.failovers;
  return true;
}

void FanOut::Impl::send() {
  if (body_out_) return;
  if (!filling_.empty() || (produced_ && !head_sent_)) {
    if (!head_sent_) {
      // A failure that is known by now, though it would take effect later, can still be told as
      // one.
      if (!may_answer_all()) {
        refuse(503, partial());
        return;
      }
      // An empty success would hide what there is.
      if (const AnswerCounts counts = writer_->counts();
          produced_ && counts.series == 0 && total(counts.left_out) > 0) {
        refuse(406, partial());
        return;
      }
      head_sent_ = true;
      head_partial_ = partial();
      for (const auto& each : requests_) each->tell_failure();
      actions_.emplace_back(
          Head{200, writer_->content_type(), writer_->content_encoding(), partial_header()});
    }
    std::swap(filling_, sending_);
    if (!sending_.empty()) {
      body_out_ = true;
      actions_.emplace_back(Body{sending_.pieces()});
      return;
    }
  }
  if (produced_ && filling_.empty()) {
    over_ = true;
    std::string left_out;
    if (partial() != head_partial_) left_out = partial_header();
    stop_requests();
    actions_.emplace_back(Finish{std::move(left_out)});
  }
}

void FanOut::Impl::refuse(int status, const std::string& line) {
  stop_requests();
  // The client may be slow to take the reason.
  give_back();
  error_line_ = printable(line) + "\n";
  head_sent_ = true;
  body_out_ = true;
  actions_.emplace_back(Head{status, "text/plain; charset=utf-8", "", ""});
  actions_.emplace_back(Body{{std::string_view(error_line_)}});
}

void FanOut::Impl::stop_requests() {
  for (const auto& each : requests_) {
    ++visits_;
    if (!each->open()) continue;
    each->drop(now_);
    count(*each);
    actions_.emplace_back(Drop{each->id()});
  }
}

void FanOut::Impl::abort(Error error) {
  outcome_.partial = partial();
  stop_requests();
  give_back();
  over_ = true;
  actions_.emplace_back(Abort{std::move(error)});
}

std::string FanOut::Impl::partial() { return describe_partial(policy_, outcome()); }

std::string FanOut::Impl::partial_header() {
  return describe_partial(policy_, outcome(), failures_in_header_bytes);
}

const Outcome& FanOut::Impl::outcome() {
  outcome_.backends.assign(policy_.backends.size(), {});
  for (size_t i = 0; i < policy_.backends.size(); ++i) outcome_.backends[i].backend = i;
  outcome_.hedges.clear();
  for (const auto& run : runs_) run->add_to(outcome_, now_);
  visits_ += requests_.size();
  const AnswerCounts counts = writer_->counts();
  outcome_.series_out = counts.series;
  outcome_.samples_out = counts.samples;
  outcome_.frames_passed_on = counts.frames_passed_on;
  outcome_.conflicts = counts.conflicts;
  if (over_) outcome_.conflicting = writer_->conflicts();
  outcome_.transcoded = counts.transcoded;
  outcome_.client = options_.client;
  outcome_.left_out = counts.left_out;
  outcome_.partial = describe_partial(policy_, outcome_);
  return outcome_;
}

FanOut::FanOut(const Policy& policy, model::ReadRequest request, TimePoint now,
               FanOutOptions options)
    : impl_(std::make_unique<Impl>(policy, std::move(request), now, std::move(options))) {}
FanOut::~FanOut() = default;

std::optional<Action> FanOut::poll(TimePoint now) { return impl_->poll(now); }
void FanOut::on_response(RequestId id, int status, std::string_view content_type,
                         std::string_view content_encoding, std::string_view text, TimePoint now) {
  impl_->on_response(id, status, content_type, content_encoding, text, now);
}
void FanOut::on_data(RequestId id, std::shared_ptr<const std::string> piece, TimePoint now) {
  impl_->on_data(id, std::move(piece), now);
}
void FanOut::on_end(RequestId id, TimePoint now) { impl_->on_end(id, now); }
void FanOut::on_failure(RequestId id, Error error, TimePoint now) {
  impl_->on_failure(id, std::move(error), now);
}
void FanOut::on_wake(TimePoint now) { impl_->on_wake(now); }
void FanOut::on_sent(TimePoint) { impl_->on_sent(); }
void FanOut::give_up(const std::string& line) { impl_->give_up(line); }
uint64_t FanOut::held() const { return impl_->held(); }
uint64_t FanOut::visits() const { return impl_->visits(); }
void FanOut::release() noexcept { impl_->release(); }
bool FanOut::has_begun() const { return impl_->has_begun(); }
bool FanOut::done() const { return impl_->done(); }
const Outcome& FanOut::outcome() const { return impl_->outcome(); }
const Outcome& FanOut::outcome(TimePoint now) const {
  impl_->set_now(now);
  return impl_->outcome();
}

}  // namespace mread::merger
