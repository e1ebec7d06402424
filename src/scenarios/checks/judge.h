#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/series.h"
#include "scenarios/checks/alerts_answer.h"
#include "scenarios/checks/query_answer.h"
#include "scenarios/model/results.h"
#include "scenarios/model/scenario.h"

namespace mread::scenarios {

/// The answer to a remote read.
struct ReadAnswer {
  std::string error;    ///< empty where it succeeded
  std::string partial;  ///< the X-Mread-Partial header
  bool streamed = false;
  /// In the order in which they came; one that came in pieces stays in pieces.
  std::vector<model::Series> series;
  std::chrono::duration<double, std::milli> duration{0};

  bool ok() const { return error.empty(); }
  size_t samples() const;
  std::string to_string(size_t limit = 20) const;
};

/// All that was seen while a check ran.
struct Observation {
  std::vector<QueryAnswer> answers;        ///< of a PromQL check, one for every `repeat:`
  std::vector<ReadAnswer> reads;           ///< of a read
  std::vector<AlertsAnswer> alerts;        ///< of a look at alerts
  std::optional<QueryAnswer> same_as;      ///< the answer that it is compared with
  std::map<std::string, size_t> requests;  ///< that mocks were asked, by mock
  std::optional<double> baseline_ms;       ///< median duration in the phase before
  std::string when;  ///< said of an answer without data: "at 2026-…; the data end at 2026-…"
};

/// QueryAnswer::to_string(), and for an answer without data the time that was asked for.
std::string shown(const QueryAnswer& answer, const std::string& when, size_t limit = 20);

/// Compares what was seen with everything that the check expects. The first expectation that is not
/// met gives want, got and detail. A check that expects data, and says neither `warn` nor `fail`,
/// fails on an error; a warning is noted, and fails only a check that expects no_warn.
CheckResult judge(const Check& check, const std::string& phase, const Observation& seen);

/// The verdict of a test from those of its checks, its known issues applied: fails, and checks that
/// failed as one of the issues describes become known issues. Sets verdict, reason and note.
void conclude(const std::vector<KnownIssue>& issues, TestResult& result);

}  // namespace mread::scenarios
