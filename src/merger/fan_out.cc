#include "merger/fan_out.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/printable.h"
#include "merger/anchored_query.h"
#include "merger/answer_writer.h"
#include "merger/query_run.h"
#include "merger/read_policy.h"
#include "merger/source_options.h"

namespace mread::merger {

class FanOut::Impl {
 public:
  Impl(const Config& config, model::ReadRequest request, TimePoint now, FanOutOptions options);

  std::optional<Action> poll(TimePoint now);
  void on_response(RequestId id, int status, std::string_view content_type, std::string_view content_encoding,
                   std::string_view text, TimePoint now);
  void on_data(RequestId id, std::shared_ptr<const std::string> piece, TimePoint now);
  void on_end(RequestId id, TimePoint now);
  void on_failure(RequestId id, Error error, TimePoint now);
  void on_wake(TimePoint now);
  void on_sent();
  void give_up(const std::string& line);
  uint64_t held() const;
  bool done() const { return over_ && actions_.empty(); }
  const Outcome& outcome();
  void set_now(TimePoint now) { now_ = now; }

 private:
  void ask_all(TimePoint now);
  BackendLeg& add_leg(QueryRun& run, size_t backend, std::optional<ResumePoint> resume);
  void ask(const QueryRun& run, BackendLeg& leg, TimePoint now);
  void ask_more(TimePoint now);
  bool replace(QueryRun& run, size_t failed_backend);
  BackendLeg* leg(RequestId id) { return id < legs_.size() ? legs_[id].get() : nullptr; }
  void after_event(BackendLeg& leg, TimePoint now);
  void drop_unneeded(TimePoint now);
  bool refused_by_limit(const BackendLeg& leg);
  void exceed(const Error& error);
  void check_bytes_in_flight();
  void pump(TimePoint now);
  void arm(TimePoint now);
  bool settled() const;
  bool may_answer_all() const;
  bool may_begin_anew() const { return !writer_->streams() && request_.queries.size() == 1; }
  void begin_anew(QueryRun& run);
  bool stands(const QueryRun& run);
  void make_writer();
  void produce();
  void on_merge_failed(QueryRun& run);
  void send();
  void refuse(int status, const std::string& line);
  void stop_legs();
  void abort(Error error);
  bool sending_error() const { return !error_line_.empty(); }
  std::string partial();
  std::string partial_header();

  const Config& config_;
  model::ReadRequest request_;
  FanOutOptions options_;
  TimePoint now_;
  std::deque<Action> actions_;
  std::vector<std::unique_ptr<BackendLeg>> legs_;  // By RequestId.
  std::vector<std::unique_ptr<QueryRun>> runs_;
  std::unique_ptr<AnswerWriter> writer_;

