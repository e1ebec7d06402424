#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "scenarios/report/results.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/pace.h"
#include "scenarios/scenario.h"

namespace mread::scenarios {

/// One request of a load.
struct LoadSample {
  Pace::TimePoint intended;
  std::chrono::duration<double> latency{0};  ///< from the intended send time
  std::chrono::duration<double> late{0};     ///< how much after it the request left
  bool failed = false;
};

/// Sends requests at a constant rate, whatever became of those before; runs on threads of its own from start() to
/// finish().
class LoadGenerator {
 public:
  LoadGenerator(const Load& load, int64_t time_ms, Asker& asker, Pace& pace);
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  void start();
  Pace::TimePoint end() const { return begin_ + load_.warmup + load_.duration; }
  /// Waits for the last request; the samples without the warm-up, in order of their intended times.
  std::vector<LoadSample> finish();

 private:
  void work(std::stop_token stop);

  const Load& load_;
  int64_t time_ms_;
  Asker& asker_;
  Pace& pace_;
  Pace::TimePoint begin_;
  uint64_t total_;
  std::atomic<uint64_t> next_{0};
  std::mutex mutex_;
  std::vector<LoadSample> samples_;
  std::vector<std::jthread> workers_;
};

/// A span of time in which at least one fault or act was in force.
struct FaultSpan {
  Pace::TimePoint begin;
  Pace::TimePoint end;
};

/// Holds thresholds against a load. Requests meant for a fault's span are judged, the others are the baseline; without
/// any fault all are judged. Fewer than 20 requests on a side, or a generator that could not keep its times, make a
/// result inconclusive.
std::vector<CheckResult> judge_load(const Test& test, const std::vector<LoadSample>& samples,
                                    const std::vector<FaultSpan>& faults);

}  // namespace mread::scenarios
