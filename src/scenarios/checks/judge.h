#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/series.h"
#include "scenarios/checks/answer.h"
#include "scenarios/model/results.h"
#include "scenarios/model/scenario.h"

namespace mread::scenarios {

/// What a remote read came back with.
struct ReadAnswer {
  std::string error;    ///< empty where it succeeded
  std::string partial;  ///< the X-Mread-Partial header
  bool streamed = false;
  std::vector<model::Series>
      series;  ///< in the order in which they came; one that came in pieces stays in pieces
  std::chrono::duration<double, std::milli> duration{0};

  bool ok() const { return error.empty(); }
  size_t samples() const;
  std::string to_string(size_t limit = 20) const;
};

/// All that was seen while a check ran.
struct Observation {
  std::vector<Answer> answers;             ///< of a PromQL check, one for every `repeat:`
  std::vector<ReadAnswer> reads;           ///< of a read
  std::optional<Answer> same_as;           ///< the answer that it is compared with
  std::map<std::string, size_t> requests;  ///< that mocks were asked, by mock
  std::optional<double> baseline_ms;       ///< median duration in the phase before
  std::string when;  ///< said of an answer without data: "at 2026-…; the data end at 2026-…"
};

/// An answer as it is shown: Answer::to_string(), and where it has no data, for which time it has
/// none.
std::string shown(const Answer& answer, const std::string& when, size_t limit = 20);

/// Holds what was seen against all that the check expects; the first expectation that is not met
/// gives want, got and detail. A check that expects data, and says neither `warn` nor `fail`, fails
/// on an error; a warning is noted, and fails only a check that expects no_warn.
CheckResult judge(const Check& check, const std::string& phase, const Observation& seen);

/// The verdict of a test from those of its checks, its known issues applied: fails, and checks that
/// failed as one of the issues describes become known issues. Sets verdict, reason and note.
void conclude(const std::vector<KnownIssue>& issues, TestResult& result);

}  // namespace mread::scenarios
