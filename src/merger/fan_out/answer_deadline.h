#pragma once

#include <chrono>
#include <optional>

#include "base/time_point.h"

namespace mread::merger {

/// The deadline of one backend's answer. Only time in which an answer to an Ask or a Read is
/// awaited counts.
///
/// A piece without data interrupts a wait and does not end it: if the next piece is asked for at
/// once, the wait goes on from where it began. If it is not, the time until then is not the
/// backend's.
/// Not thread-safe.
class AnswerDeadline {
 public:
  explicit AnswerDeadline(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  bool is_waiting() const { return waiting_since_.has_value(); }
  std::chrono::milliseconds timeout() const { return timeout_; }

  /// An answer is awaited from now on, or from the begin of the wait that was interrupted.
  void wait(TimePoint now) {
    waiting_since_ = interrupted_since_.value_or(now);
    interrupted_since_.reset();
  }
  /// What was awaited has come.
  void stop(TimePoint now) {
    if (waiting_since_) waited_ += now - *waiting_since_;
    waiting_since_.reset();
  }
  /// A piece without data has come.
  void interrupt() {
    if (waiting_since_) interrupted_since_ = waiting_since_;
    waiting_since_.reset();
  }
  /// Nothing more is asked for at present.
  void rest() { interrupted_since_.reset(); }

  /// When it ends, if it is running.
  std::optional<TimePoint> at() const {
    if (!waiting_since_ && !interrupted_since_) return std::nullopt;
    return (waiting_since_ ? *waiting_since_ : *interrupted_since_) + (timeout_ - waited_);
  }

 private:
  std::chrono::milliseconds timeout_;
  std::chrono::nanoseconds waited_{};
  std::optional<TimePoint> waiting_since_;
  std::optional<TimePoint> interrupted_since_;
};

}  // namespace mread::merger
