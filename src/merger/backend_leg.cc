#include "merger/backend_leg.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/duration.h"

namespace mread::merger {
namespace {

constexpr size_t reason_limit = 300;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// What a peer wrote goes into a header and a log: one line of printable characters, and not too long.
std::string one_line(std::string_view text) {
  text = trim(text.substr(0, text.find_first_of("\r\n")));
  std::string line;
  for (const char c : text.substr(0, reason_limit)) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte >= 0x7f ? '?' : c;
  }
  if (text.size() > reason_limit) line += "...";
  return line;
}

}  // namespace

Result<model::ResponseType> answer_kind(std::string_view content_type, std::string_view content_encoding) {
  const std::string_view media = trim(content_type.substr(0, content_type.find(';')));
  const std::string_view encoding = trim(content_encoding);
  if (same_word(media, "application/x-streamed-protobuf")) {
    if (content_type.find("proto=") != std::string_view::npos &&
        content_type.find("proto=prometheus.ChunkedReadResponse") == std::string_view::npos) {
      return mread::fail(Errc::unsupported, fmt::format("content type \"{}\"", one_line(content_type)));
    }
    if (!encoding.empty() && !same_word(encoding, "identity")) {
      return mread::fail(Errc::unsupported,
                         fmt::format("a streamed answer with Content-Encoding \"{}\"", one_line(encoding)));
    }
    return model::ResponseType::streamed_xor_chunks;
  }
  if (same_word(media, "application/x-protobuf")) {
    // Prometheus does not look at the encoding; a body that is no snappy block fails anyway.
    if (!encoding.empty() && !same_word(encoding, "snappy")) {
      return mread::fail(Errc::unsupported,
                         fmt::format("Content-Encoding \"{}\" where snappy belongs", one_line(encoding)));
    }
    return model::ResponseType::samples;
  }
  return mread::fail(Errc::unsupported,
                     fmt::format("content type \"{}\" is no remote-read answer", one_line(content_type)));
}

std::string reason(const Error& error) {
  // Of the project's own categories ("mread", "mread.tls") the context says it all.
  if (std::string_view(error.code.category().name()).starts_with("mread")) return one_line(error.context);
  std::string message = one_line(error.code.message());
  if (!message.empty()) message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  return message;
}

BackendLeg::BackendLeg(RequestId id, size_t backend, const Backend& config, SeriesSource source)
    : id_(id), backend_(backend), timeout_(config.timeout), source_(std::move(source)) {}

void BackendLeg::ask(TimePoint now) {
  asked_ = true;
  asked_at_ = now;
  wait(now);
}

void BackendLeg::wait(TimePoint now) {
  waiting_ = true;
  waiting_since_ = now;
}

void BackendLeg::read_asked(TimePoint now) {
  wait(idle_since_.value_or(now));
  idle_since_.reset();
}

void BackendLeg::stop_waiting(TimePoint now) {
  if (waiting_) waited_ += now - waiting_since_;
  waiting_ = false;
}

void BackendLeg::close(TimePoint now) {
  stop_waiting(now);
  open_ = false;
  closed_at_ = now;
}

void BackendLeg::on_response(int status, std::string_view content_type, std::string_view content_encoding,
                             std::string_view text, TimePoint now) {
  if (!open_ || answered_) return;
  stop_waiting(now);
  answered_ = true;
  first_byte_at_ = now;
  http_status_ = status;
  if (status < 200 || status > 299) {
    const std::string line = one_line(text);
    fail(Error(Errc::http_status, fmt::format("HTTP {}{}{}", status, line.empty() ? "" : ": ", line)), now);
    return;
  }
  const auto kind = answer_kind(content_type, content_encoding);
  if (!kind) {
    fail(kind.error(), now);
    return;
  }
  source_.begin(*kind);
}

void BackendLeg::on_data(std::shared_ptr<const std::string> piece, TimePoint now) {
  if (!open_ || !answered_) return;
  const bool was_waiting = waiting_;
  const TimePoint since = waiting_since_;
  bytes_ += piece->size();
  const uint64_t progress = source_.progress();
  auto fed = source_.feed(std::move(piece));
  if (!fed) {
    stop_waiting(now);
    // As one that is left out: what it holds is the reason.
    if (source_.over_budget()) return leave_out(std::move(fed).error(), source_.started() || source_.resumes(), now);
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

void BackendLeg::on_end(TimePoint now) {
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

void BackendLeg::note_ready(TimePoint now) {
  if (!ready_at_ && source_.started()) ready_at_ = now;
}

void BackendLeg::fail(Error error, TimePoint now) {
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

void BackendLeg::check_answer() {
  if (error_ || !source_.is_unchecked()) return;
  auto checked = source_.check_answer();
  // It may have failed meanwhile, for lack of memory.
  if (checked || error_) return;
  error_ = std::move(checked).error();
  failed_early_ = true;
  source_.discard();
}

void BackendLeg::leave_out(Error error, bool merging, TimePoint now) {
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

void BackendLeg::not_available(std::string why, TimePoint now) {
  unavailable_ = true;
  fail(Error(Errc::unavailable, std::move(why)), now);
}

void BackendLeg::drop(TimePoint now) {
  if (!open_) return;
  close(now);
  dropped_ = true;
  source_.discard();
}

void BackendLeg::blame(const Error& error, TimePoint now) {
  if (open_) close(now);
  if (!error_) error_ = error;
}

std::optional<TimePoint> BackendLeg::deadline() const {
  if (!open_ || !(waiting_ || idle_since_)) return std::nullopt;
  return (waiting_ ? waiting_since_ : *idle_since_) + (timeout_ - waited_);
}

void BackendLeg::check_deadline(TimePoint now) {
  const auto at = deadline();
  if (at && now >= *at) fail(Error(Errc::deadline, "deadline " + format_duration(timeout_)), now);
}

void BackendLeg::add_to(BackendOutcome& outcome, TimePoint now) const {
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
  if (first_byte_at_) outcome.first_byte = std::max(outcome.first_byte, *first_byte_at_ - asked_at_);
  const auto known_at = ready_at_ ? ready_at_ : dropped_ && late_ ? closed_at_ : std::nullopt;
  if (known_at)
    outcome.latency = std::max(outcome.latency.value_or(std::chrono::nanoseconds(0)), *known_at - asked_at_);
  outcome.total = std::max(outcome.total, closed_at_.value_or(now) - asked_at_);
}

}  // namespace mread::merger
