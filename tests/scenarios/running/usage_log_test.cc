#include "scenarios/running/usage_log.h"

#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using std::chrono::milliseconds;

NodeUsage used(int cpu_ms, uint64_t mib) { return {milliseconds(cpu_ms), mib << 20}; }

TEST(UsageLog, HasTheShareOfACoreBetweenLooks) {
  UsageLog log;
  log.add_look(1, {{"a", used(100, 10)}, {"b", used(0, 1)}});
  log.add_look(3, {{"a", used(1100, 12)}, {"b", used(4000, 1)}});
  const auto a = log.samples_of("a");
  ASSERT_EQ(a.size(), 1U);
  EXPECT_EQ(a[0].at_s, 3);
  EXPECT_DOUBLE_EQ(a[0].cpu_percent, 50);
  EXPECT_EQ(a[0].memory_mib, 12);
  EXPECT_DOUBLE_EQ(log.samples_of("b").at(0).cpu_percent, 200);
  EXPECT_TRUE(log.samples_of("nobody").empty());
}

TEST(UsageLog, ANodeThatStartsAgainCountsFromItsStart) {
  UsageLog log;
  log.add_look(1, {{"a", used(900, 10)}});
  log.add_look(2, {{"a", used(1000, 10)}});
  log.add_look(3, {});
  log.add_look(4, {{"a", used(50, 10)}});
  log.add_look(5, {{"a", used(250, 10)}});
  const auto samples = log.samples_of("a");
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_DOUBLE_EQ(samples[0].cpu_percent, 10);
  EXPECT_EQ(samples[1].at_s, 5);
  EXPECT_DOUBLE_EQ(samples[1].cpu_percent, 20);
}

TEST(UsageLog, ALongTestKeepsEvenlySpreadLooks) {
  UsageLog log;
  double at_s = 0;
  for (int i = 0; i < 200; ++i, at_s += static_cast<double>(log.spread()))
    log.add_look(at_s, {{"a", used(static_cast<int>(at_s * 500), 1)}});
  const auto samples = log.samples_of("a");
  EXPECT_LE(samples.size(), UsageLog::most_looks);
  EXPECT_GE(samples.size(), UsageLog::most_looks / 2 - 1);
  for (size_t i = 1; i < samples.size(); ++i)
    EXPECT_DOUBLE_EQ(samples[i].at_s - samples[i - 1].at_s, samples[1].at_s - samples[0].at_s);
  for (const UsageSample& sample : samples) EXPECT_DOUBLE_EQ(sample.cpu_percent, 50);
}

}  // namespace
}  // namespace mread::scenarios
