#include "scenarios/running/load_generator.h"

#include <map>
#include <mutex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

using namespace fakes;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

Load load_of(const std::string& expr, double rate, milliseconds warmup, milliseconds duration) {
  Load load;
  load.node = "query";
  load.queries = {{expr, std::nullopt, 0ms}};
  load.eval_time = 0ms;
  load.rate = rate;
  load.warmup = warmup;
  load.duration = duration;
  return load;
}

QueryAnswer failed_answer() {
  QueryAnswer answer;
  answer.error = "connection refused";
  return answer;
}

TEST(LoadGeneratorTest, SendsAtTheIntendedTimesAndLeavesTheWarmUpOut) {
  Events events;
  FakeClock clock;
  FakeAsker asker(events);
  asker.on_instant = [](auto&, auto&, auto) { return vector_of("foo", 1); };
  const Load load = load_of("foo", 10, 1s, 2s);
  LoadGenerator generator(load, 0, asker, clock);
  const auto begin = clock.now();
  generator.start();
  EXPECT_EQ(generator.end(), begin + 3s);
  const std::vector<LoadSample> samples = generator.finish();
  ASSERT_EQ(samples.size(), 20u);
  EXPECT_EQ(samples.front().intended, begin + 1s);
  EXPECT_EQ(samples.back().intended, begin + 2900ms);
  EXPECT_EQ(events.list().size(), 30u);
}

TEST(LoadGeneratorTest, NoTwoRequestsAreTheSame) {
  // Otherwise read sharing or a cache answers several requests with one result.
  for (const bool has_time : {true, false}) {
    Events events;
    FakeClock clock;
    FakeAsker asker(events);
    std::mutex mutex;
    std::set<std::pair<std::string, int64_t>> asked;
    asker.on_instant = [&](auto&, const std::string& expr, int64_t time_ms) {
      const std::lock_guard lock(mutex);
      EXPECT_TRUE(asked.emplace(expr, time_ms).second) << expr << " at " << time_ms;
      return vector_of("foo", 1);
    };
    Load load = load_of("foo", 100, 0s, 2s);
    load.queries.push_back({"bar", std::nullopt, 0ms});
    load.queries.push_back({"rate(foo[5m])", 1h, 15s});
    if (!has_time) load.eval_time.reset();
    LoadGenerator generator(load, 1'000'000, asker, clock);
    generator.start();
    EXPECT_EQ(generator.finish().size(), 200u);
    EXPECT_EQ(asked.size(), 200u);
    std::map<std::string, int> counts;
    for (const auto& [expr, time_ms] : asked) {
      ++counts[expr];
      if (has_time && expr != "rate(foo[5m])") {
        EXPECT_GE(time_ms, 1'000'000);
        EXPECT_LT(time_ms, 1'001'000);
      }
    }
    EXPECT_EQ(counts["foo"], 67);
    EXPECT_EQ(counts["rate(foo[5m])"], 66);
  }
}

TEST(LoadGeneratorTest, ADashboardIsAsSlowAsItsSlowestPanelAndFailsWithAnyOfThem) {
  Events events;
  FakeClock clock;
  FakeAsker asker(events);
  asker.on_instant = [](auto&, const std::string& expr, auto) {
    return expr == "bad" ? failed_answer() : vector_of("foo", 1);
  };
  Load load = load_of("foo", 10, 0s, 1s);
  load.queries.push_back({"bad", std::nullopt, 0ms});
  load.is_dashboard = true;
  LoadGenerator generator(load, 0, asker, clock);
  generator.start();
  const std::vector<LoadSample> samples = generator.finish();
  ASSERT_EQ(samples.size(), 10u);
  for (const LoadSample& sample : samples) EXPECT_TRUE(sample.failed);
  EXPECT_EQ(events.list().size(), 20u);
}

TEST(LoadGeneratorTest, AUserAsksAgainOnceItIsAnswered) {
  Events events;
  FakeClock clock;
  FakeAsker asker(events);
  asker.on_instant = [&](auto&, auto&, auto) {
    clock.pass(100ms);
    return vector_of("foo", 1);
  };
  Load load = load_of("foo", 0, 0s, 2s);
  load.executor = Load::Executor::constant_vus;
  load.vus = 1;
  LoadGenerator generator(load, 0, asker, clock);
  generator.start();
  const std::vector<LoadSample> samples = generator.finish();
  EXPECT_EQ(samples.size(), 20u);
  EXPECT_DOUBLE_EQ(samples.front().latency.count(), 0.1);
}

TEST(LoadGeneratorTest, AUserThatSeesErrorsPauses) {
  Events events;
  FakeClock clock;
  FakeAsker asker(events);
  asker.on_instant = [](auto&, auto&, auto) { return failed_answer(); };
  Load load = load_of("foo", 0, 0s, 2s);
  load.executor = Load::Executor::constant_vus;
  load.vus = 1;
  LoadGenerator generator(load, 0, asker, clock);
  generator.start();
  EXPECT_EQ(generator.finish().size(), 20u);
}

