#include "scenarios/report/load_output.h"

#include <algorithm>
#include <cmath>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/printable.h"
#include "base/quantity.h"

namespace mread::scenarios {
namespace {

namespace json = boost::json;

// Requests with a latency of at most `upper_ms`, and above that of the bar before.
struct Bar {
  double upper_ms = 0;
  size_t requests = 0;
};

// Bars at 1, 2, 5, 10, 20, 50, … from the one with the fastest request to that with the slowest.
std::vector<Bar> histogram(const std::vector<double>& sorted_ms) {
  std::vector<Bar> bars;
  if (sorted_ms.empty()) return bars;
  size_t at = 0;
  for (double decade = 0.1; at < sorted_ms.size(); decade *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) {
      Bar bar{decade * step, 0};
      for (; at < sorted_ms.size() && sorted_ms[at] <= bar.upper_ms; ++at) ++bar.requests;
      if (bar.requests > 0 || (!bars.empty() && at < sorted_ms.size())) bars.push_back(bar);
      if (at == sorted_ms.size()) break;
    }
  }
  return bars;
}

std::string ms_text(double ms) {
  if (ms >= 1000) return fmt::format("{:.2f} s", ms / 1000);
  return fmt::format("{:.{}f} ms", ms, ms < 10 ? 2 : ms < 100 ? 1 : 0);
}

std::string load_shape(const Load& load) {
  using Executor = Load::Executor;
  switch (load.executor) {
    case Executor::constant_arrival_rate:
      return fmt::format("{:g} requests a second for {}", load.rate,
                         format_duration(load.duration));
    case Executor::constant_vus:
      return fmt::format("{} user{} for {}", load.vus, load.vus == 1 ? "" : "s",
                         format_duration(load.duration));
    case Executor::ramping_arrival_rate:
    case Executor::ramping_vus:
      break;
  }
  const bool are_users = load.executor == Executor::ramping_vus;
  std::string out = fmt::format("{:g}", are_users ? static_cast<double>(load.vus) : load.rate);
  for (const LoadStage& stage : load.stages)
    out += fmt::format(" -> {:g} in {}", stage.target, format_duration(stage.duration));
  return out + (are_users ? " users" : " requests a second");
}

void add_latencies(std::string& out, const EndpointLoadResult& result) {
  const LoadTimes& all = result.times.all;
  if (all.requests == 0) return;
  out += "\nlatency, from the time at which a request was meant to leave\n";
  const auto line = [&](const char* name, double ms, size_t behind) {
    out += fmt::format("  {:<5} {:>10}   {} request{} at or above it\n", name, ms_text(ms), behind,
                       behind == 1 ? "" : "s");
  };
  line("p50", all.p50_ms, requests_from_percentile(all.requests, 0.5));
  line("p90", all.p90_ms, requests_from_percentile(all.requests, 0.9));
  line("p95", all.p95_ms, requests_from_percentile(all.requests, 0.95));
  line("p99", all.p99_ms, requests_from_percentile(all.requests, 0.99));
  out += fmt::format("  {:<5} {:>10}\n\n", "max", ms_text(all.max_ms));
  size_t most = 1;
  const std::vector<Bar> bars = histogram(result.latencies_ms);
  for (const Bar& bar : bars) most = std::max(most, bar.requests);
  for (const Bar& bar : bars) {
    std::string blocks;
    for (size_t i = 0; i < (bar.requests * 40 + most - 1) / most; ++i) blocks += "█";
    out += fmt::format("  <= {:>8}  {:>7}{}{}\n", ms_text(bar.upper_ms), bar.requests,
                       blocks.empty() ? "" : "  ", blocks);
  }
}

void add_answers(std::string& out, const EndpointLoad& endpoint, const LoadAnswers& answers) {
  const uint64_t arrived = answers.complete + answers.partial;
  if (arrived > 0) {
    const auto mean = [arrived](uint64_t sum) {
      return static_cast<double>(sum) / static_cast<double>(arrived);
    };
    out += fmt::format("\nanswers: {:.1f} series and {:.1f} samples each", mean(answers.series),
                       mean(answers.samples));
    if (endpoint.reads) out += fmt::format(", {:.1f} KiB", mean(answers.bytes) / 1024);
    out += answers.partial > 0
               ? fmt::format("; {} of {} say that they are partial\n", answers.partial, arrived)
               : std::string("; none says that it is partial\n");
  }
  if (answers.failures.empty()) return;
  out += "\nfailures\n";
  std::vector<std::pair<uint64_t, std::string>> sorted;
  for (const auto& [text, count] : answers.failures) sorted.emplace_back(count, text);
  std::ranges::sort(sorted, std::greater<>());
  for (const auto& [count, text] : sorted) out += fmt::format("  {:>7} x {}\n", count, text);
}

const char* word_of(Verdict verdict) {
  if (verdict == Verdict::pass) return "PASS";
  return verdict == Verdict::inconclusive ? "INCONCLUSIVE" : "FAIL";
}

}  // namespace

