#include "merger/fan_out/backend_request.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "merger/fan_out/answer_kind.h"

namespace mread::merger {

BackendRequest::BackendRequest(RequestId id, size_t backend, const Backend& settings,
                               SeriesSource source)
    : id_(id), backend_(backend), timeout_(settings.timeout), source_(std::move(source)) {}

void BackendRequest::ask(TimePoint now) {
  asked_ = true;
  asked_at_ = now;
  wait(now);
}

void BackendRequest::wait(TimePoint now) {
  waiting_ = true;
  waiting_since_ = now;
}

void BackendRequest::read_asked(TimePoint now) {
  wait(idle_since_.value_or(now));
  idle_since_.reset();
}

void BackendRequest::stop_waiting(TimePoint now) {
  if (waiting_) waited_ += now - waiting_since_;
  waiting_ = false;
}

void BackendRequest::close(TimePoint now) {
  stop_waiting(now);
  open_ = false;
  closed_at_ = now;
}

void BackendRequest::on_response(int status, std::string_view content_type,
                                 std::string_view content_encoding, std::string_view text,
                                 TimePoint now) {
  if (!open_ || answered_) return;
  stop_waiting(now);
  answered_ = true;
  first_byte_at_ = now;
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
  if (!open_ || !answered_) return;
  const bool was_waiting = waiting_;
  const TimePoint since = waiting_since_;
  bytes_ += piece->size();
  const uint64_t progress = source_.progress();
  auto fed = source_.feed(std::move(piece));
  if (!fed) {
    stop_waiting(now);
    // As one that is left out: what it holds is the reason.
    if (source_.over_budget())
      return leave_out(std::move(fed).error(), source_.started() || source_.resumes(), now);
    return fail(std::move(fed).error(), now);
  }
  if (source_.progress() != progress) {
    stop_waiting(now);
  } else {
    waiting_ = false;
    if (was_waiting) idle_since_ = since;
    check_deadline(now);
  }
  note_ready(now);
}

void BackendRequest::on_end(TimePoint now) {
  if (!open_) return;
  stop_waiting(now);
  if (!answered_) {
    fail(Error(Errc::truncated, "no answer"), now);
  } else if (auto ended = source_.end(); !ended) {
    fail(std::move(ended).error(), now);
  } else {
    note_ready(now);
    close(now);
  }
}

void BackendRequest::note_ready(TimePoint now) {
  if (!ready_at_ && source_.started()) ready_at_ = now;
}

void BackendRequest::fail(Error error, TimePoint now) {
  if (!open_) return;
  close(now);
  error_ = error;
  if (source_.started() || source_.resumes()) {
    source_.end_early(std::move(error));
  } else {
    failed_early_ = true;
    source_.discard();
  }
}

void BackendRequest::check_answer() {
  if (error_ || !source_.is_unchecked()) return;
  auto checked = source_.check_answer();
  // It may have failed meanwhile, for lack of memory.
  if (checked || error_) return;
  error_ = std::move(checked).error();
  failed_early_ = true;
  source_.discard();
}

void BackendRequest::leave_out(Error error, bool merging, TimePoint now) {
  if (open_) close(now);
  if (!error_) error_ = error;
  left_out_ = true;
  if (merging) {
    source_.discard(std::move(error));
  } else {
    failed_early_ = true;
    source_.discard();
  }
}

void BackendRequest::not_available(std::string why, TimePoint now) {
  unavailable_ = true;
  fail(Error(Errc::unavailable, std::move(why)), now);
}

void BackendRequest::drop(TimePoint now) {
  if (!open_) return;
  close(now);
  dropped_ = true;
  source_.discard();
}

void BackendRequest::blame(const Error& error, TimePoint now) {
  if (open_) close(now);
  if (!error_) error_ = error;
}

std::optional<TimePoint> BackendRequest::deadline() const {
  if (!open_ || !(waiting_ || idle_since_)) return std::nullopt;
  return (waiting_ ? waiting_since_ : *idle_since_) + (timeout_ - waited_);
}

void BackendRequest::check_deadline(TimePoint now) {
  const auto at = deadline();
  if (at && now >= *at) fail(Error(Errc::deadline, "deadline " + format_duration(timeout_)), now);
}

void BackendRequest::add_to(BackendOutcome& outcome, TimePoint now) const {
  using State = BackendOutcome::State;
  if (stands_by()) return;
  const State mine = unavailable_ ? State::unavailable
                     : error_     ? State::failed
                     : dropped_   ? State::dropped
                     : open_      ? State::waiting
                                  : State::complete;
  // Of several queries the worst counts; of two failures the first.
  const auto rank = [](State state) {
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
  };
  if (!superseded_ && rank(mine) > rank(outcome.state)) outcome.state = mine;
  if (error_ && !outcome.error) outcome.error = error_;
  if (http_status_ != 0) outcome.http_status = std::max(outcome.http_status, http_status_);
  outcome.bytes += bytes_;
  outcome.series += source_.series();
  outcome.unsorted = outcome.unsorted || source_.unsorted();
  if (unavailable_) return;
  if (first_byte_at_)
    outcome.first_byte = std::max(outcome.first_byte, *first_byte_at_ - asked_at_);
  const auto known_at = ready_at_ ? ready_at_ : dropped_ && late_ ? closed_at_ : std::nullopt;
  if (known_at)
    outcome.latency =
        std::max(outcome.latency.value_or(std::chrono::nanoseconds(0)), *known_at - asked_at_);
  outcome.total = std::max(outcome.total, closed_at_.value_or(now) - asked_at_);
}

}  // namespace mread::merger
