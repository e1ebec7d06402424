#include "scenarios/running/load_generator.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mread::scenarios {
namespace {

constexpr milliseconds request_timeout{60'000};
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

LoadGenerator::LoadGenerator(const Load& load, int64_t time_ms, Asker& asker, Pace& pace)
    : load_(load), time_ms_(time_ms), asker_(asker), pace_(pace) {
  const double seconds = std::chrono::duration<double>(load.warmup + load.duration).count();
  total_ = static_cast<uint64_t>(std::floor(seconds * load.rate));
}

LoadGenerator::~LoadGenerator() {
  for (std::jthread& worker : workers_) worker.request_stop();
}

void LoadGenerator::start() {
  begin_ = pace_.now();
  // Enough for requests that take ten seconds each.
  const size_t workers = std::min<uint64_t>({total_, 512, static_cast<uint64_t>(load_.rate * 10) + 4});
  for (size_t i = 0; i < workers; ++i) {
    workers_.emplace_back([this](std::stop_token stop) { work(std::move(stop)); });
  }
}

void LoadGenerator::work(std::stop_token stop) {
  while (true) {
    const uint64_t index = next_.fetch_add(1);
    if (index >= total_) return;
    const std::chrono::duration<double> offset(static_cast<double>(index) / load_.rate);
    LoadSample sample;
    sample.intended = begin_ + std::chrono::duration_cast<Pace::TimePoint::duration>(offset);
    if (!pace_.wait_until(sample.intended, stop)) return;
    sample.late = pace_.now() - sample.intended;
    const int64_t time_ms = load_.eval_time ? time_ms_ : pace_.wall_ms() - 2000;
    const Answer answer = asker_.instant(load_.node, load_.expr, time_ms, request_timeout, stop);
    if (stop.stop_requested()) return;
    sample.latency = pace_.now() - sample.intended;
    sample.failed = !answer.ok();
    if (sample.intended < begin_ + load_.warmup) continue;
    const std::lock_guard lock(mutex_);
    samples_.push_back(sample);
  }
}

std::vector<LoadSample> LoadGenerator::finish() {
  for (std::jthread& worker : workers_) worker.join();
  workers_.clear();
  std::sort(samples_.begin(), samples_.end(),
            [](const LoadSample& a, const LoadSample& b) { return a.intended < b.intended; });
  return std::move(samples_);
}

std::vector<CheckResult> judge_load(const Test& test, const std::vector<LoadSample>& samples,
                                    const std::vector<FaultSpan>& faults) {
  std::vector<double> judged;
  std::vector<double> baseline;
  size_t failed = 0;
  size_t late = 0;
  for (const LoadSample& sample : samples) {
    const bool in_fault = faults.empty() || std::any_of(faults.begin(), faults.end(), [&](const FaultSpan& span) {
                            return sample.intended >= span.begin && sample.intended < span.end;
                          });
    (in_fault ? judged : baseline).push_back(sample.latency.count());
    if (in_fault && sample.failed) ++failed;
    if (sample.late > late_limit) ++late;
  }
  std::vector<CheckResult> results;
  for (const Threshold& threshold : test.thresholds) {
    CheckResult result;
    result.expr = test.load->expr;
    result.name = threshold.metric + ": " + threshold.text;
    result.node = test.load->node;
    result.phase = faults.empty() ? "before" : "fault";
    result.want = threshold.text;
    if (judged.size() < least_samples || (threshold.of_baseline && baseline.size() < least_samples)) {
      result.verdict = Verdict::inconclusive;
      result.got = std::to_string(judged.size()) + " requests, and " + std::to_string(baseline.size()) +
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
      result.got = shown(threshold, value) + " of " + std::to_string(judged.size()) + " requests; the limit is " +
                   shown(threshold, limit);
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace mread::scenarios
