// What several sources send alike is held once, and makes no difference otherwise.

#include "merger/source/twin_finder.h"

#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"
#include "merger/source/series_source.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests

// Series number `i` of a list that is sorted.
std::string notation(int i) { return "up{n=\"" + std::to_string(1000 + i) + "\"}"; }
std::string frame_of_series(int i, double value = 1) {
  return frame(notation(i), samples(0, 1000, {value, value}));
}

struct Sources {
  std::vector<SeriesSource> list;
  std::vector<const ReorderWindow*> windows;

  explicit Sources(size_t count, bool know_each_other = true, SourceOptions options = {}) {
    for (uint32_t i = 0; i < count; ++i) list.emplace_back(i, options);
    for (const SeriesSource& source : list) windows.push_back(&source.window());
    for (SeriesSource& source : list) {
      if (know_each_other) source.know(windows);
    }
  }
  Result<void> feed(size_t source, std::string bytes) {
    return list[source].feed(std::make_shared<const std::string>(std::move(bytes)));
  }
};

std::vector<Fragment> taken(SeriesSource& source) {
  EXPECT_TRUE(source.end());
  std::vector<Fragment> out;
  while (!source.drained()) source.pop_series(out);
  return out;
}

// Which of the fragments of `b` point to the bytes of `a`.
std::string shared(const std::vector<Fragment>& a, const std::vector<Fragment>& b) {
  std::string out;
  for (const Fragment& each : b) {
    const bool twin = std::any_of(a.begin(), a.end(), [&each](const Fragment& other) {
      return other.whole.data() == each.whole.data();
    });
    out += twin ? 'x' : '.';
  }
  return out;
}

std::string frames(const std::vector<int>& numbers) {
  std::string out;
  for (const int i : numbers) out += frame_of_series(i);
  return out;
}

std::string shared_of(const std::vector<int>& first, const std::vector<int>& second) {
  Sources sources(2);
  EXPECT_TRUE(sources.feed(0, frames(first)));
  EXPECT_TRUE(sources.feed(1, frames(second)));
  return shared(taken(sources.list[0]), taken(sources.list[1]));
}

TEST(Twins, TheSameFramesAreHeldOnce) { EXPECT_EQ(shared_of({1, 2, 3}, {1, 2, 3}), "xxx"); }

TEST(Twins, ASeriesMoreOnEitherSideCostsOneFrame) {
  EXPECT_EQ(shared_of({1, 2, 3, 4, 5}, {1, 3, 4, 5}), "x.xx");
  EXPECT_EQ(shared_of({1, 3, 4, 5}, {1, 2, 3, 4, 5}), "x.xxx");
  EXPECT_EQ(shared_of({1, 2, 3, 4}, {5, 6}), "..");
  EXPECT_EQ(shared_of({}, {1, 2}), "..");
}

TEST(Twins, TheOneThatIsAheadIsTheModel) {
  Sources sources(2);
  ASSERT_TRUE(sources.feed(0, frames({1, 2})));
  ASSERT_TRUE(sources.feed(1, frames({1, 2, 3, 4, 5})));
  ASSERT_TRUE(sources.feed(0, frames({3, 4, 5})));
  const auto first = taken(sources.list[0]);
  EXPECT_EQ(shared(first, taken(sources.list[1])), "xxxxx");
}

TEST(Twins, WhatDiffersThroughoutIsLeftAloneAndTriedAgain) {
  std::vector<int> all(400);
  std::iota(all.begin(), all.end(), 0);
  std::string second;
  for (const int i : all) second += frame_of_series(i, i < 200 ? 2 : 1);
  Sources sources(2);
  ASSERT_TRUE(sources.feed(0, frames(all)));
  ASSERT_TRUE(sources.feed(1, second));
  const std::string same = shared(taken(sources.list[0]), taken(sources.list[1]));
  EXPECT_EQ(same.substr(0, 200), std::string(200, '.'));
  EXPECT_EQ(same.back(), 'x');
}

TEST(Twins, OfFiftyEachPointsToTheFirst) {
  Sources sources(50);
  for (size_t i = 0; i < 50; ++i) ASSERT_TRUE(sources.feed(i, frames({1, 2, 3})));
  const auto first = taken(sources.list[0]);
  for (size_t i = 1; i < 50; ++i) EXPECT_EQ(shared(first, taken(sources.list[i])), "xxx");
}

TEST(Twins, AFrameAboveTheLimitIsRefusedThoughAnotherHasIt) {
  SourceOptions limited;
  limited.frame_limit = 10;
  Sources sources(1, false);
  SeriesSource strict(1, limited);
  sources.windows.push_back(&strict.window());
  sources.list[0].know(sources.windows);
  strict.know(sources.windows);
  ASSERT_TRUE(sources.feed(0, frames({1})));
  const auto fed = strict.feed(std::make_shared<const std::string>(frames({1})));
  ASSERT_FALSE(fed);
  EXPECT_TRUE(fed.error().is(Errc::limit));
}

