#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time_point.h"
#include "merger/fan_out/action.h"
#include "merger/fan_out/answer_deadline.h"
#include "merger/fan_out/outcome.h"
#include "merger/fan_out/request_phase.h"
#include "merger/policy/policy.h"
#include "merger/source/series_source.h"

namespace mread::merger {

/// One query's request to one backend: its phase, its answer, its deadline.
///
/// Failure   early (nothing of the answer is used) or late (the series that came before are used):
///           see FanOut. A request that takes over from another in mid-answer fails late only, so
///           that the merge notices.
/// Events    of a request that is not open are ignored.
/// Not thread-safe. Tested by read_course_test.cc; its phases by request_phase_test.cc.
class BackendRequest {
 public:
  BackendRequest(RequestId id, size_t backend, const Backend& settings, SeriesSource source);

  RequestId id() const { return id_; }
  size_t backend() const { return backend_; }
  RequestPhase phase() const { return phase_; }
  SeriesSource& source() { return source_; }
  const SeriesSource& source() const { return source_; }

  /// Whether its events are still wanted.
  bool open() const { return phase_ == RequestPhase::asked || phase_ == RequestPhase::answering; }
  /// Whether a Read should go out now.
  bool wants_read() const {
    return phase_ == RequestPhase::answering && !deadline_.is_waiting() && source_.wants_data();
  }
  /// Whether the start of the answer need not wait for it any more.
  bool settled() const { return !open() || source_.started(); }
  bool failed() const { return error_.has_value(); }
  /// It has failed before any of its answer could be used.
  bool failed_early() const {
    return phase_ == RequestPhase::unavailable || phase_ == RequestPhase::failed_early ||
           phase_ == RequestPhase::left_out_early;
  }
  bool left_out() const {
    return phase_ == RequestPhase::left_out_early || phase_ == RequestPhase::left_out_late;
  }
  /// It was dropped, or not asked.
  bool dropped() const { return phase_ == RequestPhase::dropped || stands_by(); }
  /// It was not asked, and has not failed either.
  bool stands_by() const {
    return phase_ == RequestPhase::standing_by || phase_ == RequestPhase::never_asked;
  }
  const std::optional<Error>& error() const { return error_; }
  /// It had failed early when the answer began.
  bool borne() const { return borne_; }
  /// When the deadline ends, if it is running.
  std::optional<TimePoint> deadline() const { return open() ? deadline_.at() : std::nullopt; }

  /// Its Ask goes out.
  void ask(TimePoint now);
  /// Fails it before it is asked.
  void not_available(std::string why, TimePoint now);
  void on_response(int status, std::string_view content_type, std::string_view content_encoding,
                   std::string_view text, TimePoint now);
  void on_data(std::shared_ptr<const std::string> piece, TimePoint now);
  void on_end(TimePoint now);
  /// Its Read goes out.
  void read_asked(TimePoint now);
  /// No more is asked for at present: the time until the next Read is not the backend's.
  void rest() { deadline_.rest(); }
  void fail(Error error, TimePoint now);
  /// Fails it if its deadline has come.
  void check_deadline(TimePoint now);
  /// Checks a SAMPLES answer whose check was deferred, if it is one. A bad answer has failed early.
  void check_answer();
  /// The read would hold too much, and this request the most: nothing of it is used any more, even
  /// if it is complete. `merging`: the merge may have used some of it, and has to notice.
  void leave_out(Error error, bool merging, TimePoint now);
  /// The merge could not decode its data, or came to the end of what a failed answer gave. The
  /// merge drops the data by itself.
  void blame(const Error& error, TimePoint now);
  /// Nothing of it is needed any more.
  void drop(TimePoint now);
  /// The answer begins, and its head tells of the failure, if there is one.
  void tell_failure() { borne_ = failed_early(); }
  /// A hedge was sent for it. If it is dropped for that, its latency is the time until then.
  void is_late() { late_ = true; }
  /// The backend has been asked once more: its state is that request's.
  void supersede();

  void add_to(BackendOutcome& outcome, TimePoint now) const;

  /// What RequestBook has counted of this request.
  struct Counted {
    bool unsettled = false;
    bool open = false;
    std::optional<TimePoint> deadline;
  } counted;

 private:
  struct Times {
    TimePoint asked_at;
    std::optional<TimePoint> first_byte_at;
    std::optional<TimePoint> ready_at;
    std::optional<TimePoint> closed_at;
    std::optional<TimePoint> gave_up_at;  // It was late, and is dropped.
  };
  void enter(RequestPhase next);
  void close(RequestPhase last, TimePoint now);
  void note_ready(TimePoint now);
  BackendOutcome::State state() const;

  RequestId id_;
  size_t backend_;
  RequestPhase phase_ = RequestPhase::standing_by;
  SeriesSource source_;
  AnswerDeadline deadline_;
  Times times_;
  std::optional<Error> error_;
  int http_status_ = 0;
  uint64_t bytes_ = 0;
  bool borne_ = false;
  bool late_ = false;
  bool superseded_ = false;
};

}  // namespace mread::merger