std::string load_text(const EndpointLoad& endpoint, const EndpointLoadResult& result) {
  const LoadTimes& all = result.times.all;
  std::string out =
      fmt::format("{}  {}, {}\n", endpoint.call.url.shown(),
                  endpoint.reads ? "remote reads" : "PromQL", load_shape(endpoint.load));
  for (const LoadQuery& query : endpoint.load.queries) out += fmt::format("  {}\n", query.expr);
  const double rate = result.length_s > 0 ? static_cast<double>(all.requests) / result.length_s : 0;
  out += fmt::format("\n{} requests in {:.1f} s ({:.1f} a second), {} failed\n", all.requests,
                     result.length_s, rate, all.failed);
  if (result.times.late > 0) {
    out += fmt::format("{} left more than 50 ms late: this machine could not keep the rate\n",
                       result.times.late);
  }
  if (result.is_interrupted) out += "interrupted: requests that were under way are not counted\n";
  add_latencies(out, result);
  add_answers(out, endpoint, result.answers);
  if (!result.thresholds.empty()) out += "\nthresholds\n";
  for (const CheckResult& one : result.thresholds)
    out += fmt::format("  {}  {}: {}\n", word_of(one.verdict), one.want, one.got);
  return out;
}

std::string load_json(const EndpointLoad& endpoint, const EndpointLoadResult& result) {
  const LoadTimes& all = result.times.all;
  json::array queries;
  for (const LoadQuery& query : endpoint.load.queries) queries.emplace_back(query.expr);
  json::array bars;
  for (const Bar& bar : histogram(result.latencies_ms))
    bars.push_back({{"at_most_ms", bar.upper_ms}, {"requests", bar.requests}});
  json::object failures;
  for (const auto& [text, count] : result.answers.failures) failures[text] = count;
  json::array thresholds;
  for (const CheckResult& one : result.thresholds) {
    thresholds.push_back(
        {{"threshold", one.want}, {"verdict", to_string(one.verdict)}, {"got", one.got}});
  }
  const json::object object{{"url", endpoint.call.url.shown()},
                            {"kind", endpoint.reads ? "read" : "promql"},
                            {"executor", result.times.executor},
                            {"queries", std::move(queries)},
                            {"length_s", result.length_s},
                            {"interrupted", result.is_interrupted},
                            {"requests", all.requests},
                            {"failed", all.failed},
                            {"late", result.times.late},
                            {"latency_ms",
                             {{"p50", all.p50_ms},
                              {"p90", all.p90_ms},
                              {"p95", all.p95_ms},
                              {"p99", all.p99_ms},
                              {"max", all.max_ms}}},
                            {"histogram", std::move(bars)},
                            {"answers",
                             {{"complete", result.answers.complete},
                              {"partial", result.answers.partial},
                              {"series", result.answers.series},
                              {"samples", result.answers.samples},
                              {"bytes", result.answers.bytes}}},
                            {"failures", std::move(failures)},
                            {"thresholds", std::move(thresholds)}};
  return printable_json(json::serialize(object)) + "\n";
}

}  // namespace mread::scenarios
