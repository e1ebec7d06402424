#include "merger/members/breaker.h"

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using namespace std::chrono_literals;
using Permit = Breaker::Permit;
using State = Breaker::State;

constexpr TimePoint start{};

HealthSettings settings(size_t open_after = 3) { return {5s, open_after, "/-/ready", 10s}; }
HealthSettings without_probes(size_t open_after = 3) { return {5s, open_after, "", 10s}; }

void fail_times(Breaker& breaker, int times, TimePoint now = start, ReadIdentity who = {}) {
  for (int i = 0; i < times; ++i) breaker.record(breaker.admit(now), HealthSign::failed, now, who);
}

void probe(Breaker& breaker, bool answered, TimePoint now = start) {
  breaker.probe_begun(now);
  breaker.probe_ended(answered, now);
}

Breaker open(size_t open_after = 3) {
  Breaker breaker(settings(open_after));
  fail_times(breaker, static_cast<int>(open_after));
  probe(breaker, false);
  return breaker;
}

Breaker half_open() {
  Breaker breaker = open();
  probe(breaker, true);
  return breaker;
}

TEST(Breaker, FailedReadsAloneNeverOpenIt) {
  Breaker breaker(settings(1));
  fail_times(breaker, 100);
  EXPECT_EQ(breaker.state(), State::suspect);
  EXPECT_EQ(breaker.admit(start), Permit::yes);
}

TEST(Breaker, ASuspectThatAnswersItsProbeIsCleared) {
  Breaker breaker(settings(1));
  for (int i = 0; i < 10; ++i) {
    fail_times(breaker, 3, start + i * 1s);
    probe(breaker, true, start + i * 1s);
    EXPECT_EQ(breaker.state(), State::closed);
    EXPECT_FALSE(breaker.next_probe());
  }
}

TEST(Breaker, OpensWhereReadsAndProbesFail) {
  Breaker breaker(settings(3));
  fail_times(breaker, 1);
  EXPECT_EQ(breaker.state(), State::suspect);
  EXPECT_EQ(breaker.next_probe(), start) << "at once";
  probe(breaker, false);
  EXPECT_EQ(breaker.state(), State::suspect) << "two of three";
  EXPECT_EQ(breaker.next_probe(), start + 1s) << "again soon";
  fail_times(breaker, 1);
  EXPECT_EQ(breaker.state(), State::open) << "the probe that failed confirms it";
  EXPECT_EQ(breaker.admit(start), Permit::no);
}

TEST(Breaker, OpensByProbesAloneOnceARead) {
  Breaker breaker(settings(3));
  fail_times(breaker, 1);
  probe(breaker, false);
  probe(breaker, false, start + 1s);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.next_probe(), start + 6s);
}

TEST(Breaker, AnAnswerBetweenFailuresClearsThem) {
  Breaker breaker(settings(3));
  fail_times(breaker, 2);
  probe(breaker, false);
  EXPECT_EQ(breaker.state(), State::open);
  breaker = Breaker(settings(3));
  fail_times(breaker, 2);
  breaker.record(breaker.admit(start), HealthSign::answered, start);
  EXPECT_EQ(breaker.state(), State::closed);
  fail_times(breaker, 1);
  breaker.record(breaker.admit(start), HealthSign::unknown, start);
  probe(breaker, false);
  EXPECT_EQ(breaker.state(), State::suspect) << "two in a row";
}

TEST(Breaker, AReadThatWaitsForLongHasItProbed) {
  Breaker breaker(settings(1));
  breaker.late(start);
  EXPECT_EQ(breaker.state(), State::suspect);
  EXPECT_EQ(breaker.next_probe(), start);
  probe(breaker, true);
  EXPECT_EQ(breaker.state(), State::closed) << "slow, and well";
  breaker.late(start + 1s);
  probe(breaker, false, start + 1s);
  EXPECT_EQ(breaker.state(), State::open) << "before the read that waits has failed";
}

TEST(Breaker, ProbesOfASuspectKeepADistance) {
  Breaker breaker(settings(1));
  fail_times(breaker, 1);
  probe(breaker, true, start);
  fail_times(breaker, 1, start + 1ms);
  EXPECT_EQ(breaker.next_probe(), start + 100ms);
}

TEST(Breaker, IsProbedWhileItIsOpen) {
  Breaker breaker = open();
  EXPECT_EQ(breaker.next_probe(), start + 5s);
  probe(breaker, false, start + 6s);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.next_probe(), start + 11s);
  probe(breaker, true, start + 11s);
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_FALSE(breaker.next_probe());
}

