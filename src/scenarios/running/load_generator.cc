#include "scenarios/running/load_generator.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mread::scenarios {
namespace {

constexpr milliseconds request_timeout{60'000};
constexpr milliseconds after_failure{100};
constexpr std::chrono::duration<double> late_limit{0.05};
constexpr size_t least_samples = 20;

// The nearest-rank percentile of sorted values.
double percentile(const std::vector<double>& sorted, double quantile) {
  const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

double aggregate(const Threshold& threshold, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  if (threshold.aggregate == "max") return values.back();
  if (threshold.aggregate == "min") return values.front();
  if (threshold.aggregate == "med") return percentile(values, 0.5);
  if (threshold.aggregate == "p") return percentile(values, threshold.quantile);
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::string shown(const Threshold& threshold, double value) {
  char buffer[48];
  if (threshold.metric == "query_failed") {
    std::snprintf(buffer, sizeof buffer, "%.4f", value);
  } else {
    std::snprintf(buffer, sizeof buffer, "%.1f ms", value * 1000);
  }
  return buffer;
}

}  // namespace

LoadGenerator::LoadGenerator(const Load& load, int64_t time_ms, Asker& asker, WaitingClock& clock)
    : load_(load), schedule_(load), time_ms_(time_ms), asker_(asker), clock_(clock) {}

LoadGenerator::~LoadGenerator() { stop(); }

void LoadGenerator::stop() { stop_.request_stop(); }

void LoadGenerator::start() {
  begin_ = clock_.now();
  if (!schedule_.is_open()) {
    for (size_t user = 0; user < schedule_.most_users(); ++user) {
      workers_.emplace_back([this, user] { be_user(user, stop_.get_token()); });
    }
    return;
  }
  // Enough for requests that take ten seconds each.
  double highest = load_.rate;
  for (const LoadStage& stage : load_.stages) highest = std::max(highest, stage.target);
  const size_t workers =
      std::min<size_t>({schedule_.arrivals().size(), 512, static_cast<size_t>(highest * 10) + 4});
  for (size_t i = 0; i < workers; ++i) {
    workers_.emplace_back([this] { work(stop_.get_token()); });
  }
}

// Sends what is due next, as long as there is something.
void LoadGenerator::work(const std::stop_token& stop) {
  const auto& arrivals = schedule_.arrivals();
  while (true) {
    const size_t index = next_arrival_.fetch_add(1);
    if (index >= arrivals.size()) return;
    LoadSample sample;
    sample.intended = begin_ + std::chrono::duration_cast<TimePoint::duration>(arrivals[index]);
    if (!clock_.wait_until(sample.intended, stop)) return;
    sample.late = clock_.now() - sample.intended;
    ask(sample, stop);
    if (stop.stop_requested()) return;
  }
}

void LoadGenerator::be_user(size_t user, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.now() - begin_);
    const auto active = schedule_.active_from(user, since);
    if (!active) return;
    const auto at = begin_ + std::chrono::duration_cast<TimePoint::duration>(*active);
    if (at > clock_.now() && !clock_.wait_until(at, stop)) return;
    if (iterations_.fetch_add(1) >= Load::most_requests) return;
    LoadSample sample;
    sample.intended = clock_.now();
    // Where nobody listens, an error comes at once: without a pause a user would do nothing but
    // collect them.
    if (!ask(sample, stop) && !clock_.wait_until(clock_.now() + after_failure, stop)) return;
  }
}

// False where the request failed.
bool LoadGenerator::ask(LoadSample sample, const std::stop_token& stop) {
  if (load_.is_dashboard) {
    std::vector<QueryAnswer> answers(load_.queries.size());
    {
      std::vector<std::jthread> panels;
      for (size_t i = 1; i < load_.queries.size(); ++i) {
        panels.emplace_back([&, i] { answers[i] = ask_one(load_.queries[i], stop); });
      }
      answers[0] = ask_one(load_.queries[0], stop);
    }
    sample.failed = std::any_of(answers.begin(), answers.end(),
                                [](const QueryAnswer& answer) { return !answer.ok(); });
  } else {
    sample.failed = !ask_one(load_.queries[asked_.fetch_add(1) % load_.queries.size()], stop).ok();
  }
  if (stop.stop_requested()) return false;
  sample.latency = clock_.now() - sample.intended;
  if (sample.intended < begin_ + load_.warmup) return !sample.failed;
  const std::lock_guard lock(mutex_);
  samples_.push_back(sample);
  return !sample.failed;
}

QueryAnswer LoadGenerator::ask_one(const LoadQuery& query, const std::stop_token& stop) {
  const int64_t time_ms = next_time_ms();
  if (!query.range) return asker_.instant(load_.node, query.expr, time_ms, request_timeout, stop);
  return asker_.range(load_.node, query.expr, time_ms - query.range->count(), time_ms, query.step,
                      request_timeout, stop);
}

// Milliseconds apart: far less than the distance of samples, so all ask for the same data.
int64_t LoadGenerator::next_time_ms() {
  if (load_.eval_time) {
    if (!load_.varies_time) return time_ms_;
    constexpr int64_t times = 1'000;
    return time_ms_ + last_time_ms_.fetch_add(1) % times;
  }
  const int64_t now_ms = clock_.wall_ms() - 2000;
  if (!load_.varies_time) return now_ms;
  int64_t last = last_time_ms_.load();
  while (!last_time_ms_.compare_exchange_weak(last, std::max(last + 1, now_ms))) {
  }
  return std::max(last + 1, now_ms);
}

std::vector<LoadSample> LoadGenerator::finish() {
  for (std::jthread& worker : workers_) worker.join();
  workers_.clear();
  std::sort(samples_.begin(), samples_.end(),
            [](const LoadSample& a, const LoadSample& b) { return a.intended < b.intended; });
  return std::move(samples_);
}

namespace {

bool is_in_fault(const LoadSample& sample, const std::vector<FaultSpan>& faults) {
  return std::any_of(faults.begin(), faults.end(), [&](const FaultSpan& span) {
    return sample.intended >= span.begin && sample.intended < span.end;
  });
}

LoadTimes times_of(const std::vector<LoadSample>& samples) {
  LoadTimes times;
  times.requests = samples.size();
  if (samples.empty()) return times;
  std::vector<double> sorted;
  for (const LoadSample& sample : samples) {
    sorted.push_back(sample.latency.count() * 1000);
    if (sample.failed) ++times.failed;
  }
  std::sort(sorted.begin(), sorted.end());
  times.p50_ms = percentile(sorted, 0.5);
  times.p90_ms = percentile(sorted, 0.9);
  times.p95_ms = percentile(sorted, 0.95);
  times.p99_ms = percentile(sorted, 0.99);
  times.max_ms = sorted.back();
  return times;
}

}  // namespace

LoadResult summarize_load(const Test& test, const std::vector<LoadSample>& samples,
                          const std::vector<FaultSpan>& faults) {
  const Load& load = *test.load;
  LoadResult result;
  result.executor = to_string(load.executor);
  result.node = load.node;
  for (const LoadQuery& query : load.queries) result.queries.push_back(query.expr);
  result.is_judged = !test.thresholds.empty();
  result.all = times_of(samples);
  result.late = static_cast<size_t>(std::count_if(
      samples.begin(), samples.end(), [](const auto& sample) { return sample.late > late_limit; }));
  if (faults.empty()) return result;
  std::vector<LoadSample> in_fault;
  std::vector<LoadSample> others;
  for (const LoadSample& sample : samples)
    (is_in_fault(sample, faults) ? in_fault : others).push_back(sample);
  result.fault = times_of(in_fault);
  result.baseline = times_of(others);
  return result;
}

std::vector<CheckResult> judge_load(const Test& test, const std::vector<LoadSample>& samples,
                                    const std::vector<FaultSpan>& faults) {
  std::vector<double> judged;
  std::vector<double> baseline;
  size_t failed = 0;
  size_t late = 0;
  for (const LoadSample& sample : samples) {
    const bool in_fault = faults.empty() || is_in_fault(sample, faults);
    (in_fault ? judged : baseline).push_back(sample.latency.count());
    if (in_fault && sample.failed) ++failed;
    if (sample.late > late_limit) ++late;
  }
  std::vector<CheckResult> results;
  for (const Threshold& threshold : test.thresholds) {
    CheckResult result;
    result.expr = test.load->queries.front().expr;
    result.name = threshold.metric + ": " + threshold.text;
    result.node = test.load->node;
    result.phase = faults.empty() ? "before" : "fault";
    result.want = threshold.text;
    if (judged.size() < least_samples ||
        (threshold.of_baseline && baseline.size() < least_samples)) {
      result.verdict = Verdict::inconclusive;
      result.got = std::to_string(judged.size()) + " requests, and " +
                   std::to_string(baseline.size()) +
                   " for the baseline; 20 are needed on each side";
    } else if (threshold.metric != "query_failed" && late * 100 > samples.size()) {
      result.verdict = Verdict::inconclusive;
      result.got = "the load generator is saturated: " + std::to_string(late) + " of " +
                   std::to_string(samples.size()) + " requests left more than 50 ms late";
    } else {
      double value = 0;
      double limit = threshold.limit;
      if (threshold.metric == "query_failed") {
        value = static_cast<double>(failed) / static_cast<double>(judged.size());
      } else {
        value = aggregate(threshold, judged);
        if (threshold.of_baseline) limit *= aggregate(threshold, baseline);
      }
      const bool holds = threshold.symbol == "<"    ? value < limit
                         : threshold.symbol == "<=" ? value <= limit
                         : threshold.symbol == ">"  ? value > limit
                                                    : value >= limit;
      result.verdict = holds ? Verdict::pass : Verdict::fail;
      result.got = shown(threshold, value) + " of " + std::to_string(judged.size()) +
                   " requests; the limit is " + shown(threshold, limit);
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace mread::scenarios
