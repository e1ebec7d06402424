#include "scenarios/running/usage_sampler.h"

#include <future>

#include <gtest/gtest.h>

#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

// Each look takes 10 ms of the fake clock and finds 5 ms of CPU more.
class BusyTopology final : public fakes::FakeTopology {
 public:
  BusyTopology(fakes::Events& events, fakes::FakeClock& clock)
      : FakeTopology(events, clock), time_(clock) {}

  std::optional<NodeUsage> usage(const std::string& node) override {
    if (node != "a") return std::nullopt;
    time_.pass(milliseconds(10));
    const std::lock_guard lock(mutex_);
    used_.cpu += milliseconds(5);
    used_.memory_bytes = 3 << 20;
    if (++looks_ == 2) two_looks_.set_value();
    return used_;
  }
  void wait_for_two_looks() { two_looks_.get_future().wait(); }

 private:
  fakes::FakeClock& time_;
  std::mutex mutex_;
  NodeUsage used_;
  int looks_ = 0;
  std::promise<void> two_looks_;
};

TEST(UsageSampler, LooksAtTheNodesThatAreKnown) {
  fakes::Events events;
  fakes::FakeClock clock;
  BusyTopology topology(events, clock);
  UsageSampler sampler(topology, clock, [](TimePoint time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
  });
  sampler.add("a");
  sampler.add("b");
  topology.wait_for_two_looks();
  const UsageLog& log = sampler.stop();
  const auto samples = log.samples_of("a");
  ASSERT_GE(samples.size(), 1U);
  EXPECT_NEAR(samples[0].at_s, 0.01, 1e-6);
  EXPECT_NEAR(samples[0].cpu_percent, 50, 1e-6);
  EXPECT_EQ(samples[0].memory_mib, 3);
  EXPECT_TRUE(log.samples_of("b").empty());
}

TEST(UsageSampler, StopsWithoutANode) {
  fakes::Events events;
  fakes::FakeClock clock;
  fakes::FakeTopology topology(events, clock);
  UsageSampler sampler(topology, clock, [](TimePoint) { return 0.0; });
  EXPECT_TRUE(sampler.stop().samples_of("a").empty());
}

}  // namespace
}  // namespace mread::scenarios
