#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scenarios/model/results.h"
#include "scenarios/model/scenario.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/load_generator.h"
#include "scenarios/running/waiting_clock.h"

namespace mread::scenarios {

/// Writes down the course of one test for its report. Begins when it is made. One thread.
class CourseRecorder {
 public:
  static constexpr size_t most_questions = 2000;

  explicit CourseRecorder(const WaitingClock& clock)
      : clock_(clock), begin_(clock.now()), begin_wall_ms_(clock.wall_ms()) {}

  /// Passes everything on to `asker`, which outlives it, and writes down the questions.
  std::unique_ptr<Asker> listen_to(Asker& asker);
  /// Later questions belong to this phase.
  void enter_phase(std::string phase);
  /// Judges the questions of the phase by the results of its checks and oracles.
  void judge_phase(const std::vector<CheckResult>& results);

  /// Told of every question when it has its answer, also of those that the course does not keep.
  /// Their outcomes are complete, told or failed; nothing has judged them.
  std::function<void(const AskedQuestion&)> on_question;

  void note_event(const std::string& node, const std::string& what);
  /// The event of a timeline's entry; it lasts until end_fault() or the end of the course.
  void begin_fault(const TimelineEntry& entry);
  void end_fault(const TimelineEntry& entry);
  /// The requests of a load, for the report.
  std::vector<LoadRequest> requests_of(const std::vector<LoadSample>& samples) const;

  void add_question(TimePoint begin, const std::string& node, const std::string& expr,
                    const std::string& error, const std::vector<std::string>& warnings);
  TimePoint now() const { return clock_.now(); }

  /// A moment's place in the course.
  double seconds_since_begin(TimePoint time) const;
  /// When the course began [ms since the epoch], by the wall clock.
  int64_t begin_wall_ms() const { return begin_wall_ms_; }

  /// Ends the course: what still lasts ends with it.
  Course take();

 private:
  const WaitingClock& clock_;
  const TimePoint begin_;
  const int64_t begin_wall_ms_;
  Course course_;
  std::string phase_;
  size_t phase_begin_ = 0;                                            // Of course_.questions.
  std::vector<std::pair<const TimelineEntry*, size_t>> open_faults_;  // With its event's index.
};

/// "hang", "latency, status": the names of the faults of a timeline's entry, for people.
std::string name_faults(const std::string& faults);

}  // namespace mread::scenarios
