#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mread::scenarios {

enum class Verdict {
  pass,
  fail,
  known_issue,   ///< failed as a known_issue of the scenario describes it
  inconclusive,  ///< noise above the effect, a saturated load generator
  skipped,       ///< not run; the reason says why
};
inline constexpr Verdict all_verdicts[] = {Verdict::pass, Verdict::fail, Verdict::known_issue,
                                           Verdict::inconclusive, Verdict::skipped};
const char* to_string(Verdict verdict);

/// The folder of the nodes' logs, below the report's folder.
inline constexpr const char* logs_folder = "nodes";

/// One check in one phase, or one invariant that was not met by it.
struct CheckResult {
  std::string expr;  ///< PromQL, a selector, or an invariant's name
  std::string name;  ///< as the file calls it; `expr` where it does not
  std::string node;
  std::string phase;
  int line = 0;
  Verdict verdict = Verdict::pass;
  std::string want;
  std::string got;
  std::string detail;  ///< where they differ; empty when it passed
  std::vector<std::string> warnings;
  double duration_ms = 0;
};

/// The times of some requests of a load: nearest-rank percentiles [ms].
struct LoadTimes {
  size_t requests = 0;
  size_t failed = 0;
  double p50_ms = 0;
  double p90_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

/// How many of `requests` lie at or above a nearest-rank percentile.
size_t requests_from_percentile(size_t requests, double quantile);

/// One request of a load, as the report draws it. Times are since the course began.
struct LoadRequest {
  double at_s = 0;  ///< when it was meant to leave
  double duration_ms = 0;
  double late_ms = 0;  ///< how much later it left
  bool failed = false;
};

/// The results of a load.
struct LoadResult {
  std::string executor;  ///< as the file calls it
  std::string node;
  std::vector<std::string> queries;
  LoadTimes all;
  /// With a timeline: of requests meant for a time in which something was in force, and of the
  /// others.
  std::optional<LoadTimes> fault;
  std::optional<LoadTimes> baseline;
  size_t late = 0;         ///< requests that left more than 50 ms after their time
  bool is_judged = false;  ///< there are thresholds
  std::vector<LoadRequest> requests;
};

/// What a question got. Only wrong and silently_partial are judgements: a check or an oracle said so.
enum class Outcome { complete, told, silently_partial, wrong, failed };
inline constexpr Outcome all_outcomes[] = {
    Outcome::complete, Outcome::told, Outcome::silently_partial, Outcome::wrong, Outcome::failed};
const char* to_string(Outcome outcome);

/// One question that a test asked a node.
struct AskedQuestion {
  double at_s = 0;  ///< since the course began
  double duration_ms = 0;
  std::string node;
  std::string expr;
  std::string phase;
  Outcome outcome = Outcome::complete;
  std::string text;  ///< the error, or the warnings
};

/// What happened to a node, or was done to it, in the course of a test.
struct CourseEvent {
  double at_s = 0;                ///< since the course began
  std::optional<double> until_s;  ///< of what lasts
  std::string node;
  std::string what;  ///< "started", "kill", "hang", "ended by itself"
  bool is_fault = false;
};

/// The course of a test: from its first node to its last check.
struct Course {
  double length_s = 0;
  std::vector<CourseEvent> events;
  std::vector<AskedQuestion> questions;  ///< those of a load are in LoadResult
  size_t more_questions = 0;             ///< asked too, but not kept: the course keeps 2000
};

/// A request that a mock got, by its journal.
struct BackendRequest {
  double at_s = 0;                    ///< since the course began
  std::optional<double> duration_ms;  ///< none of one that was not answered
  std::string query;                  ///< its selectors
  std::string outcome;                ///< complete, aborted (by a fault), client_gone, in_progress
  int status = 0;                     ///< of HTTP; 0: none was sent
  size_t series = 0;
  size_t bytes = 0;  ///< of the answer's body
  std::string note;  ///< why it was refused, and the faults that it met
};

/// What a node used of its machine in the course of a test.
struct UsageSample {
  double at_s = 0;         ///< since the course began
  double cpu_percent = 0;  ///< of one core, since the sample before
  double memory_mib = 0;
};

struct NodeResult {
  std::string name;
  std::string kind;
  std::string version;
  std::string log;                 ///< path below the report folder; empty when there is none
  std::vector<std::string> reads;  ///< nodes that it reads over remote read, in its order
  std::vector<std::string> names;  ///< other nodes that its configuration names: it scrapes them
  /// Path below the report folder → contents, until they are written.
  std::map<std::string, std::string> files;
  std::vector<BackendRequest> requests;  ///< of a mock
  size_t more_requests = 0;              ///< it got too, but they are not kept
  std::vector<UsageSample> usage;
};

struct TestResult {
  std::string scenario;
  std::string id;
  std::string title;
  std::string file;
  std::string topology;  ///< Test::topology
  std::vector<std::pair<std::string, std::string>> matrix_case;
  std::vector<std::string> tags;
  std::string engine;
  uint64_t seed = 0;
  Verdict verdict = Verdict::pass;
  std::string reason;  ///< of every verdict but pass
  /// A failure of the test as a whole, independent of its checks: a node that ended by itself. It
  /// becomes the reason.
  std::string incident;
  bool is_interrupted = false;  ///< the run was interrupted before this test had its verdict
  std::string note;  ///< worth knowing though the test passed: a known issue that was not seen
  double duration_s = 0;
  std::vector<CheckResult> checks;
  std::optional<LoadResult> load;
  std::vector<NodeResult> nodes;
  Course course;
};

/// An earlier report that this one is compared with.
struct EarlierReport {
  std::string started;
  std::map<std::string, std::string> verdicts;  ///< of its tests, by id
};

/// All results of a run; every form of report is made from it.
struct Report {
  std::string mread_version;
  uint64_t seed = 0;
  std::chrono::system_clock::time_point started;
  double duration_s = 0;
  bool is_interrupted = false;  ///< some of the tests have no verdict
  std::vector<TestResult> tests;
  std::optional<EarlierReport> compared;

  size_t total(Verdict verdict) const;
};

/// The exit code of a run (docs/reference/run.md): 1 where a test failed, else 2 where one was inconclusive,
/// else 0.
int exit_code(const Report& report);

}  // namespace mread::scenarios