TEST(Twins, WhatTheOtherHasForgottenStaysGood) {
  auto sources = std::make_unique<Sources>(2);
  ASSERT_TRUE(sources->feed(0, frames({1, 2})));
  ASSERT_TRUE(sources->feed(1, frames({1, 2})));
  sources->list[0].discard();
  const auto left = taken(sources->list[1]);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[1].whole, frame_of_series(2));
  EXPECT_EQ(left[1].labels, labels(notation(2)));
}

// Everything of a fragment but where its bytes are.
std::string shown(const Fragment& fragment) {
  std::vector<wire::ChunkView> chunks;
  fragment.list_chunks(chunks);
  std::string out = std::to_string(fragment.source) + " " + std::to_string(fragment.sample_count) +
                    " " + std::to_string(fragment.bytes) + " " +
                    std::to_string(fragment.newer_chunks) + "|" + std::string(fragment.labels) +
                    "|" + std::string(fragment.whole) + "|" + std::string(fragment.replica()) + "|";
  for (const wire::ChunkView& chunk : chunks) {
    out += std::to_string(chunk.min_time_ms) + "-" + std::to_string(chunk.max_time_ms) +
           std::string(chunk.wire);
  }
  return out;
}

struct Seen {
  std::vector<std::string> fragments;
  std::string error;
  uint64_t series = 0;
  bool unsorted = false;
  bool operator==(const Seen&) const = default;
};

// Feeds the bodies in pieces, and takes series as soon as all sources have one.
std::vector<Seen> read(Sources& sources, const std::vector<std::string>& bodies, size_t piece,
                       bool take) {
  std::vector<Seen> seen(bodies.size());
  std::vector<size_t> at(bodies.size());
  const auto pop = [&](size_t i) {
    std::vector<Fragment> out;
    sources.list[i].pop_series(out);
    for (const Fragment& fragment : out) seen[i].fragments.push_back(shown(fragment));
    for (size_t k = 1; k < out.size(); ++k) RC_ASSERT(out[k].labels == out[0].labels);
  };
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < bodies.size(); ++i) {
      if (at[i] >= bodies[i].size() || !seen[i].error.empty()) continue;
      more = true;
      const auto fed = sources.feed(i, bodies[i].substr(at[i], piece));
      at[i] += piece;
      if (!fed) seen[i].error = fed.error().context;
    }
    const auto ready = [&](size_t i) {
      return !seen[i].error.empty() || (sources.list[i].ready() && !sources.list[i].drained());
    };
    bool all = true;
    for (size_t i = 0; i < bodies.size(); ++i) all = all && ready(i);
    for (size_t i = 0; take && all && i < bodies.size(); ++i) {
      if (seen[i].error.empty()) pop(i);
    }
  }
  for (size_t i = 0; i < bodies.size(); ++i) {
    seen[i].series = sources.list[i].series();
    seen[i].unsorted = sources.list[i].unsorted();
    if (!seen[i].error.empty() || !sources.list[i].end()) continue;
    while (!sources.list[i].drained()) pop(i);
  }
  return seen;
}

TEST(TwinsProperty, ASourceSaysTheSameWithAndWithoutOthersNextToIt) {
  EXPECT_TRUE(rc::check([] {
    const size_t count = *rc::gen::inRange<size_t>(2, 5);
    std::vector<std::string> bodies(count);
    for (int i = 0; i < 60; ++i) {
      const bool differs = *rc::gen::inRange(0, 10) == 0;
      for (std::string& body : bodies) {
        if (!differs) {
          body += frame_of_series(i);
          continue;
        }
        switch (*rc::gen::inRange(0, 6)) {
          case 0:
            break;  // It lacks the series.
          case 1:
            body += frame_of_series(i, 2);
            break;
          case 2:
            body += frame_of_series(i) + frame_of_series(i);
            break;
          case 3:
            body += frame_of_series(
                std::max(0, i - *rc::gen::inRange(0, 20)));  // Out of order, or given again.
            break;
          case 4: {
            std::string broken = frame_of_series(i);
            broken[*rc::gen::inRange<size_t>(0, broken.size())] ^= 1;
            body += broken;
            break;
          }
          default:
            body += frame_of_series(i);
        }
      }
    }
    SourceOptions options;
    options.window = *rc::gen::element<size_t>(100, 1000, 1U << 20);
    const std::vector<std::string> replica_labels = {"n"};
    if (*rc::gen::inRange(0, 5) == 0) options.replica_labels = replica_labels;
    const size_t piece = *rc::gen::element<size_t>(13, 100, 1000, 100'000);
    const bool take = *rc::gen::arbitrary<bool>();
    Sources together(count, true, options);
    Sources apart(count, false, options);
    RC_ASSERT(read(together, bodies, piece, take) == read(apart, bodies, piece, take));
  }));
}

}  // namespace
}  // namespace mread::merger
