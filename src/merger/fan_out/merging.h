#pragma once

#include <optional>

#include "base/time_point.h"
#include "merger/fan_out/answer_stream.h"
#include "merger/fan_out/asking.h"
#include "merger/fan_out/obstacle.h"
#include "merger/fan_out/read_state.h"
#include "merger/fan_out/read_summary.h"

namespace mread::merger {

/// Stage::merging: writes the queries' series in order, as far as the sources have them.
///
/// An answer that fails on the way is made good by a dropped member, skipped, or an obstacle, as
/// the policy says.
/// Not thread-safe. Tested by broken_answers_test.cc, deferred_read_test.cc and failover_test.cc.
class Merging {
 public:
  /// All of them outlive it.
  Merging(ReadState& read, Asking& asking, AnswerStream& answer, const ReadSummary& summary)
      : read_(read), asking_(asking), answer_(answer), summary_(summary) {}

  /// Goes on until a source has to say more, the batch is full, or everything is written
  /// (Stage::draining). An obstacle ends the read.
  std::optional<Obstacle> advance(TimePoint now);
  /// What the merge holds for the series that it is at.
  size_t memory() const;

 private:
  std::optional<Obstacle> begin(QueryRun& run, TimePoint now);
  std::optional<Obstacle> on_failed(QueryRun& run, TimePoint now);

  ReadState& read_;
  Asking& asking_;
  AnswerStream& answer_;
  const ReadSummary& summary_;
  size_t current_ = 0;  // The query that is being merged.
};

}  // namespace mread::merger
