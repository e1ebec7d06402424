#include "merger/fan_out/fan_out.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "merger/fan_out/answer_stream.h"
#include "merger/fan_out/asking.h"
#include "merger/fan_out/memory_limit.h"
#include "merger/fan_out/merging.h"
#include "merger/fan_out/obstacle.h"
#include "merger/fan_out/read_policy.h"
#include "merger/fan_out/read_state.h"
#include "merger/fan_out/read_summary.h"

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
  void release() noexcept;

  uint64_t held() const { return memory_.budget()->held(); }
  uint64_t visits() const { return read_.book.visits(); }
  bool has_begun() const { return read_.progress.begun(); }
  bool done() const { return read_.is_over() && read_.actions.empty(); }
  TimePoint polled_at() const { return read_.polled_at; }
  Outcome outcome(TimePoint now) const { return summary_.outcome(now); }

 private:
  // ---- the course of a read
  void advance(TimePoint now);
  void follow_lost_backends(TimePoint now);
  void decide();
  void merge();
  void send();
  bool begin_answer();
  void read_on(TimePoint now);
  void arm();

  // ---- what follows on an event
  void follow_up(BackendRequest& request, TimePoint now);
  bool refused_by_limit(const BackendRequest& request);
  void keep_limit();

  // ---- the ends of a read
  void end_with(const Obstacle& obstacle);
  void refuse(int status, const std::string& line);
  void abort(Error error);
  void finish();
  void stop_requests();
  void give_back() noexcept;

  ReadState read_;
  MemoryLimit memory_;
  Asking asking_;
  AnswerStream answer_;
  const ReadSummary summary_;
  Merging merging_;
  std::optional<TimePoint> armed_;  // The WakeAt that is out.
};

FanOut::Impl::Impl(const Policy& policy, model::ReadRequest request, TimePoint now,
                   FanOutOptions options)
    : read_{policy, std::move(request), std::move(options), now},
      memory_(read_),
      asking_(read_, memory_.budget()),
      answer_(read_, memory_.budget()),
      summary_(read_, memory_, asking_, answer_),
      merging_(read_, asking_, answer_, summary_) {
  for (const model::Query& query : read_.request.queries) {
    if (is_within_range(policy.limits, query)) continue;
    refuse(400, fmt::format("the query asks for samples of more than {} (limits.query_range)",
                            format_duration(policy.limits.query_range)));
    return;
  }
  asking_.ask_queries(now);
}

// ---- the course of a read

std::optional<Action> FanOut::Impl::poll(TimePoint now) {
  assert(now >= read_.polled_at);
  read_.polled_at = now;
  if (read_.actions.empty()) advance(now);
  if (read_.actions.empty()) return std::nullopt;
  Action action = std::move(read_.actions.front());
  read_.actions.pop_front();
  return action;
}

// Goes as far as the read can go before the next event.
void FanOut::Impl::advance(TimePoint now) {
  switch (read_.progress.stage()) {
    case Stage::gathering:
      follow_lost_backends(now);
      asking_.ask_queries(now);
      if (!summary_.is_settled()) break;
      decide();
      if (read_.is_ended()) return;
      merge();
      break;
    case Stage::merging:
      follow_lost_backends(now);
      asking_.ask_queries(now);
      // What has come in makes room in the sources, so merging goes before reading on.
      merge();
      break;
    case Stage::draining:
      break;
    case Stage::refusing:
      if (!answer_.is_sending()) finish();
      return;
    case Stage::over:
      return;
  }
  keep_limit();
  if (read_.is_ended()) return;
  send();
  if (read_.is_over()) return;
  read_on(now);
  arm();
}

// Others have to be asked for the queries that a backend was left out of, or they are ready now.
void FanOut::Impl::follow_lost_backends(TimePoint now) {
  for (QueryRun* run : memory_.take_bereft()) asking_.follow_up(*run, now);
}

