#include "merger/combine/chain_iterator.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace mread::merger {
namespace {

using model::Sample;
using Runs = std::vector<std::vector<Sample>>;

struct Merged {
  std::vector<Sample> samples;
  uint64_t conflicts = 0;
};

Merged merge(const Runs& runs, OnConflict rule = OnConflict::first) {
  std::vector<std::span<const Sample>> views(runs.begin(), runs.end());
  ChainIterator chain(rule);
  chain.reset(views);
  Merged out;
  for (Sample sample; chain.next(sample);) out.samples.push_back(sample);
  out.conflicts = chain.conflicts().count();

  ChainIterator at_once(rule);
  at_once.reset(views);
  size_t room = 0;
  for (const auto& run : runs) room += run.size();
  std::vector<Sample> all(room + 1);
  const size_t before = at_once.next(all[0]) ? 1 : 0;
  all.resize(before + at_once.take_all(all.data() + before));
  EXPECT_EQ(all, out.samples);
  EXPECT_EQ(at_once.conflicts().count(), out.conflicts);
  return out;
}

Merged merge_naively(const Runs& runs) {
  std::map<int64_t, uint64_t> samples;
  Merged out;
  for (const auto& run : runs) {
    for (const Sample& sample : run) {
      const auto [kept, fresh] = samples.emplace(sample.timestamp_ms, sample.bits);
      if (!fresh && kept->second != sample.bits) ++out.conflicts;
    }
  }
  for (const auto& [timestamp_ms, bits] : samples) out.samples.push_back({timestamp_ms, bits});
  return out;
}

constexpr Sample stale(int64_t t) { return {t, model::stale_nan_bits}; }
constexpr Sample nan(int64_t t) { return {t, model::normal_nan_bits}; }
Sample at(int64_t t, double value) { return Sample::of(t, value); }

struct Case {
  const char* name;
  Runs runs;
  std::vector<Sample> want;
  uint64_t conflicts = 0;
  OnConflict rule = OnConflict::first;
};

class ChainIteratorTest : public ::testing::TestWithParam<Case> {};

TEST_P(ChainIteratorTest, Merges) {
  const Merged got = merge(GetParam().runs, GetParam().rule);
  EXPECT_EQ(got.samples, GetParam().want);
  EXPECT_EQ(got.conflicts, GetParam().conflicts);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChainIteratorTest,
    ::testing::Values(
        Case{"NoRuns", {}, {}}, Case{"AllEmpty", {{}, {}, {}}, {}},
        Case{"OneRun", {{at(1, 10), at(2, 20)}}, {at(1, 10), at(2, 20)}},
        Case{"TieKeepsFirstRun", {{at(1, 10)}, {at(1, 20), at(2, 2)}}, {at(1, 10), at(2, 2)}, 1},
        Case{"Trap1ThreeWayTieCountsEveryOther",
             {{at(1, 1)}, {at(1, 2)}, {at(1, 3)}},
             {at(1, 1)},
             2},
        Case{"Trap2StaleAgainstLiveIsAConflict", {{stale(1)}, {at(1, 5)}}, {stale(1)}, 1},
        Case{"Trap2LiveRulePrefersTheLiveOne",
             {{stale(1)}, {at(1, 5)}},
             {at(1, 5)},
             1,
             OnConflict::live},
        Case{"Trap2StaleHidesNothingLater", {{stale(10)}, {at(15, 5)}}, {stale(10), at(15, 5)}},
        Case{"Trap3NaNsAreKeptBitForBit",
             {{nan(1), stale(2)}, {nan(1), stale(2)}},
             {nan(1), stale(2)},
             0},
        Case{"Trap3TwoNaNsDiffer", {{nan(1)}, {stale(1)}}, {nan(1)}, 1},
        Case{"MinusZeroDiffersFromZero", {{at(1, 0.0)}, {at(1, -0.0)}}, {at(1, 0.0)}, 1},
        Case{"MaxTakesTheLargest",
             {{at(1, 1)}, {at(1, 3)}, {at(1, 2)}},
             {at(1, 3)},
             2,
             OnConflict::max},
        Case{"MinTakesTheSmallest",
             {{at(1, 2)}, {at(1, 1)}, {at(1, 3)}},
             {at(1, 1)},
             2,
             OnConflict::min},
        Case{"MaxPrefersANumberToNaN", {{nan(1)}, {at(1, 3)}}, {at(1, 3)}, 1, OnConflict::max},
        Case{"ExtremeTimestamps",
             {{at(INT64_MIN, 1)}, {at(INT64_MAX, 2)}},
             {at(INT64_MIN, 1), at(INT64_MAX, 2)}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

Runs random_runs() {
  Runs runs(*rc::gen::inRange<size_t>(1, 9));
  for (auto& run : runs) {
    auto times = *rc::gen::container<std::set<int64_t>>(rc::gen::inRange<int64_t>(0, 40));
    for (const int64_t t : times) run.push_back({t, *rc::gen::inRange<uint64_t>(0, 3)});
  }
  return runs;
}

TEST(ChainIteratorProperty, AgreesWithAMap) {
  EXPECT_TRUE(rc::check([] {
    const Runs runs = random_runs();
    const Merged got = merge(runs);
    const Merged want = merge_naively(runs);
    RC_ASSERT(got.samples == want.samples);
    RC_ASSERT(got.conflicts == want.conflicts);
  }));
}

// Regular, crowded, far apart, and at the ends of time.
TEST(ChainIteratorProperty, ManyRunsAgreeWithAMapHoweverTheirTimestampsLie) {
  EXPECT_TRUE(rc::check([] {
    Runs runs(*rc::gen::inRange<size_t>(3, 60));
    const int64_t base =
        *rc::gen::element<int64_t>(0, -1000, 1'700'000'000'000, INT64_MIN, INT64_MAX - 2'000'000);
    for (auto& run : runs) {
      const auto step = *rc::gen::element<int64_t>(1, 15'000, 15'001);
      const auto offset = *rc::gen::inRange<int64_t>(0, 3 * step);
      const auto count = *rc::gen::inRange<int64_t>(0, 60);
      for (int64_t i = 0; i < count; ++i) {
        run.push_back({base + offset + i * step, *rc::gen::inRange<uint64_t>(0, 2)});
      }
      if (*rc::gen::inRange(0, 20) == 0) run.push_back({INT64_MAX, 1});
    }
    const Merged got = merge(runs);
    const Merged want = merge_naively(runs);
    RC_ASSERT(got.samples == want.samples);
    RC_ASSERT(got.conflicts == want.conflicts);
    merge(runs, *rc::gen::element(OnConflict::live, OnConflict::max, OnConflict::min));
  }));
}

TEST(ChainIteratorProperty, MaxAndMinDoNotDependOnTheOrderOfRuns) {
  EXPECT_TRUE(rc::check([] {
    Runs runs = random_runs();
    for (auto& run : runs) {
      for (auto& sample : run) sample = at(sample.timestamp_ms, static_cast<double>(sample.bits));
    }
    Runs reversed(runs.rbegin(), runs.rend());
    RC_ASSERT(merge(runs, OnConflict::max).samples == merge(reversed, OnConflict::max).samples);
    RC_ASSERT(merge(runs, OnConflict::min).samples == merge(reversed, OnConflict::min).samples);
  }));
}

}  // namespace
}  // namespace mread::merger
