// Groups with `hedge_after`, from config to metrics.

#include <gmock/gmock.h>

#include "serve/backends/hedging.h"
#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string group(const std::string& after, const std::string& more = "") {
  return "groups: [{name: g, members: [a, b], wait: need, hedge_after: " + after + "}]\n" + more;
}

class HedgeTest : public ServeTest {
 protected:
  std::string hedges(const std::string& result) {
    return metric("mread_hedges_total{group=\"g\",result=\"" + result + "\"}");
  }
};

TEST_F(HedgeTest, ASlowMemberIsHedgedWithinTheBudget) {
  const auto gone = std::make_shared<std::atomic<int>>(0);
  ScriptedBackend hung(loop_, hanging(gone));
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  serve({hung.url(), healthy.url()}, group("10ms"));
  // The first hedge is free; the second read gets none and waits for the deadline, and then for b.
  const auto first = read();
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_EQ(first->body, healthy_body);
  EXPECT_EQ(first->head.headers.get("X-Mread-Partial"), "");
  const auto second = read();
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(second->body, healthy_body);
  EXPECT_EQ(second->head.headers.get("X-Mread-Partial"), "a: deadline 200ms");
  EXPECT_EQ(hedges("won"), "1");
  EXPECT_EQ(hedges("lost"), "0");
  EXPECT_EQ(hedges("refused"), "1");
  // a failed when it was asked last, so b is asked first from now on, and alone.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(read()->body, healthy_body);
  EXPECT_EQ(hung.requests(), 2);
  EXPECT_EQ(healthy.requests(), 7);
  EXPECT_THAT(get(request("/"))->body, HasSubstr("hedged after 10ms (1 won, 0 lost, 1 refused)"));
  wait_until([&] { return *gone == 2; });
}

TEST_F(HedgeTest, ABackendThatHangsOpensItsCircuitThoughNobodyWaitsForIt) {
  ScriptedBackend hung(loop_, hanging());
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  serve({hung.url(), healthy.url()},
        group("20ms", "health: {probe: 1h, open_after: 1, hung_after: 20ms}\n"), "1h");
  EXPECT_EQ(read()->body, healthy_body);
  wait_until([&] {
    return metric("mread_backend_circuit{backend=\"a\",group=\"g\",state=\"open\"}") == "1";
  });
  const auto second = read();
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(second->body, healthy_body);
  EXPECT_EQ(second->head.headers.get("X-Mread-Partial"), "a: open circuit");
  EXPECT_EQ(metric("mread_backend_requests_total{backend=\"a\",group=\"g\"}"), "1");
}

config::Config config_of(const std::string& names, const std::string& after = "p95") {
  std::string text = "remote_read:\n";
  std::string members;
  for (const char name : names) {
    text += std::string("  - {name: ") + name + ", url: 'http://" + name + ":1/'}\n";
    members += std::string(members.empty() ? "" : ", ") + name;
  }
  return config::Config::parse(text + "groups: [{name: g, members: [" + members +
                                   "], wait: need, hedge_after: " + after + "}]\n",
                               "mread.yml");
}

merger::Outcome answered(size_t backends, size_t backend, std::chrono::nanoseconds latency) {
  merger::Outcome outcome;
  outcome.backends.resize(backends);
  for (size_t i = 0; i < backends; ++i) outcome.backends[i].backend = i;
  outcome.backends[backend].state = merger::BackendOutcome::State::complete;
  outcome.backends[backend].latency = latency;
  return outcome;
}

TEST(Hedging, AReloadKeepsLatenciesAndTheBudget) {
  const auto old_config = config_of("ab");
  Hedging old(old_config);
  merger::FanOutOptions options;
  old.prepare(options);
  EXPECT_EQ(options.latencies, std::vector<std::optional<std::chrono::nanoseconds>>(2));
  EXPECT_TRUE(options.may_hedge(0));
  EXPECT_FALSE(options.may_hedge(0));
  for (int i = 1; i <= 20; ++i) old.learn(answered(2, 1, std::chrono::milliseconds(i)));

  const auto config = config_of("cb");
  Hedging next(config);
  next.take_over(old, {std::nullopt, 1});
  merger::FanOutOptions later;
  next.prepare(later);
  EXPECT_EQ(later.latencies,
            (std::vector<std::optional<std::chrono::nanoseconds>>{std::nullopt, 19ms}));
  // Twenty reads have paid for two.
  EXPECT_TRUE(later.may_hedge(0));
  EXPECT_TRUE(later.may_hedge(0));
  EXPECT_FALSE(later.may_hedge(0));
}

TEST(Hedging, CostsNothingWhereNobodyHedges) {
  const auto config = config::Config::parse("remote_read: [{url: 'http://a:1/'}]\n", "mread.yml");
  Hedging hedging(config);
  merger::FanOutOptions options;
  hedging.prepare(options);
  hedging.learn(answered(1, 0, 1ms));
  EXPECT_TRUE(options.latencies.empty());
  EXPECT_FALSE(options.may_hedge);
}

}  // namespace
}  // namespace mread::serve
