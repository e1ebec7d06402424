#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "scenarios/model/scenario.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/course_recorder.h"
#include "scenarios/running/load_generator.h"
#include "scenarios/running/pace.h"

namespace mread::scenarios {

/// Plays a timeline (test_run.h says in which order) and runs the checks of each step. One thread.
class TimelinePlayer {
 public:
  /// Runs the checks of a phase while `away` are the nodes under an act or a fault.
  using RunPhase = std::function<void(const std::string& phase, const std::set<std::string>& away)>;

  TimelinePlayer(const Test& test, Topology& topology, Asker& asker, Pace& pace,
                 CourseRecorder& recorder)
      : test_(test), topology_(topology), asker_(asker), pace_(pace), recorder_(recorder) {}

  /// Plays all of it. `hold_until` is a time before which nothing without `for:` is undone (the end
  /// of a load). `undo_at_end` is false where nobody looks at what comes after. Errors: an act or a
  /// fault that could not be done.
  Result<void> play(const RunPhase& run_phase, std::optional<Pace::TimePoint> hold_until,
                    bool undo_at_end, std::stop_token stop);

  const std::vector<FaultSpan>& fault_spans() const { return spans_; }

 private:
  struct Active {
    const TimelineEntry* entry = nullptr;
    std::optional<Pace::TimePoint> end;
  };

  /// Whether the act of `entry` takes back that of `active`.
  static bool is_undone_by(const Active& active, const TimelineEntry& entry);
  Result<void> apply(const TimelineEntry& entry, Pace::TimePoint begin, std::stop_token stop);
  Result<void> undo(const Active& active, std::stop_token stop);
  /// Ends what is due before `limit`, in order of time.
  Result<void> undo_due(std::optional<Pace::TimePoint> limit, std::stop_token stop);
  Result<void> set_faults(const std::string& node, std::stop_token stop);
  Result<void> do_act(const std::string& node, Act act, std::stop_token stop);
  std::set<std::string> away() const;
  void note_span();

  const Test& test_;
  Topology& topology_;
  Asker& asker_;
  Pace& pace_;
  CourseRecorder& recorder_;
  std::vector<Active> active_;
  std::vector<FaultSpan> spans_;
  bool in_span_ = false;
};

}  // namespace mread::scenarios