TEST(Breaker, OneReadDecidesAfterAProbe) {
  Breaker breaker = half_open();
  EXPECT_EQ(breaker.admit(start), Permit::trial);
  EXPECT_EQ(breaker.admit(start), Permit::no);
  breaker.record(Permit::trial, HealthSign::answered, start);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_EQ(breaker.admit(start), Permit::yes);
}

TEST(Breaker, AFailedTrialIsForOneProbeToConfirm) {
  for (const bool answers : {true, false}) {
    Breaker breaker = half_open();
    breaker.record(breaker.admit(start), HealthSign::failed, start + 1min);
    EXPECT_EQ(breaker.state(), State::suspect);
    EXPECT_EQ(breaker.admit(start), Permit::yes);
    EXPECT_EQ(breaker.next_probe(), start + 1min);
    probe(breaker, answers, start + 1min);
    EXPECT_EQ(breaker.state(), answers ? State::closed : State::open);
  }
}

TEST(Breaker, ATrialThatShowsNothingIsLeftToTheNextRead) {
  Breaker breaker = half_open();
  breaker.record(breaker.admit(start), HealthSign::unknown, start);
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_EQ(breaker.admit(start), Permit::trial);
}

TEST(Breaker, ReadsThatAskedBeforeItOpened) {
  Breaker breaker(settings(1));
  const Permit slow = breaker.admit(start);
  const Permit slower = breaker.admit(start);
  fail_times(breaker, 1);
  probe(breaker, false);
  ASSERT_EQ(breaker.state(), State::open);
  breaker.record(slow, HealthSign::failed, start + 1s);
  EXPECT_EQ(breaker.next_probe(), start + 5s) << "ignored";
  probe(breaker, true, start + 5s);
  const Permit trial = breaker.admit(start + 5s);
  breaker.record(slower, HealthSign::failed, start + 6s);
  EXPECT_EQ(breaker.state(), State::half_open) << "the trial decides";
  breaker.record(slow, HealthSign::answered, start + 7s);
  EXPECT_EQ(breaker.state(), State::closed);
  breaker.record(trial, HealthSign::failed, start + 7s);
  EXPECT_EQ(breaker.state(), State::suspect);
}

TEST(Breaker, NewSettingsKeepWhatIsKnown) {
  Breaker breaker = half_open();
  EXPECT_EQ(breaker.admit(start), Permit::trial);
  Breaker next = breaker.with(settings(1));
  EXPECT_EQ(next.admit(start), Permit::trial)
      << "the trial under way belongs to the old configuration";
  next.record(Permit::trial, HealthSign::answered, start);
  fail_times(next, 1);
  probe(next, false);
  EXPECT_EQ(next.state(), State::open);
}

TEST(Breaker, WithoutProbesOneClientCannotOpenIt) {
  Breaker breaker(without_probes(2));
  EXPECT_FALSE(breaker.next_probe());
  for (uint64_t read = 0; read < 10; ++read) fail_times(breaker, 1, start, {1, read});
  EXPECT_EQ(breaker.state(), State::suspect);
  fail_times(breaker, 1, start, {2, 5});
  EXPECT_EQ(breaker.state(), State::open);
}

TEST(Breaker, WithoutProbesOneReadCannotOpenIt) {
  Breaker breaker(without_probes(2));
  for (uint64_t client = 0; client < 10; ++client) fail_times(breaker, 1, start, {client, 1});
  EXPECT_EQ(breaker.state(), State::suspect);
  breaker.late(start);
  EXPECT_FALSE(breaker.next_probe());
  breaker.record(breaker.admit(start), HealthSign::answered, start);
  fail_times(breaker, 1, start, {1, 2});
  EXPECT_EQ(breaker.state(), State::suspect) << "the answer cleared it";
}

TEST(Breaker, WithoutProbesATrialComesWithTime) {
  Breaker breaker(without_probes(2));
  fail_times(breaker, 1, start, {1, 1});
  fail_times(breaker, 1, start, {2, 2});
  ASSERT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.admit(start + 4s), Permit::no);
  EXPECT_EQ(breaker.admit(start + 5s), Permit::trial);
  EXPECT_EQ(breaker.admit(start + 5s), Permit::no);
  breaker.record(Permit::trial, HealthSign::failed, start + 6s);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.admit(start + 10s), Permit::no);
  EXPECT_EQ(breaker.admit(start + 11s), Permit::trial);
  breaker.record(Permit::trial, HealthSign::answered, start + 11s);
  EXPECT_EQ(breaker.state(), State::closed);
}

}  // namespace
}  // namespace mread::merger