std::vector<LoadSample> requests(TimePoint begin, size_t count, double latency, double late = 0,
                                 bool failed = false) {
  std::vector<LoadSample> samples;
  for (size_t i = 0; i < count; ++i) {
    LoadSample sample;
    sample.intended = begin + std::chrono::milliseconds(i * 10);
    sample.latency = std::chrono::duration<double>(latency);
    sample.late = std::chrono::duration<double>(late);
    sample.failed = failed;
    samples.push_back(sample);
  }
  return samples;
}

Threshold threshold(const std::string& aggregate, double quantile, bool of_baseline, double limit) {
  Threshold out;
  out.metric = "query_duration";
  out.text = "t";
  out.aggregate = aggregate;
  out.quantile = quantile;
  out.symbol = "<";
  out.of_baseline = of_baseline;
  out.limit = limit;
  return out;
}

Verdict judged(const Threshold& threshold, std::vector<LoadSample> baseline,
               std::vector<LoadSample> in_fault) {
  scenarios::Test test;
  test.load = load_of("foo", 10, 0s, 20s);
  test.thresholds = {threshold};
  const TimePoint start{};
  std::vector<LoadSample> all = std::move(baseline);
  for (LoadSample& sample : in_fault) {
    sample.intended += 100s;
    all.push_back(sample);
  }
  return judge_load(test, all, {{start + 100s, start + 200s}}).at(0).verdict;
}

TEST(JudgeLoad, AgainstTheBaseline) {
  EXPECT_EQ(judged(threshold("p", 0.99, true, 1.5), requests({}, 30, 0.1), requests({}, 30, 0.14)),
            Verdict::pass);
  EXPECT_EQ(judged(threshold("p", 0.99, true, 1.5), requests({}, 30, 0.1), requests({}, 30, 0.16)),
            Verdict::fail);
}

TEST(JudgeLoad, AgainstAFixedLimit) {
  EXPECT_EQ(judged(threshold("max", 0, false, 0.2), requests({}, 0, 0), requests({}, 30, 0.1)),
            Verdict::pass);
  EXPECT_EQ(judged(threshold("max", 0, false, 0.05), requests({}, 0, 0), requests({}, 30, 0.1)),
            Verdict::fail);
}

TEST(JudgeLoad, TooFewRequestsProveNothing) {
  EXPECT_EQ(judged(threshold("max", 0, false, 0.2), {}, requests({}, 19, 0.1)),
            Verdict::inconclusive);
  EXPECT_EQ(judged(threshold("max", 0, true, 2), requests({}, 19, 0.1), requests({}, 30, 0.1)),
            Verdict::inconclusive);
}

TEST(JudgeLoad, ASaturatedGeneratorProvesNothing) {
  EXPECT_EQ(judged(threshold("max", 0, false, 0.2), {}, requests({}, 30, 0.1, 0.2)),
            Verdict::inconclusive);
}

TEST(SummarizeLoad, CountsAndPercentilesOfEachSide) {
  scenarios::Test test;
  test.load = load_of("foo", 10, 0s, 20s);
  const TimePoint start{};
  std::vector<LoadSample> all;
  for (int i = 1; i <= 100; ++i) {
    LoadSample sample;
    sample.intended = start + std::chrono::seconds(i);
    sample.latency = std::chrono::duration<double>(i / 1000.0);
    sample.failed = i > 98;
    all.push_back(sample);
  }
  LoadResult result = summarize_load(test, all, {});
  EXPECT_EQ(result.executor, "constant-arrival-rate");
  EXPECT_FALSE(result.is_judged);
  EXPECT_EQ(result.all.requests, 100u);
  EXPECT_EQ(result.all.failed, 2u);
  EXPECT_DOUBLE_EQ(result.all.p50_ms, 50);
  EXPECT_DOUBLE_EQ(result.all.p90_ms, 90);
  EXPECT_DOUBLE_EQ(result.all.p95_ms, 95);
  EXPECT_DOUBLE_EQ(result.all.p99_ms, 99);
  EXPECT_DOUBLE_EQ(result.all.max_ms, 100);
  EXPECT_FALSE(result.fault);
  result = summarize_load(test, all, {{start + 91s, start + 200s}});
  EXPECT_EQ(result.fault->requests, 10u);
  EXPECT_EQ(result.fault->failed, 2u);
  EXPECT_EQ(result.baseline->requests, 90u);
  EXPECT_DOUBLE_EQ(result.baseline->max_ms, 90);
  EXPECT_EQ(requests_from_percentile(100, 0.99), 2u);
  EXPECT_EQ(requests_from_percentile(10, 0.99), 1u);
  EXPECT_EQ(requests_from_percentile(0, 0.99), 0u);
}

TEST(JudgeLoad, FailedRequests) {
  Threshold rate = threshold("rate", 0, false, 0.01);
  rate.metric = "query_failed";
  EXPECT_EQ(judged(rate, {}, requests({}, 30, 0.1)), Verdict::pass);
  EXPECT_EQ(judged(rate, {}, requests({}, 30, 0.1, 0, true)), Verdict::fail);
  EXPECT_EQ(judged(rate, {}, requests({}, 30, 0.1, 0.2)), Verdict::pass) << "late, but answered";
}

}  // namespace
}  // namespace mread::scenarios
