#include "merger/combine/gap_fill.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"

namespace mread::merger {
namespace {

using model::Sample;
using Runs = std::vector<std::vector<Sample>>;

Sample at(int64_t seconds, double value) { return Sample::of(seconds * 1000, value); }
Sample stale(int64_t seconds) { return {seconds * 1000, model::stale_nan_bits}; }

/// From `first` to `last` [s], every `step`; the value is the time.
std::vector<Sample> scrapes(int64_t first, int64_t last, int64_t step) {
  std::vector<Sample> run;
  for (int64_t t = first; t <= last; t += step) run.push_back(at(t, static_cast<double>(t)));
  return run;
}

std::vector<Sample> operator+(std::vector<Sample> a, const std::vector<Sample>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<Sample> without(std::vector<Sample> run, std::vector<int64_t> seconds) {
  std::erase_if(run, [&](const Sample& sample) {
    return std::find(seconds.begin(), seconds.end(), sample.timestamp_ms / 1000) != seconds.end();
  });
  return run;
}

struct Filled {
  std::vector<Sample> samples;
  std::vector<SampleRef> refs;
  uint64_t conflicts = 0;
};

Filled fill(const Runs& runs) {
  const std::vector<GapFill::Run> views(runs.begin(), runs.end());
  GapFill gap_fill;
  Filled out;
  for (const SampleRef ref : gap_fill.select(views)) {
    out.refs.push_back(ref);
    out.samples.push_back(runs[ref.run][ref.index]);
  }
  out.conflicts = gap_fill.conflicts().count();
  return out;
}

struct Case {
  const char* name;
  Runs runs;
  std::vector<Sample> want;
  uint64_t conflicts = 0;
};

class GapFillTest : public ::testing::TestWithParam<Case> {};

TEST_P(GapFillTest, Chooses) {
  const Filled got = fill(GetParam().runs);
  EXPECT_EQ(tests::show({{{}, got.samples, {}}}), tests::show({{{}, GetParam().want, {}}}));
  EXPECT_EQ(got.conflicts, GetParam().conflicts);
}

const std::vector<Sample> a = scrapes(0, 300, 15);
const std::vector<Sample> b = scrapes(7, 307, 15);

INSTANTIATE_TEST_SUITE_P(
    Table, GapFillTest,
    ::testing::Values(
        Case{"NoRuns", {}, {}}, Case{"OnlyEmptyRuns", {{}, {}}, {}},
        Case{"AnEmptyRunNextToAnother", {{}, a}, a}, Case{"StaysOnTheFirst", {a, b}, a},
        Case{"OneSampleEachAtAnOffset", {{at(0, 1)}, {at(7, 2)}}, {at(0, 1)}},
        Case{"OneSampleEachFarApart", {{at(0, 1)}, {at(100, 2)}}, {at(0, 1), at(100, 2)}},
        Case{"FillsAGapOfOneScrapeWithOneSample",
             {without(a, {150}), b},
             scrapes(0, 135, 15) + std::vector{at(157, 157)} + scrapes(165, 300, 15)},
        Case{"FillsItThoughTheOtherIsExactlyBetween",
             {scrapes(0, 120, 30) + scrapes(180, 300, 30), scrapes(15, 315, 30)},
             scrapes(0, 120, 30) + std::vector{at(165, 165)} + scrapes(180, 300, 30)},
        Case{"FillsALongGap",
             {without(a, {105, 120, 135}), b},
             scrapes(0, 90, 15) + scrapes(112, 142, 15) + scrapes(150, 300, 15)},
        Case{"GoesOnWithTheOtherWhereOneEnds",
             {scrapes(0, 150, 15), scrapes(7, 202, 15)},
             scrapes(0, 150, 15) + scrapes(172, 202, 15)},
        Case{"ALaterEndIsNoGapYet",
             {scrapes(0, 150, 15), scrapes(12, 162, 15)},
             scrapes(0, 150, 15)},
        Case{"BeginsWithTheOtherWhereOneBeginsLate",
             {scrapes(90, 300, 15), scrapes(7, 200, 15)},
             scrapes(7, 82, 15) + scrapes(90, 300, 15)},
        Case{"TheThirdFillsWhatTheSecondLeaves",
             {without(a, {60, 75, 90}), scrapes(7, 67, 15), b},
             scrapes(0, 45, 15) + scrapes(67, 97, 15) + scrapes(105, 300, 15)},
        Case{"AShorterIntervalIsTheBase", {scrapes(0, 300, 60), b}, b},
        Case{"ALongerIntervalAddsNothing", {a, scrapes(7, 307, 60)}, a},
        Case{
            "AShorterIntervalIsThinnedInAGap",
            {without(scrapes(0, 1800, 60), {600, 660}), scrapes(487, 787, 15)},
            scrapes(0, 540, 60) + std::vector{at(577, 577), at(637, 637)} + scrapes(720, 1800, 60)},
        Case{"ALongerIntervalFills",
             {without(a, {120, 135, 150, 165}), scrapes(20, 300, 60)},
             scrapes(0, 105, 15) + std::vector{at(140, 140)} + scrapes(180, 300, 15)},
        Case{"AChangeOfTheIntervalIsNoGap",
             {scrapes(0, 300, 15) + scrapes(360, 900, 60),
              scrapes(30, 330, 15) + scrapes(390, 900, 60)},
             scrapes(0, 300, 15) + scrapes(360, 900, 60)},
        Case{"AMarkerIsAGap",
             {scrapes(0, 45, 15) + std::vector{stale(60)} + scrapes(75, 300, 15), b},
             scrapes(0, 45, 15) + std::vector{at(67, 67)} + scrapes(75, 300, 15)},
        Case{"AMarkerStaysWhereNothingFollows",
             {scrapes(0, 45, 15) + std::vector{stale(60)}, scrapes(10, 55, 15)},
             scrapes(0, 45, 15) + std::vector{stale(60)}},
        Case{"Trap2StaleWhileTheOtherLives",
             {scrapes(0, 45, 15) + std::vector{stale(60)}, scrapes(5, 65, 15)},
             scrapes(0, 45, 15) + std::vector{at(65, 65)}},
        Case{"TheFillingRunsMarkerEndsTheSeries",
             {scrapes(-60, 45, 15), scrapes(7, 112, 15) + std::vector{stale(127)}},
             scrapes(-60, 45, 15) + scrapes(67, 112, 15) + std::vector{stale(127)}},
        Case{"BothEnd",
             {scrapes(0, 45, 15) + std::vector{stale(60)},
              scrapes(7, 52, 15) + std::vector{stale(67)}},
             scrapes(0, 45, 15) + std::vector{stale(60)}},
        Case{"ALowerCounterAfterTheSwitchIsLeftOut",
             {{at(0, 0), at(15, 10), at(30, 20), at(45, 30)},
              {at(38, 21), at(53, 29), at(68, 39), at(83, 49), at(98, 59)}},
             {at(0, 0), at(15, 10), at(30, 20), at(45, 30), at(68, 39), at(83, 49), at(98, 59)}},
        Case{"AHigherCounterBeforeTheSwitchBackIsLeftOut",
             {{at(0, 0), at(15, 10), at(30, 20), at(75, 50), at(90, 60), at(105, 70)},
              {at(7, 5), at(22, 15), at(37, 25), at(52, 35), at(67, 51)}},
             {at(0, 0), at(15, 10), at(30, 20), at(52, 35), at(75, 50), at(90, 60), at(105, 70)}},
        Case{"AResetInTheGapStays",
             {{at(0, 100), at(15, 110), at(30, 120), at(90, 20), at(105, 30)},
              {at(8, 105), at(23, 115), at(38, 125), at(53, 2), at(68, 9), at(83, 15)}},
             {at(0, 100), at(15, 110), at(30, 120), at(38, 125), at(53, 2), at(68, 9), at(90, 20),
              at(105, 30)}},
        Case{"ReplicasThatDifferAreFilledAllTheSame",
             {{at(0, 1), at(15, 1), at(30, 1), at(45, 1)},
              {at(7, 0), at(22, 0), at(52, 0), at(67, 0), at(82, 0), at(97, 0)}},
             {at(0, 1), at(15, 1), at(30, 1), at(45, 1), at(67, 0), at(82, 0), at(97, 0)}},
        Case{"ConflictsAreCountedAndTheBaseKept",
             {{at(0, 1), at(15, 2)}, {at(0, 5), at(15, 2)}},
             {at(0, 1), at(15, 2)},
             1},
        Case{"ExtremeTimestamps",
             {{{INT64_MIN, 1}, {INT64_MAX, 2}}, {{0, 7}}},
             {{INT64_MIN, 1}, {0, 7}, {INT64_MAX, 2}}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// ---- properties

/// A counter that is scraped every `step` from `offset` on; a scrape's value is taken up to one
/// interval after its timestamp; random scrapes and ranges of scrapes are missing.
std::vector<Sample> random_replica(std::mt19937& random, int64_t step, int64_t horizon) {
  const auto below = [&random](int64_t end) {
    return std::uniform_int_distribution<int64_t>(0, end - 1)(random);
  };
  std::vector<Sample> run;
  int64_t missing = 0;
  for (int64_t t = below(step); t < horizon; t += step) {
    if (missing == 0 && below(8) == 0) missing = 1 + below(11);
    const int64_t delay = below(step);
    if (missing > 0) {
      --missing;
      continue;
    }
    run.push_back(Sample::of(t, static_cast<double>(t + delay)));
  }
  return run;
}

TEST(GapFillProperty, ACounterStaysMonotoneAndEveryTimestampComesOnce) {
  EXPECT_TRUE(rc::check([] {
    const int64_t step = *rc::gen::element<int64_t>(1000, 15'000, 60'000);
    Runs runs(*rc::gen::inRange<size_t>(1, 5));
    std::mt19937 random(*rc::gen::arbitrary<uint32_t>());
    for (auto& run : runs) run = random_replica(random, step, step * 60);
    const Filled got = fill(runs);
    for (size_t i = 1; i < got.samples.size(); ++i) {
      RC_ASSERT(got.samples[i - 1].timestamp_ms < got.samples[i].timestamp_ms);
      RC_ASSERT(got.samples[i - 1].value() <= got.samples[i].value());
    }
    // No more samples than one replica without gaps would have, and a few where gaps meet.
    RC_ASSERT(got.samples.size() <= 66u);
    size_t most = 0;
    for (const auto& run : runs) most = std::max(most, run.size());
    RC_ASSERT(got.samples.size() * 10 + 30 >= most * 9);
  }));
}

uint64_t random_bits() {
  static constexpr uint64_t values[] = {model::stale_nan_bits, model::normal_nan_bits, 1, 2, 3};
  return values[*rc::gen::inRange<size_t>(0, 5)];
}

TEST(GapFillProperty, ACounterStaysMonotoneWithMixedIntervals) {
  EXPECT_TRUE(rc::check([] {
    std::mt19937 random(*rc::gen::arbitrary<uint32_t>());
    Runs runs;
    for (int i = 0; i < 2; ++i) {
      const int64_t step = std::uniform_int_distribution<int>(0, 1)(random) == 0 ? 15'000 : 60'000;
      runs.push_back(random_replica(random, step, 3'600'000));
    }
    const Filled got = fill(runs);
    for (size_t i = 1; i < got.samples.size(); ++i) {
      RC_ASSERT(got.samples[i - 1].timestamp_ms < got.samples[i].timestamp_ms);
      RC_ASSERT(got.samples[i - 1].value() <= got.samples[i].value());
    }
  }));
}

TEST(GapFillProperty, OneReplicaPassesUnchangedNextToOthersWithoutMore) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Sample> run;
    for (int64_t t = 0; t < 500; t += *rc::gen::inRange<int64_t>(1, 100)) {
      run.push_back({t, random_bits()});
    }
    RC_ASSERT(fill({run}).samples == run);
    RC_ASSERT(fill({run, {}}).samples == run);
    RC_ASSERT(fill({{}, run}).samples == run);
    RC_ASSERT(fill({run, run}).samples == run);
  }));
}

TEST(GapFillProperty, AnyRunsGiveStrictlyIncreasingSamplesOfTheirs) {
  EXPECT_TRUE(rc::check([] {
    Runs runs(*rc::gen::inRange<size_t>(1, 5));
    for (auto& run : runs) {
      const auto times = *rc::gen::container<std::set<int64_t>>(rc::gen::inRange<int64_t>(0, 200));
      for (const int64_t t : times) {
        run.push_back({t, random_bits()});
      }
    }
    const Filled got = fill(runs);
    for (size_t i = 1; i < got.samples.size(); ++i) {
      RC_ASSERT(got.samples[i - 1].timestamp_ms < got.samples[i].timestamp_ms);
    }
    // The base is in it.
    RC_ASSERT(std::any_of(runs.begin(), runs.end(), [&](const auto& run) {
      return std::all_of(run.begin(), run.end(), [&](const Sample& sample) {
        return model::is_stale(sample.bits) ||
               std::find(got.samples.begin(), got.samples.end(), sample) != got.samples.end();
      });
    }));
  }));
}

TEST(GapFillProperty, MixedIntervalsNeverDoubleTheCount) {
  EXPECT_TRUE(rc::check([] {
    std::mt19937 random(*rc::gen::arbitrary<uint32_t>());
    const std::vector<Sample> dense = random_replica(random, 15'000, 3'600'000);
    const std::vector<Sample> sparse = random_replica(random, 60'000, 3'600'000);
    const bool first = *rc::gen::arbitrary<bool>();
    const size_t got = fill(first ? Runs{dense, sparse} : Runs{sparse, dense}).samples.size();
    RC_ASSERT(got <= 246u);
  }));
}

}  // namespace
}  // namespace mread::merger
