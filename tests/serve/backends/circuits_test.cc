#include "serve/backends/circuits.h"

#include <gtest/gtest.h>

namespace mread::serve {
namespace {

using merger::Breaker;
using namespace std::chrono_literals;
using State = Breaker::State;

constexpr TimePoint start{};

config::Config config_of(const std::string& health, const std::string& url_of_b = "http://b") {
  return config::Config::parse(
      "remote_read:\n"
      "  - {name: a, url: 'http://a/api/v1/read', remote_timeout: 8s}\n"
      "  - {name: b, url: '" +
          url_of_b + "/api/v1/read', remote_timeout: 1m}\n" + health,
      "mread.yml");
}

const std::string probes = "health: {probe: 5s, open_after: 2, hung_after: 10s}\n";

// Backend a has answered, b has failed.
merger::Outcome failure_of_b() {
  merger::Outcome outcome;
  outcome.backends.resize(2);
  outcome.backends[0].state = merger::BackendOutcome::State::complete;
  outcome.backends[1].backend = 1;
  outcome.backends[1].state = merger::BackendOutcome::State::failed;
  outcome.backends[1].error = Error(Errc::unavailable, "refused");
  return outcome;
}

// One read that ends so.
std::vector<Circuits::Change> read(Circuits& circuits, const merger::Outcome& outcome,
                                   TimePoint now) {
  Circuits::Admission admission(circuits, now);
  return admission.settle(outcome, now);
}

// b's circuit opens: a failed read, and a probe that nobody answers.
void open_b(Circuits& circuits) {
  read(circuits, failure_of_b(), start);
  circuits.probe_begun(1, start);
  circuits.probe_ended(1, false, start);
  ASSERT_EQ(circuits.state(1), State::open);
}

TEST(Circuits, WithoutHealthThereAreNoneAndAllIsAdmitted) {
  Circuits circuits(config_of(""));
  EXPECT_FALSE(circuits.enabled());
  merger::FanOutOptions options;
  const Circuits::Admission admission(circuits, start);
  admission.prepare(options);
  EXPECT_TRUE(options.unavailable.empty());
  EXPECT_FALSE(circuits.take_probing(0));
  EXPECT_FALSE(circuits.late(0, start));
}

TEST(Circuits, AFailedReadMakesThatBackendAloneSuspectOnce) {
  Circuits circuits(config_of(probes));
  const auto changes = read(circuits, failure_of_b(), start);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].backend, 1u);
  EXPECT_EQ(changes[0].state, State::suspect);
  EXPECT_EQ(circuits.state(0), State::closed);
  merger::FanOutOptions options;
  const Circuits::Admission next(circuits, start);
  next.prepare(options);
  EXPECT_EQ(options.unavailable, (std::vector<std::string>{"", ""})) << "a suspect is asked";
}

TEST(Circuits, AnOpenOneIsNotAskedAndThenOneReadTriesIt) {
  Circuits circuits(config_of(probes));
  open_b(circuits);
  {
    merger::FanOutOptions options;
    const Circuits::Admission admission(circuits, start);
    admission.prepare(options);
    EXPECT_EQ(options.unavailable, (std::vector<std::string>{"", "open circuit"}));
  }
  circuits.probe_begun(1, start + 5s);
  EXPECT_EQ(circuits.probe_ended(1, true, start + 5s), State::half_open);
  const Circuits::Admission trial(circuits, start + 6s);
  const Circuits::Admission other(circuits, start + 6s);
  merger::FanOutOptions of_trial;
  merger::FanOutOptions of_other;
  trial.prepare(of_trial);
  other.prepare(of_other);
  EXPECT_EQ(of_trial.on_trial, (std::vector<bool>{false, true}));
  EXPECT_EQ(of_other.on_trial, (std::vector<bool>{false, false}));
  EXPECT_EQ(of_other.unavailable[1], "open circuit");
}

TEST(Circuits, ATrialThatGoesWithoutAResultLeavesItToTheNextRead) {
  Circuits circuits(config_of(probes));
  open_b(circuits);
  circuits.probe_begun(1, start + 5s);
  circuits.probe_ended(1, true, start + 5s);
  { const Circuits::Admission given_up(circuits, start + 6s); }
  merger::FanOutOptions options;
  const Circuits::Admission next(circuits, start + 7s);
  next.prepare(options);
  EXPECT_EQ(options.on_trial, (std::vector<bool>{false, true}));
}

TEST(Circuits, OneTaskProbesABackendUntilNoMoreProbesAreWanted) {
  Circuits circuits(config_of(probes));
  EXPECT_FALSE(circuits.take_probing(1)) << "nothing is wrong";
  read(circuits, failure_of_b(), start);
  EXPECT_TRUE(circuits.take_probing(1));
  EXPECT_FALSE(circuits.take_probing(1)) << "somebody does already";
  EXPECT_TRUE(circuits.due(1));
  circuits.probe_begun(1, start);
  EXPECT_EQ(circuits.probe_ended(1, true, start), State::closed);
  EXPECT_FALSE(circuits.due(1));
  read(circuits, failure_of_b(), start + 1s);
  EXPECT_TRUE(circuits.take_probing(1)) << "it was given back";
}

TEST(Circuits, ThoseOfAnOldConfigurationAreNotProbedAnyMore) {
  Circuits circuits(config_of(probes));
  read(circuits, failure_of_b(), start);
  ASSERT_TRUE(circuits.take_probing(1));
  circuits.retire();
  EXPECT_FALSE(circuits.due(1));
  EXPECT_FALSE(circuits.take_probing(1));
}

TEST(Circuits, AnotherConfigurationKnowsWhatWasKnownOfTheSameBackends) {
  Circuits circuits(config_of(probes));
  open_b(circuits);
  EXPECT_EQ(Circuits(config_of(probes), &circuits).state(1), State::open);
  EXPECT_EQ(Circuits(config_of(probes, "http://moved"), &circuits).state(1), State::closed);
  EXPECT_FALSE(Circuits(config_of(""), &circuits).enabled());
}

TEST(Circuits, AReadThatWaitsTooLongMakesABackendSuspect) {
  Circuits circuits(config_of(probes));
  EXPECT_TRUE(circuits.late(0, start));
  EXPECT_EQ(circuits.state(0), State::suspect);
  EXPECT_FALSE(circuits.late(0, start)) << "it is already";
  const config::Config config = config_of(probes);
  EXPECT_EQ(circuits.late_after(config.backends[0]), 4s) << "half of its timeout";
  EXPECT_EQ(circuits.late_after(config.backends[1]), 5s) << "half of hung_after";
}

}  // namespace
}  // namespace mread::serve
