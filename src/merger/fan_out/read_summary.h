#pragma once

#include <optional>
#include <string>

#include "base/time_point.h"
#include "merger/fan_out/answer_stream.h"
#include "merger/fan_out/asking.h"
#include "merger/fan_out/memory_limit.h"
#include "merger/fan_out/obstacle.h"
#include "merger/fan_out/outcome.h"
#include "merger/fan_out/read_state.h"

namespace mread::merger {

/// Questions about a read as a whole. They change nothing. Tested by fan_out_test.cc.
class ReadSummary {
 public:
  /// All of them outlive it.
  ReadSummary(const ReadState& read, const MemoryLimit& memory, const Asking& asking,
              const AnswerStream& answer)
      : read_(read), memory_(memory), asking_(asking), answer_(answer) {}

  /// Whether the start of the answer waits for no request any more.
  bool is_settled() const { return read_.book.all_settled() && !asking_.may_ask_next(); }
  /// Whether the policy allows an answer to every query so far. A failure that a dropped member can
  /// make good is none yet: the member is asked once the merge has come to the failure.
  bool may_answer_all() const;
  /// Why there is no answer, once all answers to the query have been looked into.
  std::optional<Obstacle> obstacle(const QueryRun& run) const;
  /// Whether the client's class refuses every series that the answer would have.
  bool all_left_out() const;

  Outcome outcome(TimePoint now) const;
  /// All that is missing in the answer; as much of it as a header holds.
  std::string partial() const;
  std::string partial_header() const;

 private:
  bool may_answer_run(const QueryRun& run) const;

  const ReadState& read_;
  const MemoryLimit& memory_;
  const Asking& asking_;
  const AnswerStream& answer_;
};

}  // namespace mread::merger
