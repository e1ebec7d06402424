#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time_point.h"
#include "merger/fan_out/action.h"
#include "merger/fan_out/outcome.h"
#include "merger/policy/policy.h"
#include "merger/source/series_source.h"

namespace mread::merger {

/// One query's request to one backend: how far its answer has come, its deadline, and what became
/// of it.
///
/// Deadline  only time in which an answer to Ask or Read is awaited counts. A piece that brings no
/// data ends no wait: it
///           goes on if the next piece is asked for at once.
/// Failure   see FanOut: early (nothing of it is used) or late (what came before is). One that was
/// asked after the
///           answer had begun fails late only, so that the merge notices.
/// Until ask() it stands by: nothing is waited for.
/// Not thread-safe.
class BackendRequest {
 public:
  BackendRequest(RequestId id, size_t backend, const Backend& settings, SeriesSource source);

  RequestId id() const { return id_; }
  size_t backend() const { return backend_; }
  SeriesSource& source() { return source_; }
  const SeriesSource& source() const { return source_; }

  /// Its Ask is on the way.
  void ask(TimePoint now);
  /// Whether events of this leg are still wanted.
  bool open() const { return open_ && asked_; }
  /// Whether a Read should go out now.
  bool wants_read() const { return open_ && answered_ && !waiting_ && source_.wants_data(); }
  /// Whether the start of the answer need not wait for it any more.
  bool settled() const { return dropped() || error_ || source_.started(); }
  bool failed() const { return error_.has_value(); }
  /// It has failed before any of its answer could be used.
  bool failed_early() const { return failed_early_; }
  /// The answer begins, and tells of the failure, if there is one.
  void tell_failure() { borne_ = failed_early_; }
  /// It had failed early when the answer began.
  bool borne() const { return borne_; }
  const std::optional<Error>& error() const { return error_; }
  /// It was dropped, or stands by.
  bool dropped() const { return dropped_ || (!asked_ && !unavailable_); }
  bool stands_by() const { return !asked_ && !unavailable_; }

  void read_asked(TimePoint now);
  /// No more is asked for at present: what passes until then is not the backend's.
  void rest() { idle_since_.reset(); }
  void on_response(int status, std::string_view content_type, std::string_view content_encoding,
                   std::string_view text, TimePoint now);
  void on_data(std::shared_ptr<const std::string> piece, TimePoint now);
  void on_end(TimePoint now);
  void fail(Error error, TimePoint now);
  /// Fails it before it is asked.
  void not_available(std::string why, TimePoint now);
  /// Looks into a SAMPLES answer that came well and was not looked into yet, or only read
  /// (SeriesSource): the leg has failed early if it is bad.
  void check_answer();
  /// The read would hold too much, and this leg the most: nothing of it is used any more, be it
  /// complete. `merging`: the merge may have used some of it, and is to notice.
  void leave_out(Error error, bool merging, TimePoint now);
  bool left_out() const { return left_out_; }
  /// Also of one that stands by: nothing comes of it any more.
  void drop(TimePoint now);
  /// Another was asked beside it: if it is dropped for that, the time that it had is its latency.
  void is_late() { late_ = true; }
  /// The backend has been asked again in another's place: its state is that request's.
  void supersede() { superseded_ = true; }
  /// The data did not decode while they were merged; the merge drops them by itself.
  void blame(const Error& error, TimePoint now);

  /// When the deadline ends, if it is running.
  std::optional<TimePoint> deadline() const;
  /// Fails the leg if its deadline has come.
  void check_deadline(TimePoint now);

  void add_to(BackendOutcome& outcome, TimePoint now) const;

  /// What FanOut has counted of this leg.
  struct Counted {
    bool unsettled = false;
    bool open = false;
    std::optional<TimePoint> deadline;
  } counted;

 private:
  void wait(TimePoint now);
  void stop_waiting(TimePoint now);
  void close(TimePoint now);
  void note_ready(TimePoint now);

  RequestId id_;
  size_t backend_;
  std::chrono::milliseconds timeout_;
  SeriesSource source_;
  bool asked_ = false;
  bool open_ = true;
  bool answered_ = false;  // The response's head has come.
  bool waiting_ = false;
  bool dropped_ = false;
  bool unavailable_ = false;
  bool failed_early_ = false;
  bool borne_ = false;
  bool late_ = false;
  bool left_out_ = false;
  int http_status_ = 0;
  bool superseded_ = false;
  std::optional<Error> error_;
  TimePoint asked_at_;
  TimePoint waiting_since_;
  std::optional<TimePoint> idle_since_;  // The wait that a piece without data has interrupted.
  std::chrono::nanoseconds waited_{};
  std::optional<TimePoint> first_byte_at_;
  std::optional<TimePoint> ready_at_;
  std::optional<TimePoint> closed_at_;
  uint64_t bytes_ = 0;
};

}  // namespace mread::merger
