#pragma once

#include <atomic>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "scenarios/model/results.h"
#include "scenarios/model/scenario.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/load_schedule.h"
#include "scenarios/running/waiting_clock.h"

namespace mread::scenarios {

/// One request of a load; of a dashboard, all of its queries.
struct LoadSample {
  TimePoint intended;
  std::chrono::duration<double> latency{0};  ///< from the intended send time, until the last answer
  std::chrono::duration<double> late{0};     ///< how much after it the request left
  bool failed = false;
};

/// Sends the requests of a load when its schedule says so; runs on threads of its own from start()
/// to finish(). Each request has its own evaluation time (milliseconds apart), so no cache can
/// answer two of them with one result.
class LoadGenerator {
 public:
  /// `time_ms` is the evaluation time where the load has one.
  LoadGenerator(const Load& load, int64_t time_ms, Asker& asker, WaitingClock& clock);
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  void start();
  /// Ends it early: nothing further is sent, what is under way is given up and not counted. Callable
  /// from any thread between start() and finish(), and while finish() waits.
  void stop();
  TimePoint end() const { return begin_ + schedule_.length(); }
  /// Waits for the last request; the samples without the warm-up, in order of their intended times.
  std::vector<LoadSample> finish();

 private:
  void work(const std::stop_token& stop);
  void be_user(size_t user, const std::stop_token& stop);
  bool ask(LoadSample sample, const std::stop_token& stop);
  QueryAnswer ask_one(const LoadQuery& query, const std::stop_token& stop);
  int64_t next_time_ms();

  const Load& load_;
  const LoadSchedule schedule_;
  int64_t time_ms_;
  Asker& asker_;
  WaitingClock& clock_;
  TimePoint begin_;
  std::atomic<size_t> next_arrival_{0};
  std::atomic<uint64_t> asked_{0};
  std::atomic<size_t> iterations_{0};  // Of a closed executor.
  std::atomic<int64_t> last_time_ms_{0};
  std::mutex mutex_;
  std::vector<LoadSample> samples_;
  std::stop_source stop_;
  std::vector<std::jthread> workers_;
};

/// A span of time in which at least one fault or act was in force.
struct FaultSpan {
  TimePoint begin;
  TimePoint end;
};

/// Compares a load with its thresholds. Requests meant for a fault's span are judged, the others
/// are the baseline; without any fault all are judged. Fewer than 20 requests on a side, or a
/// generator that could not keep its times, make a result inconclusive.
std::vector<CheckResult> judge_load(const Test& test, const std::vector<LoadSample>& samples,
                                    const std::vector<FaultSpan>& faults);

/// The load and its results, without the warm-up.
LoadResult summarize_load(const Test& test, const std::vector<LoadSample>& samples,
                          const std::vector<FaultSpan>& faults);

}  // namespace mread::scenarios