  size_t current_ = 0;     // The run that is being merged.
  bool decided_ = false;   // Every leg is settled, and there will be an answer.
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

FanOut::Impl::Impl(const Config& config, model::ReadRequest request, TimePoint now, FanOutOptions options)
    : config_(config), request_(std::move(request)), options_(std::move(options)), now_(now) {
  make_writer();
  for (const model::Query& query : request_.queries) {
    if (is_within_range(config_.limits, query)) continue;
    refuse(400, fmt::format("the query's range is more than {} (limits.query_range)",
                            format_duration(config_.limits.query_range)));
    return;
  }
  ask_all(now);
}

void FanOut::Impl::make_writer() {
  const auto& accepted = request_.accepted_response_types;
  writer_ = AnswerWriter::create(accepted.empty() ? model::ResponseType::samples : accepted.front(), config_);
}

void FanOut::Impl::ask_all(TimePoint now) {
  for (const model::Query& query : request_.queries) {
    auto run = std::make_unique<QueryRun>();
    run->query = query;
    std::vector<SeriesSource*> sources;
    run->scopes = decide_scopes(config_, query, options_.knowledge);
    for (size_t backend = 0; backend < config_.backends.size(); ++backend) {
      if (!run->scopes[backend].asked) continue;
      BackendLeg& leg = add_leg(*run, backend, std::nullopt);
      sources.push_back(&leg.source());
      if (backend < options_.unavailable.size() && !options_.unavailable[backend].empty()) {
        leg.not_available(options_.unavailable[backend], now);
      } else if (!config_.groups[config_.backends[backend].group].hedge_after) {
        ask(*run, leg, now);
      }
    }
    run->merge.start(std::move(sources));
    run->hedged = hedged_groups(config_, options_, run->legs);
    runs_.push_back(std::move(run));
  }
  ask_more(now);
}

// Asks those whose turn has come.
void FanOut::Impl::ask_more(TimePoint now) {
  if (decided_ || over_ || sending_error()) return;
  for (const auto& run : runs_) {
    for (HedgedGroup& hedged : run->hedged) {
      while (BackendLeg* const next = hedged.next(now)) ask(*run, *next, now);
    }
  }
}

BackendLeg& FanOut::Impl::add_leg(QueryRun& run, size_t backend, std::optional<ResumePoint> resume) {
  SourceOptions options = source_options(config_, backend, options_);
  // What is found wrong with an answer only while it is merged is found too late for those that were not waited for.
  options.defer = options_.defer_samples && may_begin_anew() && !resume && config_.replica_labels.empty() &&
                  config_.groups[config_.backends[backend].group].wait == Group::Wait::all;
  options.resume = std::move(resume);
  const auto id = static_cast<RequestId>(legs_.size());
  const auto index = static_cast<uint32_t>(run.legs.size());
  legs_.push_back(
      std::make_unique<BackendLeg>(id, backend, config_.backends[backend], SeriesSource(index, std::move(options))));
  run.legs.push_back(legs_.back().get());
  return *legs_.back();
}

void FanOut::Impl::ask(const QueryRun& run, BackendLeg& leg, TimePoint now) {
  model::ReadRequest request;
  const auto from_ms = run.scopes[leg.backend()].from_ms;
  model::Query query = from_ms ? narrowed(run.query, *from_ms) : run.query;
  const bool anchors = config_.backends[leg.backend()].anchor_regex;
  request.queries.push_back(anchors ? anchored(std::move(query)) : std::move(query));
  request.accepted_response_types = {model::ResponseType::streamed_xor_chunks, model::ResponseType::samples};
  leg.ask(now);
  actions_.emplace_back(Ask{leg.id(), leg.backend(), std::move(request)});
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
                               std::string_view content_encoding, std::string_view text, TimePoint now) {
  BackendLeg* const target = leg(id);
  if (target == nullptr || !target->open()) return;
  target->on_response(status, content_type, content_encoding, text, now);
  after_event(*target, now);
}

void FanOut::Impl::on_data(RequestId id, std::shared_ptr<const std::string> piece, TimePoint now) {
  BackendLeg* const target = leg(id);
  if (target == nullptr || !target->open()) return;
  target->on_data(std::move(piece), now);
  if (refused_by_limit(*target)) return;
  after_event(*target, now);
  check_bytes_in_flight();
}

void FanOut::Impl::on_end(RequestId id, TimePoint now) {
  BackendLeg* const target = leg(id);
  if (target == nullptr || !target->open()) return;
  target->on_end(now);
  if (refused_by_limit(*target)) return;
  // A body that ended well is closed by the driver.
  if (target->failed()) actions_.emplace_back(Drop{id});
  drop_unneeded(now);
  ask_more(now);
  check_bytes_in_flight();
}

void FanOut::Impl::on_failure(RequestId id, Error error, TimePoint now) {
  BackendLeg* const target = leg(id);
  if (target == nullptr || !target->open()) return;
  target->fail(std::move(error), now);
  after_event(*target, now);
}

void FanOut::Impl::on_wake(TimePoint now) {
  armed_.reset();
  for (const auto& each : legs_) {
    if (!each->open()) continue;
    each->check_deadline(now);
    after_event(*each, now);
  }
  ask_more(now);
}

void FanOut::Impl::on_sent() {
  body_out_ = false;
  sending_.clear();
}

void FanOut::Impl::after_event(BackendLeg& leg, TimePoint now) {
  if (!leg.open()) actions_.emplace_back(Drop{leg.id()});
  drop_unneeded(now);
  ask_more(now);
}

void FanOut::Impl::drop_unneeded(TimePoint now) {
  if (decided_ || over_) return;
  for (const auto& run : runs_) {
    for (size_t group = 0; group < config_.groups.size(); ++group) {
      if (config_.groups[group].wait != Group::Wait::need) continue;
      const auto in_group = [&](const BackendLeg* leg) { return config_.backends[leg->backend()].group == group; };
      size_t able = 0;
      size_t ready = 0;
      for (const BackendLeg* each : run->legs) {
        if (in_group(each)) ++able;
        if (in_group(each) && !each->failed() && !each->dropped() && each->settled()) ++ready;
      }
      // Members that the query rules out leave more to the others.
      if (ready < std::min(config_.groups[group].need, able)) continue;
      for (BackendLeg* each : run->legs) {
        if (!in_group(each) || each->settled()) continue;
        each->drop(now);
        actions_.emplace_back(Drop{each->id()});
      }
    }
  }
}

// A limit of the read is exceeded by one backend's answer alone: the read is too large, whatever the policy.
bool FanOut::Impl::refused_by_limit(const BackendLeg& leg) {
  if (!leg.source().over_limit() || over_ || sending_error()) return false;
  actions_.emplace_back(Drop{leg.id()});
  exceed(*leg.error());
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
  const uint64_t limit = config_.limits.bytes_in_flight;
  if (limit == 0 || over_ || sending_error() || held() <= limit) return;
  exceed(Error(Errc::limit, fmt::format("the read holds more than {} bytes (limits.bytes_in_flight)", limit)));
}

uint64_t FanOut::Impl::held() const {
  uint64_t held = filling_.size() + sending_.size() + writer_->held();
  for (const auto& each : legs_) held += each->source().held();
  return held;
}

void FanOut::Impl::give_up(const std::string& line) {
  if (over_ || sending_error()) return;
  if (head_sent_) {
    abort(Error(Errc::limit, line));
  } else {
    refuse(503, line);
  }
}

bool FanOut::Impl::settled() const {
  return std::all_of(legs_.begin(), legs_.end(), [](const auto& each) { return each->settled(); });
}

// A failure that a dropped member will make good, once the merge has come to it, is none yet.
bool FanOut::Impl::may_answer_all() const {
  return std::all_of(runs_.begin(), runs_.end(), [this](const auto& run) {
    return may_answer(config_, with_spares(config_, run->parts(config_.backends.size())), head_sent_);
  });
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
  if (!decided_ && settled()) {
    if (!may_answer_all()) {
      for (const auto& run : runs_) run->check_answers();  // So that all failures are told.
      stands(*runs_.front());
      return;
    }
    decided_ = true;
    for (const auto& each : legs_) {
      if (each->stands_by()) each->drop(now);
    }
  }
  // What came in makes room in the sources, so merging goes before reading on.
  if (decided_) produce();
  if (over_ || sending_error()) return;
  send();
  if (over_) return;
  for (const auto& each : legs_) {
    if (!each->wants_read()) continue;
    each->read_asked(now);
    actions_.emplace_back(Read{each->id()});
  }
  arm(now);
}

// The timer is left alone while it is early enough: it only has to be right for the leg that is due first.
void FanOut::Impl::arm(TimePoint) {
  std::optional<TimePoint> earliest;
  const auto sooner = [&earliest](std::optional<TimePoint> at) {
    if (at && (!earliest || *at < *earliest)) earliest = at;
  };
  for (const auto& each : legs_) sooner(each->deadline());
  for (size_t i = 0; i < runs_.size() && !decided_; ++i) {
    for (const HedgedGroup& hedged : runs_[i]->hedged) sooner(hedged.due());
  }
  if (!earliest || (armed_ && *armed_ <= *earliest)) return;
  armed_ = earliest;
  actions_.emplace_back(WakeAt{*earliest});
}

void FanOut::Impl::produce() {
  while (!produced_ && !over_ && !sending_error() && filling_.size() < options_.batch_bytes) {
    if (current_ == runs_.size()) {
      writer_->finish(filling_);
      produced_ = true;
      return;
    }
    QueryRun& run = *runs_[current_];
    if (!run.begun) {
      writer_->begin_result(current_, run.query);
      run.begun = true;
      run.begin(*writer_);
      if (!run.hopeful && !stands(run)) return;
    }
    if (run.passed_on) {
      ++current_;
      continue;
    }
    switch (run.merge.run(*writer_, filling_, options_.batch_bytes)) {
      case SeriesMerge::State::blocked:
      case SeriesMerge::State::full:
        return;
      case SeriesMerge::State::done:
        ++current_;
        break;
      case SeriesMerge::State::failed:
        on_merge_failed(run);
        break;
    }
  }
}

// Nothing of the answer has left yet.
void FanOut::Impl::begin_anew(QueryRun& run) {
  make_writer();
  writer_->begin_result(current_, run.query);
  run.begin_anew();
  stands(run);
}

// Whether there is still to be an answer after all that it is made of was looked into.
bool FanOut::Impl::stands(const QueryRun& run) {
  for (const BackendLeg* each : run.legs) {
    if (!each->failed() || !each->source().over_limit()) continue;
    exceed(*each->error());
    return false;
  }
  if (may_answer_all()) return true;
  refuse(503, partial());
  return false;
}

void FanOut::Impl::on_merge_failed(QueryRun& run) {
  const Error error = run.merge.error();
  if (run.merge.failed_source() == no_source) {
    exceed(error);
    return;
  }
  if (run.hopeful) {
    begin_anew(run);
    return;
  }
  BackendLeg& failed = *run.legs[run.merge.failed_source()];
  if (failed.open()) actions_.emplace_back(Drop{failed.id()});
  failed.blame(error, now_);
  if (replace(run, failed.backend())) return;
  if (may_answer(config_, run.parts(config_.backends.size()), head_sent_)) {
    run.merge.skip_failure();
  } else if (head_sent_) {
    abort(error.in(config_.backends[failed.backend()].name));
  } else {
    refuse(503, partial());
  }
}

// A member of the failed one's group that was not needed goes on where the answer stands. Remote read has no cursor:
// it is asked for all, and what was sent is skipped.
bool FanOut::Impl::replace(QueryRun& run, size_t failed_backend) {
  const Group& group = config_.groups[config_.backends[failed_backend].group];
  const std::vector<Part> now_parts = run.parts(config_.backends.size());
  if (config_.partial == PartialPolicy::all || !is_short(group, now_parts)) return false;
  const auto spare = std::find_if(group.members.begin(), group.members.end(),
                                  [&now_parts](size_t member) { return now_parts[member] == Part::dropped; });
  if (spare == group.members.end()) return false;
  for (BackendLeg* each : run.legs) {
    if (each->backend() == *spare) each->supersede();
  }
  run.merge.skip_failure();
  // Where nothing was written yet every series is wanted, the one without labels too.
  ResumePoint resume = run.merge.resume_point().value_or(ResumePoint{"", true});
  BackendLeg& leg = add_leg(run, *spare, std::move(resume));
  run.merge.add(&leg.source());
  ask(run, leg, now_);
  ++outcome_.failovers;
  return true;
}

void FanOut::Impl::send() {
  if (body_out_) return;
  if (!filling_.empty() || (produced_ && !head_sent_)) {
    if (!head_sent_) {
      // A failure that is known by now, though it would take effect later, can still be told as one.
      if (!may_answer_all()) {
        refuse(503, partial());
        return;
      }
      head_sent_ = true;
      head_partial_ = partial();
      actions_.emplace_back(Head{200, writer_->content_type(), writer_->content_encoding(), partial_header()});
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
    stop_legs();
    actions_.emplace_back(Finish{std::move(left_out)});
  }
}

void FanOut::Impl::refuse(int status, const std::string& line) {
  stop_legs();
  filling_.clear();
  error_line_ = printable(line) + "\n";
  head_sent_ = true;
  body_out_ = true;
  actions_.emplace_back(Head{status, "text/plain; charset=utf-8", "", ""});
  actions_.emplace_back(Body{{std::string_view(error_line_)}});
}

void FanOut::Impl::stop_legs() {
  for (const auto& each : legs_) {
    if (!each->open()) continue;
    each->drop(now_);
    actions_.emplace_back(Drop{each->id()});
  }
}

void FanOut::Impl::abort(Error error) {
  outcome_.partial = partial();
  stop_legs();
  over_ = true;
  actions_.emplace_back(Abort{std::move(error)});
}

std::string FanOut::Impl::partial() { return describe_failures(config_, outcome().backends); }

std::string FanOut::Impl::partial_header() {
  return describe_failures(config_, outcome().backends, failures_in_header_bytes);
}

const Outcome& FanOut::Impl::outcome() {
  outcome_.backends.assign(config_.backends.size(), {});
  for (size_t i = 0; i < config_.backends.size(); ++i) outcome_.backends[i].backend = i;
  outcome_.hedges.clear();
  for (const auto& run : runs_) run->add_to(outcome_, now_);
  const AnswerCounts counts = writer_->counts();
  outcome_.series_out = counts.series;
  outcome_.samples_out = counts.samples;
  outcome_.frames_passed_on = counts.frames_passed_on;
  outcome_.conflicts = counts.conflicts;
  if (over_) outcome_.conflicting = writer_->conflicts();
  outcome_.transcoded = counts.transcoded;
  outcome_.partial = describe_failures(config_, outcome_.backends);
  return outcome_;
}

FanOut::FanOut(const Config& config, model::ReadRequest request, TimePoint now, FanOutOptions options)
    : impl_(std::make_unique<Impl>(config, std::move(request), now, std::move(options))) {}
FanOut::~FanOut() = default;

std::optional<Action> FanOut::poll(TimePoint now) { return impl_->poll(now); }
void FanOut::on_response(RequestId id, int status, std::string_view content_type, std::string_view content_encoding,
                         std::string_view text, TimePoint now) {
  impl_->on_response(id, status, content_type, content_encoding, text, now);
}
void FanOut::on_data(RequestId id, std::shared_ptr<const std::string> piece, TimePoint now) {
  impl_->on_data(id, std::move(piece), now);
}
void FanOut::on_end(RequestId id, TimePoint now) { impl_->on_end(id, now); }
void FanOut::on_failure(RequestId id, Error error, TimePoint now) { impl_->on_failure(id, std::move(error), now); }
void FanOut::on_wake(TimePoint now) { impl_->on_wake(now); }
void FanOut::on_sent(TimePoint) { impl_->on_sent(); }
void FanOut::give_up(const std::string& line) { impl_->give_up(line); }
uint64_t FanOut::held() const { return impl_->held(); }
bool FanOut::done() const { return impl_->done(); }
const Outcome& FanOut::outcome() const { return impl_->outcome(); }
const Outcome& FanOut::outcome(TimePoint now) const {
  impl_->set_now(now);
  return impl_->outcome();
}

}  // namespace mread::merger
