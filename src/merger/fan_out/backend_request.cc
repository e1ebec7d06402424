#include "merger/fan_out/backend_request.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "merger/fan_out/answer_kind.h"

namespace mread::merger {
namespace {

// Of several queries to one backend the worst state counts.
int rank(BackendOutcome::State state) {
  using State = BackendOutcome::State;
  switch (state) {
    case State::not_asked:
      return 0;
    case State::complete:
      return 1;
    case State::dropped:
      return 2;
    case State::waiting:
      return 3;
    case State::unavailable:
      return 4;
    case State::failed:
      return 5;
  }
  return 0;
}

}  // namespace

BackendRequest::BackendRequest(RequestId id, size_t backend, const Backend& settings,
                               SeriesSource source)
    : id_(id), backend_(backend), source_(std::move(source)), deadline_(settings.timeout) {}

void BackendRequest::enter(RequestPhase next) {
  assert(may_follow(phase_, next));
  phase_ = next;
}

// No more events are wanted.
void BackendRequest::close(RequestPhase last, TimePoint now) {
  enter(last);
  assert(!open());
  deadline_.stop(now);
  if (!times_.closed_at) times_.closed_at = now;
}

void BackendRequest::ask(TimePoint now) {
  enter(RequestPhase::asked);
  times_.asked_at = now;
  deadline_.wait(now);
}

void BackendRequest::not_available(std::string why, TimePoint now) {
  close(RequestPhase::unavailable, now);
  error_ = Error(Errc::unavailable, std::move(why));
  source_.discard();
}

void BackendRequest::read_asked(TimePoint now) {
  assert(wants_read());
  deadline_.wait(now);
}

void BackendRequest::on_response(int status, std::string_view content_type,
                                 std::string_view content_encoding, std::string_view text,
                                 TimePoint now) {
  if (phase_ != RequestPhase::asked) return;
  enter(RequestPhase::answering);
  assert(!times_.first_byte_at && bytes_ == 0);
  deadline_.stop(now);
  times_.first_byte_at = now;
  http_status_ = status;
  if (status < 200 || status > 299) {
    const std::string line = one_line(text);
    fail(Error(Errc::http_status,
               fmt::format("HTTP {}{}{}", status, line.empty() ? "" : ": ", line)),
         now);
    return;
  }
  const auto kind = answer_kind(content_type, content_encoding);
  if (!kind) {
    fail(kind.error(), now);
    return;
  }
  source_.begin(*kind);
}

void BackendRequest::on_data(std::shared_ptr<const std::string> piece, TimePoint now) {
  if (phase_ != RequestPhase::answering) return;
  bytes_ += piece->size();
  const uint64_t progress = source_.progress();
  if (auto fed = source_.feed(std::move(piece)); !fed) {
    deadline_.stop(now);
    // The memory that it holds is the reason, so it is given back.
    if (source_.over_budget())
      return leave_out(std::move(fed).error(), source_.started() || source_.resumes(), now);
    return fail(std::move(fed).error(), now);
  }
  if (source_.progress() != progress) {
    deadline_.stop(now);
  } else {
    deadline_.interrupt();
    check_deadline(now);
  }
  note_ready(now);
}

void BackendRequest::on_end(TimePoint now) {
  if (!open()) return;
  deadline_.stop(now);
  if (phase_ == RequestPhase::asked) {
    fail(Error(Errc::truncated, "no answer"), now);
  } else if (auto ended = source_.end(); !ended) {
    fail(std::move(ended).error(), now);
  } else {
    note_ready(now);
    close(RequestPhase::complete, now);
  }
}

void BackendRequest::note_ready(TimePoint now) {
  if (!times_.ready_at && source_.started()) times_.ready_at = now;
}

void BackendRequest::fail(Error error, TimePoint now) {
  if (!open()) return;
  assert(!error_);
  error_ = error;
  if (source_.started() || source_.resumes()) {
    close(RequestPhase::failed_late, now);
    source_.end_early(std::move(error));
  } else {
    close(RequestPhase::failed_early, now);
    source_.discard();
  }
}

void BackendRequest::check_deadline(TimePoint now) {
  const auto at = deadline();
  if (at && now >= *at)
    fail(Error(Errc::deadline, "deadline " + format_duration(deadline_.timeout())), now);
}

void BackendRequest::check_answer() {
  if (error_ || !source_.is_unchecked()) return;
  assert(phase_ == RequestPhase::complete);
  auto checked = source_.check_answer();
  // It may have been left out meanwhile, for lack of memory.
  if (checked || error_) return;
  error_ = std::move(checked).error();
  enter(RequestPhase::failed_early);
  source_.discard();
}

void BackendRequest::leave_out(Error error, bool merging, TimePoint now) {
  const bool early = !merging || failed_early();
  close(early ? RequestPhase::left_out_early : RequestPhase::left_out_late, now);
  if (!error_) error_ = error;
  assert(failed() && !open());
  if (merging) {
    source_.discard(std::move(error));
  } else {
    source_.discard();
  }
}

void BackendRequest::blame(const Error& error, TimePoint now) {
  if (phase_ == RequestPhase::answering || phase_ == RequestPhase::complete)
    close(RequestPhase::failed_late, now);
  if (!error_) error_ = error;
  assert(!open() && failed());
}

void BackendRequest::drop(TimePoint now) {
  assert(open() || phase_ == RequestPhase::standing_by);
  if (late_) times_.gave_up_at = now;
  close(open() ? RequestPhase::dropped : RequestPhase::never_asked, now);
  source_.discard();
}

void BackendRequest::supersede() {
  assert(dropped());
  superseded_ = true;
}

BackendOutcome::State BackendRequest::state() const {
  using State = BackendOutcome::State;
  switch (phase_) {
    case RequestPhase::standing_by:
    case RequestPhase::never_asked:
      return State::not_asked;
    case RequestPhase::asked:
    case RequestPhase::answering:
      return State::waiting;
    case RequestPhase::complete:
      return State::complete;
    case RequestPhase::unavailable:
      return State::unavailable;
    case RequestPhase::dropped:
      return State::dropped;
    case RequestPhase::failed_early:
    case RequestPhase::failed_late:
    case RequestPhase::left_out_early:
    case RequestPhase::left_out_late:
      return State::failed;
  }
  return State::not_asked;
}

void BackendRequest::add_to(BackendOutcome& outcome, TimePoint now) const {
  assert(outcome.backend == backend_);
  if (stands_by()) return;
  const BackendOutcome::State mine = state();
  if (!superseded_ && rank(mine) > rank(outcome.state)) outcome.state = mine;
  if (error_ && !outcome.error) outcome.error = error_;
  if (http_status_ != 0) outcome.http_status = std::max(outcome.http_status, http_status_);
  outcome.bytes += bytes_;
  outcome.series += source_.series();
  outcome.unsorted = outcome.unsorted || source_.unsorted();
  if (phase_ == RequestPhase::unavailable) return;
  const auto since_asked = [this](TimePoint at) { return at - times_.asked_at; };
  if (times_.first_byte_at)
    outcome.first_byte = std::max(outcome.first_byte, since_asked(*times_.first_byte_at));
  if (const auto known_at = times_.ready_at ? times_.ready_at : times_.gave_up_at)
    outcome.latency =
        std::max(outcome.latency.value_or(std::chrono::nanoseconds(0)), since_asked(*known_at));
  outcome.total = std::max(outcome.total, since_asked(times_.closed_at.value_or(now)));
}

}  // namespace mread::merger
