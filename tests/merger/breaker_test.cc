#include "merger/breaker.h"

#include <gtest/gtest.h>

#include "merger/fan_out_driver.h"

namespace mread::merger {
namespace {

using namespace std::chrono_literals;
using Permit = Breaker::Permit;
using State = Breaker::State;

constexpr TimePoint start{};

HealthSettings settings(size_t open_after = 3) { return {5s, open_after, "/-/ready", 10s}; }

void fail_times(Breaker& breaker, int times, TimePoint now = start) {
  for (int i = 0; i < times; ++i) breaker.record(breaker.admit(), Vital::failed, now);
}

TEST(Breaker, OpensAfterFailuresInARow) {
  Breaker breaker(settings());
  fail_times(breaker, 2);
  breaker.record(breaker.admit(), Vital::answered, start);
  fail_times(breaker, 2);
  EXPECT_EQ(breaker.state(), State::closed);
  breaker.record(breaker.admit(), Vital::unknown, start);
  fail_times(breaker, 1);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.admit(), Permit::no);
}

TEST(Breaker, IsProbedWhileItIsOpenOnly) {
  Breaker breaker(settings(1));
  EXPECT_FALSE(breaker.next_probe());
  fail_times(breaker, 1, start + 1s);
  EXPECT_EQ(breaker.next_probe(), start + 6s);
  breaker.probe_begun(start + 6s);
  breaker.probe_ended(false);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.next_probe(), start + 11s);
  breaker.probe_begun(start + 11s);
  breaker.probe_ended(true);
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_FALSE(breaker.next_probe());
}

Breaker half_open() {
  Breaker breaker(settings());
  fail_times(breaker, 3);
  breaker.probe_ended(true);
  return breaker;
}

TEST(Breaker, OneReadDecidesAfterAProbe) {
  Breaker breaker = half_open();
  EXPECT_EQ(breaker.admit(), Permit::trial);
  EXPECT_EQ(breaker.admit(), Permit::no);
  breaker.record(Permit::trial, Vital::answered, start);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_EQ(breaker.admit(), Permit::yes);
}

TEST(Breaker, AFailedTrialOpensItAgainAtOnce) {
  Breaker breaker = half_open();
  breaker.record(breaker.admit(), Vital::failed, start + 1min);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.next_probe(), start + 1min + 5s);
}

TEST(Breaker, ATrialThatShowsNothingIsLeftToTheNextRead) {
  Breaker breaker = half_open();
  breaker.record(breaker.admit(), Vital::unknown, start);
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_EQ(breaker.admit(), Permit::trial);
}

TEST(Breaker, ReadsThatAskedBeforeItOpened) {
  Breaker breaker(settings(1));
  const Permit slow = breaker.admit();
  const Permit slower = breaker.admit();
  fail_times(breaker, 1);
  breaker.record(slow, Vital::failed, start + 1s);
  EXPECT_EQ(breaker.next_probe(), start + 5s) << "no news";
  breaker.probe_ended(true);
  const Permit trial = breaker.admit();
  breaker.record(slower, Vital::failed, start + 2s);
  EXPECT_EQ(breaker.state(), State::half_open) << "the trial decides";
  breaker.record(slow, Vital::answered, start + 3s);
  EXPECT_EQ(breaker.state(), State::closed);
  breaker.record(trial, Vital::failed, start + 3s);
  EXPECT_EQ(breaker.state(), State::open) << "open_after is 1";
}

TEST(Breaker, NewSettingsKeepWhatIsKnown) {
  Breaker breaker = half_open();
  EXPECT_EQ(breaker.admit(), Permit::trial);
  Breaker next = breaker.with(settings(1));
  EXPECT_EQ(next.admit(), Permit::trial) << "the trial under way belongs to the old configuration";
  next.record(Permit::trial, Vital::answered, start);
  fail_times(next, 1);
  EXPECT_EQ(next.state(), State::open);
}

BackendOutcome failed(Error error, int status = 0) {
  BackendOutcome outcome;
  outcome.state = BackendOutcome::State::failed;
  outcome.error = std::move(error);
  outcome.http_status = status;
  return outcome;
}

TEST(Vital, OnlyWhatTheInfrastructureDoesIsAFailure) {
  using boost::system::errc::connection_refused;
  using boost::system::errc::connection_reset;
  EXPECT_EQ(vital(failed(Error(Errc::deadline, "deadline 8s")), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(make_error_code(connection_refused), "a")), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(make_error_code(connection_reset), "a")), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(Errc::truncated, "a")), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(Errc::http_status, "HTTP 503"), 503), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(Errc::http_status, "HTTP 400"), 400), 10s), Vital::answered);
  EXPECT_EQ(vital(failed(Error(Errc::malformed, "a"), 200), 10s), Vital::answered);
  EXPECT_EQ(vital(failed(Error(Errc::limit, "a"), 200), 10s), Vital::answered);
  BackendOutcome outcome;
  for (const auto state : {BackendOutcome::State::not_asked, BackendOutcome::State::waiting,
                           BackendOutcome::State::dropped, BackendOutcome::State::unavailable}) {
    outcome.state = state;
    EXPECT_EQ(vital(outcome, 10s), Vital::unknown);
  }
  outcome.total = 10s;
  for (const auto state : {BackendOutcome::State::waiting, BackendOutcome::State::dropped}) {
    outcome.state = state;
    outcome.http_status = 0;
    EXPECT_EQ(vital(outcome, 10s), Vital::failed);
    EXPECT_EQ(vital(outcome, 11s), Vital::unknown);
    outcome.http_status = 200;
    EXPECT_EQ(vital(outcome, 10s), Vital::unknown);
  }
  outcome.state = BackendOutcome::State::complete;
  EXPECT_EQ(vital(outcome, 10s), Vital::answered);
}

struct PolicyCase {
  const char* name;
  std::string settings;
  int status;
  std::string partial;  // or the line of an error
};

class UnavailableBackend : public ::testing::TestWithParam<PolicyCase> {};

TEST_P(UnavailableBackend, IsNotAskedAndCountsAsFailed) {
  const Config config = testing::config_of(2, GetParam().settings);
  testing::FanOutDriver driver(config, {testing::Script::streamed(""), testing::Script::hanging()});
  driver.options.unavailable = {"", "open circuit"};
  const auto answer = driver.run(testing::request({"up"}, 0, 10'000, true));
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(answer.status == 200 ? answer.partial : answer.body, GetParam().partial);
  EXPECT_EQ(answer.took, 0s);
  EXPECT_EQ(answer.asks, 1u);
  EXPECT_EQ(answer.outcome.backends[1].state, BackendOutcome::State::unavailable);
}

INSTANTIATE_TEST_SUITE_P(Policies, UnavailableBackend,
                         ::testing::Values(PolicyCase{"Any", "partial: any\n", 200, "b: open circuit"},
                                           PolicyCase{"GroupOfItsOwn", "", 503, "b: open circuit\n"},
                                           PolicyCase{"GroupWithAnother", "groups: [{name: g, members: [a, b]}]\n", 200,
                                                      "b: open circuit"},
                                           PolicyCase{"All", "partial: all\ngroups: [{name: g, members: [a, b]}]\n",
                                                      503, "b: open circuit\n"}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::merger