// Every query that can be asked for now is settled: there will be an answer, or a refusal.
void FanOut::Impl::decide() {
  assert(read_.book.all_settled() && !has_begun());
  if (summary_.may_answer_all()) {
    read_.progress.enter(Stage::merging);
    for (const auto& run : asking_.runs()) asking_.close(*run, read_.polled_at);
    return;
  }
  // So that all failures are told.
  for (const auto& run : asking_.runs()) {
    run->check_answers();
    read_.book.note_all(*run);
  }
  end_with(summary_.obstacle(*asking_.runs().front())
               .value_or(Obstacle::unavailable(summary_.partial())));
}

void FanOut::Impl::merge() {
  if (const auto obstacle = merging_.advance(read_.polled_at)) end_with(*obstacle);
}

// Sends what is written, and the end once that is all.
void FanOut::Impl::send() {
  if (answer_.is_sending()) return;
  const bool all_written = read_.progress.stage() == Stage::draining;
  if (!has_begun() && (answer_.has_bytes() || all_written) && !begin_answer()) return;
  if (answer_.has_bytes()) {
    answer_.send_body();
  } else if (all_written) {
    finish();
  }
}

bool FanOut::Impl::begin_answer() {
  // A failure that is known by now can still be told by a status, though it would take effect
  // later.
  if (!summary_.may_answer_all()) {
    refuse(503, summary_.partial());
    return false;
  }
  // A success without series would hide that there are some.
  if (read_.progress.stage() == Stage::draining && summary_.all_left_out()) {
    refuse(406, summary_.partial());
    return false;
  }
  for (const auto& each : read_.book.all()) each->tell_failure();
  answer_.send_head(summary_.partial(), summary_.partial_header());
  return true;
}

void FanOut::Impl::read_on(TimePoint now) {
  for (const RequestId id : read_.book.take_changed()) {
    BackendRequest& each = read_.book.at(id);
    read_.book.visit(1);
    assert(each.open() || !each.wants_read());
    if (!each.wants_read()) {
      each.rest();
      continue;
    }
    each.read_asked(now);
    read_.book.note(each);
    read_.act(Read{id});
  }
  // The requests that are read on were noted once more, but want nothing else now.
  read_.book.forget_changed();
}

// The timer is left alone while it is early enough: it only has to be right for the request that is
// due first.
void FanOut::Impl::arm() {
  std::optional<TimePoint> earliest = read_.book.earliest_deadline();
  const auto due = asking_.earliest_due();
  if (due && (!earliest || *due < *earliest)) earliest = due;
  if (!earliest || (armed_ && *armed_ <= *earliest)) return;
  armed_ = earliest;
  read_.act(WakeAt{*earliest});
}

// ---- events

void FanOut::Impl::on_response(RequestId id, int status, std::string_view content_type,
                               std::string_view content_encoding, std::string_view text,
                               TimePoint now) {
  BackendRequest* const request = read_.book.find_open(id);
  if (request == nullptr) return;
  request->on_response(status, content_type, content_encoding, text, now);
  follow_up(*request, now);
}

void FanOut::Impl::on_data(RequestId id, std::shared_ptr<const std::string> piece, TimePoint now) {
  BackendRequest* const request = read_.book.find_open(id);
  if (request == nullptr) return;
  request->on_data(std::move(piece), now);
  read_.book.note(*request);
  if (refused_by_limit(*request)) return;
  follow_up(*request, now);
  keep_limit();
}

void FanOut::Impl::on_end(RequestId id, TimePoint now) {
  BackendRequest* const request = read_.book.find_open(id);
  if (request == nullptr) return;
  request->on_end(now);
  read_.book.note(*request);
  if (refused_by_limit(*request)) return;
  // The driver has closed a connection whose body ended well.
  if (request->failed()) read_.act(Drop{id});
  if (!read_.is_ended()) asking_.follow_up(read_.book.run_of(*request), now);
  keep_limit();
}

void FanOut::Impl::on_failure(RequestId id, Error error, TimePoint now) {
  BackendRequest* const request = read_.book.find_open(id);
  if (request == nullptr) return;
  request->fail(std::move(error), now);
  follow_up(*request, now);
}

