#include "scenarios/running/load_generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

using namespace fakes;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

TEST(LoadGeneratorTest, SendsAtTheIntendedTimesAndLeavesTheWarmUpOut) {
  Events events;
  FakePace pace;
  FakeAsker asker(events);
  asker.on_instant = [](auto&, auto&, auto) { return vector_of("foo", 1); };
  Load load{"query", "foo", 0ms, 10, 1s, 2s};
  LoadGenerator generator(load, 0, asker, pace);
  const auto begin = pace.now();
  generator.start();
  EXPECT_EQ(generator.end(), begin + 3s);
  const std::vector<LoadSample> samples = generator.finish();
  ASSERT_EQ(samples.size(), 20u);
  EXPECT_EQ(samples.front().intended, begin + 1s);
  EXPECT_EQ(samples.back().intended, begin + 2900ms);
  EXPECT_EQ(events.list().size(), 30u);
}

std::vector<LoadSample> requests(Pace::TimePoint begin, size_t count, double latency, double late = 0,
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

Verdict judged(const Threshold& threshold, std::vector<LoadSample> baseline, std::vector<LoadSample> in_fault) {
  scenarios::Test test;
  test.load = Load{"query", "foo", 0ms, 10, 0s, 20s};
  test.thresholds = {threshold};
  const Pace::TimePoint start{};
  std::vector<LoadSample> all = std::move(baseline);
  for (LoadSample& sample : in_fault) {
    sample.intended += 100s;
    all.push_back(sample);
  }
  return judge_load(test, all, {{start + 100s, start + 200s}}).at(0).verdict;
}

TEST(JudgeLoad, AgainstTheBaseline) {
  EXPECT_EQ(judged(threshold("p", 0.99, true, 1.5), requests({}, 30, 0.1), requests({}, 30, 0.14)), Verdict::pass);
  EXPECT_EQ(judged(threshold("p", 0.99, true, 1.5), requests({}, 30, 0.1), requests({}, 30, 0.16)), Verdict::fail);
}

TEST(JudgeLoad, AgainstAFixedLimit) {
  EXPECT_EQ(judged(threshold("max", 0, false, 0.2), requests({}, 0, 0), requests({}, 30, 0.1)), Verdict::pass);
  EXPECT_EQ(judged(threshold("max", 0, false, 0.05), requests({}, 0, 0), requests({}, 30, 0.1)), Verdict::fail);
}

TEST(JudgeLoad, TooFewRequestsProveNothing) {
  EXPECT_EQ(judged(threshold("max", 0, false, 0.2), {}, requests({}, 19, 0.1)), Verdict::inconclusive);
  EXPECT_EQ(judged(threshold("max", 0, true, 2), requests({}, 19, 0.1), requests({}, 30, 0.1)), Verdict::inconclusive);
}

TEST(JudgeLoad, ASaturatedGeneratorProvesNothing) {
  EXPECT_EQ(judged(threshold("max", 0, false, 0.2), {}, requests({}, 30, 0.1, 0.2)), Verdict::inconclusive);
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