void FanOut::Impl::on_wake(TimePoint now) {
  armed_.reset();
  for (const RequestId id : read_.book.late(now)) {
    BackendRequest* const request = read_.book.find_open(id);
    if (request == nullptr) continue;  // Dropped, since another of them has failed.
    request->check_deadline(now);
    follow_up(*request, now);
  }
  if (!read_.is_ended()) asking_.ask_due(now);
}

void FanOut::Impl::on_sent() {
  answer_.on_sent();
  answer_.recount(merging_.memory());
}

void FanOut::Impl::give_up(const std::string& line) {
  if (!read_.is_ended()) end_with({503, Error(Errc::limit, line)});
}

void FanOut::Impl::follow_up(BackendRequest& request, TimePoint now) {
  read_.book.note(request);
  if (!request.open()) read_.act(Drop{request.id()});
  if (!read_.is_ended()) asking_.follow_up(read_.book.run_of(request), now);
}

// One backend's answer alone exceeds a limit of the read: the read is too large, whatever the
// policy.
bool FanOut::Impl::refused_by_limit(const BackendRequest& request) {
  if (read_.is_ended()) return false;
  if (!request.source().over_limit() && !memory_.too_much()) return false;
  read_.act(Drop{request.id()});
  end_with(Obstacle::beyond_limit(memory_.too_much() ? *memory_.too_much() : *request.error()));
  return true;
}

void FanOut::Impl::keep_limit() {
  if (!read_.is_ended() && !memory_.keep()) end_with(Obstacle::beyond_limit(*memory_.too_much()));
}

// ---- the ends of a read

// An answer that cannot be given is refused; one that cannot be ended is aborted.
void FanOut::Impl::end_with(const Obstacle& obstacle) {
  if (has_begun()) {
    abort(obstacle.error);
  } else {
    refuse(obstacle.status, obstacle.error.context);
  }
}

void FanOut::Impl::refuse(int status, const std::string& line) {
  assert(!has_begun());
  read_.progress.enter(Stage::refusing);
  stop_requests();
  // The client may be slow to take the line, so nothing else is held meanwhile.
  give_back();
  answer_.send_refusal(status, line);
}

void FanOut::Impl::abort(Error error) {
  assert(has_begun());
  stop_requests();
  give_back();
  read_.act(Abort{std::move(error)});
  read_.progress.enter(Stage::over);
}

void FanOut::Impl::finish() {
  assert(has_begun() && !answer_.is_sending() && !answer_.has_bytes());
  assert(read_.progress.stage() == Stage::draining || read_.progress.stage() == Stage::refusing);
  std::string left_out;
  if (read_.progress.stage() == Stage::draining && summary_.partial() != answer_.partial_at_head())
    left_out = summary_.partial_header();
  stop_requests();
  read_.act(Finish{std::move(left_out)});
  read_.progress.enter(Stage::over);
}

void FanOut::Impl::stop_requests() {
  for (const auto& each : read_.book.all()) {
    read_.book.visit(1);
    const bool is_open = each->open();
    if (is_open) each->drop(read_.polled_at);
    // Also one that has closed in the very event that ends the read: a deadline of it that stayed
    // here would wake the machine again and again while a slow client takes the refusal.
    read_.book.note(*each);
    if (is_open) read_.act(Drop{each->id()});
  }
  assert(read_.book.open_queries() == 0 && !read_.book.earliest_deadline());
}

// The Body that is out stays.
void FanOut::Impl::give_back() noexcept {
  for (const auto& each : read_.book.all()) each->source().discard();
  for (const auto& run : asking_.runs()) run->merge.release();
  answer_.release();
  answer_.recount(merging_.memory());
}

void FanOut::Impl::release() noexcept {
  if (!read_.is_over()) read_.progress.enter(Stage::over);
  memory_.stop();
  give_back();
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
Outcome FanOut::outcome() const { return impl_->outcome(impl_->polled_at()); }
Outcome FanOut::outcome(TimePoint now) const { return impl_->outcome(now); }

}  // namespace mread::merger
