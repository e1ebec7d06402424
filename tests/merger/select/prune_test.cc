#include "merger/select/prune.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "merger/answers.h"
#include "merger/fan_out/collector_model.h"
#include "merger/fan_out/fan_out_driver.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests
using ::testing::ElementsAre;
using State = BackendOutcome::State;

constexpr int64_t taken_ms = 1'000'000;
constexpr int64_t known_to_ms = taken_ms - 60'000;
const std::string pruning = "prune: {settle: 1m}\n";

std::vector<model::Matcher> selector(const std::string& text) {
  auto matchers = model::parse_selector(text);
  if (!matchers) throw std::invalid_argument(matchers.error().to_string());
  return *matchers;
}

model::Query query(const std::string& text, int64_t start_ms, int64_t end_ms) {
  return {start_ms, end_ms, selector(text), std::nullopt};
}

Knowledge holds(const std::vector<model::LabelSet>& series,
                std::optional<int64_t> oldest_ms = std::nullopt) {
  CatalogBuilder builder(taken_ms, {});
  for (const model::LabelSet& each : series) builder.add_series(each);
  if (oldest_ms) builder.set_oldest(*oldest_ms);
  return {std::make_shared<const Catalog>(builder.finish()), false};
}

const std::vector<model::LabelSet> up_us{{{"__name__", "up"}, {"region", "us"}}};
const std::vector<model::LabelSet> up_eu{{{"__name__", "up"}, {"region", "eu"}}};

std::string show(const std::vector<Scope>& scopes) {
  std::string out;
  for (const Scope& scope : scopes) {
    out += out.empty() ? "" : ", ";
    if (!scope.asked) {
      out += std::string("no: ") + to_string(*scope.reason);
    } else if (scope.from_ms) {
      out += "from " + std::to_string(*scope.from_ms);
    } else {
      out += scope.nothing_lost ? "all, nothing lost" : "all";
    }
  }
  return out;
}

struct Case {
  const char* name;
  std::string settings;
  model::Query query;
  std::vector<Knowledge> knowledge;
  const char* want;
};

class DecideScopes : public ::testing::TestWithParam<Case> {};

TEST_P(DecideScopes, AsksWhatIsNeeded) {
  const Case& c = GetParam();
  EXPECT_EQ(show(decide_scopes(config_of(2, c.settings), c.query, c.knowledge)), c.want);
}

Knowledge suspect(Knowledge knowledge) {
  knowledge.suspect = true;
  return knowledge;
}

model::Query hinted(model::Query query, int64_t start_ms, int64_t end_ms) {
  query.hints.emplace();
  query.hints->start_ms = start_ms;
  query.hints->end_ms = end_ms;
  return query;
}

const std::string pair_of_need = pruning + "groups: [{name: g, members: [a, b], wait: need}]\n";

INSTANTIATE_TEST_SUITE_P(
    Scopes, DecideScopes,
    ::testing::Values(Case{"ARangeThatIsKnown",
                           pruning,
                           query("up{region=\"us\"}", 0, known_to_ms - 1),
                           {holds(up_us), holds(up_eu)},
                           "all, no: prune"},
                      Case{"ARangeWithATail",
                           pruning,
                           query("up{region=\"us\"}", 0, known_to_ms),
                           {holds(up_us), holds(up_eu)},
                           "all, from 940000"},
                      Case{"ATailOnly",
                           pruning,
                           query("up{region=\"us\"}", known_to_ms, taken_ms),
                           {holds(up_us), holds(up_eu)},
                           "all, all"},
                      Case{"NothingIsKnown",
                           pruning,
                           query("up{region=\"us\"}", 0, 1),
                           {{}, holds(up_eu)},
                           "all, no: prune"},
                      Case{"LessIsKnownThanThereAreBackends",
                           pruning,
                           query("up{region=\"us\"}", 0, 1),
                           {holds(up_eu)},
                           "no: prune, all"},
                      Case{"PruningIsOff",
                           "",
                           query("up{region=\"us\"}", 0, 1),
                           {holds(up_us), holds(up_eu)},
                           "all, all"},
                      Case{"ARouteGoesFirst",
                           pruning + "routes: [{match: '{region=\"eu\"}', groups: [b]}]\n",
                           query("up{region=\"us\"}", 0, known_to_ms),
                           {holds(up_us), holds(up_eu)},
                           "all, no: route"},
                      Case{"SamplesThatAreLater",
                           pruning,
                           query("up{region=\"us\"}", 0, 4'999),
                           {holds(up_us, 5'000), holds(up_us, 4'999)},
                           "no: time, all"},
                      Case{"SamplesThatMayStillCome",
                           pruning,
                           query("up{region=\"us\"}", 0, known_to_ms),
                           {holds(up_us, INT64_MAX), holds({}, INT64_MAX)},
                           "all, from 940000"},
                      Case{"HintsEndBeforeTheQuery",
                           pruning,
                           hinted(query("up{region=\"us\"}", 0, taken_ms), 5, 10),
                           {holds(up_us), holds(up_eu)},
                           "all, no: prune"},
                      Case{"HintsWithoutARange",
                           pruning,
                           hinted(query("up{region=\"us\"}", 0, taken_ms), 0, 0),
                           {holds(up_us), holds(up_eu)},
                           "all, from 940000"},
                      Case{"HintsBeginInTheTail",
                           pruning,
                           hinted(query("up{region=\"us\"}", 0, taken_ms), known_to_ms, taken_ms),
                           {holds(up_us), holds(up_eu)},
                           "all, all"},
                      Case{"ABackendThatHasBeenAway",
                           pruning,
                           query("up{region=\"us\"}", 0, 1),
                           {suspect(holds(up_us)), suspect(holds(up_eu))},
                           "all, all, nothing lost"},
                      Case{"ABackendThatHasBeenAwayMayHaveATail",
                           pruning,
                           query("up{region=\"us\"}", 0, taken_ms),
                           {suspect(holds(up_us)), suspect(holds(up_eu))},
                           "all, all"},
                      Case{"MembersThatStandForEachOther",
                           pair_of_need,
                           query("up{region=\"us\"}", 0, 1),
                           {holds(up_us), holds(up_eu)},
                           "all, all"},
                      Case{"MembersThatHoldNothing",
                           pair_of_need,
                           query("up{region=\"asia\"}", 0, 1),
                           {holds(up_us), holds(up_eu)},
                           "no: prune, no: prune"},
                      Case{"MembersWithATail",
                           pair_of_need,
                           query("up{region=\"asia\"}", 0, taken_ms),
                           {holds(up_us), holds(up_eu, taken_ms * 2)},
                           "from 940000, from 940000"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Narrowed, TakesTheHintsAlong) {
  const model::Query all = hinted(query("up", 10, 100), 20, 90);
  const model::Query tail = narrowed(all, 50);
  EXPECT_EQ(tail.start_ms, 50);
  EXPECT_EQ(tail.end_ms, 100);
  EXPECT_EQ(tail.hints->start_ms, 50);
  EXPECT_EQ(tail.hints->end_ms, 90);
  EXPECT_EQ(narrowed(all, 5), all);
  EXPECT_EQ(narrowed(hinted(query("up", 10, 100), 0, 0), 50).hints->start_ms, 0);
}

// What is stored after the catalog was taken is at `known_to_ms` or later; else a backend may do as
// it likes.
TEST(Prune, ABackendIsAskedForEverySampleThatItAnswersWith) {
  int left_out = 0;
  EXPECT_TRUE(rc::check([&left_out] {
    struct Stored {
      model::LabelSet labels;
      int64_t at_ms;
    };
    CollectorModel collector = some_collector();
    std::vector<Stored> samples;
    CatalogBuilder builder(taken_ms, {});
    for (const model::LabelSet& series : collector.stored) {
      samples.push_back({series, *rc::gen::inRange<int64_t>(0, taken_ms)});
    }
    if (*rc::gen::arbitrary<bool>()) {
      collector.learn_series(builder);
    } else {
      collector.learn_values(builder);
    }
    int64_t oldest_ms = INT64_MAX;
    for (const Stored& sample : samples) oldest_ms = std::min(oldest_ms, sample.at_ms);
    if (*rc::gen::arbitrary<bool>()) builder.set_oldest(oldest_ms);
    for (const model::LabelSet& late : some_collector().stored) {
      samples.push_back({late, *rc::gen::inRange<int64_t>(known_to_ms, taken_ms + 100'000)});
    }
    model::Query asked{*rc::gen::inRange<int64_t>(-10, taken_ms + 50'000), 0, some_matchers(),
                       std::nullopt};
    asked.end_ms = asked.start_ms + *rc::gen::inRange<int64_t>(0, taken_ms);
    const bool is_suspect = *rc::gen::inRange(0, 5) == 0;
    const std::vector<Knowledge> knowledge{
        {std::make_shared<const Catalog>(builder.finish()), is_suspect}};
    const Scope scope = decide_scopes(config_of(1, pruning), asked, knowledge).at(0);
    const bool in_part = scope.asked && scope.from_ms;
    if (!scope.asked || in_part) ++left_out;
    for (const Stored& sample : samples) {
      if (sample.at_ms < asked.start_ms || sample.at_ms > asked.end_ms) continue;
      if (!collector.answers(sample.labels, asked.matchers) &&
          !collector.holds(sample.labels, asked.matchers))
        continue;
      RC_ASSERT(scope.asked);
      RC_ASSERT(sample.at_ms >= scope.from_ms.value_or(INT64_MIN));
      RC_ASSERT(!scope.nothing_lost);
    }
  }));
  EXPECT_GT(left_out, 10) << "the property was never put to the test";
}

// ---- in a read

std::string body(double value) { return frame("up{region=\"us\"}", samples(5000, 1000, {value})); }

class PrunedRead : public ::testing::Test {
 protected:
  Answer read(const std::string& settings, std::vector<Script> scripts,
              std::vector<Knowledge> knowledge, int64_t end_ms) {
    const config::Config config = config_of(scripts.size(), pruning + settings);
    FanOutDriver driver(config, std::move(scripts));
    driver.options.knowledge = std::move(knowledge);
    driver.options.unavailable = unavailable_;
    return driver.run(request({"up{region=\"us\"}"}, 0, end_ms, true));
  }

  std::vector<std::string> unavailable_;
};

TEST_F(PrunedRead, ABackendThatHoldsNothingIsNotAskedAndIsNotMissed) {
  const Answer answer = read("partial: all\n", {Script::streamed(body(1)), Script::hanging()},
                             {holds(up_us), holds(up_eu)}, 10'000);
  EXPECT_EQ(answer.asks, 1u);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.partial, "");
  EXPECT_EQ(answer.took.count(), 0);
  EXPECT_EQ(answer.outcome.backends[1].state, State::not_asked);
  EXPECT_EQ(answer.outcome.backends[1].skipped, SkipReason::prune);
  EXPECT_FALSE(answer.outcome.backends[0].skipped);
}

TEST_F(PrunedRead, AnOpenCircuitIsNoLossWhereNothingIsHeld) {
  unavailable_ = {"", "open circuit"};
  const Answer answer = read("partial: all\n", {Script::streamed(body(1)), Script::refused()},
                             {holds(up_us), holds(up_eu)}, 10'000);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.outcome.backends[1].state, State::not_asked);
}

TEST_F(PrunedRead, TheTailIsAskedForAndIsMissedWhereItFails) {
  Answer answer = read("", {Script::streamed(body(1)), Script::streamed("")},
                       {holds(up_us), holds(up_eu)}, taken_ms);
  ASSERT_EQ(answer.requests.size(), 2u);
  EXPECT_EQ(answer.requests[0].queries[0].start_ms, 0);
  EXPECT_EQ(answer.requests[1].queries[0].start_ms, known_to_ms);
  EXPECT_EQ(answer.requests[1].queries[0].end_ms, taken_ms);
  EXPECT_EQ(answer.outcome.backends[1].state, State::complete);
  EXPECT_EQ(answer.outcome.backends[1].skipped, SkipReason::prune_tail);
  answer = read("", {Script::streamed(body(1)), Script::refused()}, {holds(up_us), holds(up_eu)},
                taken_ms);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "b: connection refused\n");
}

TEST_F(PrunedRead, ABackendThatHasBeenAwayIsAskedAndIsNotMissed) {
  const std::vector<Knowledge> knowledge{holds(up_us), suspect(holds(up_eu))};
  Answer answer =
      read("partial: all\n", {Script::streamed(body(1)), Script::refused()}, knowledge, 10'000);
  EXPECT_EQ(answer.asks, 2u);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.partial, "");
  EXPECT_EQ(answer.outcome.partial, "");
  EXPECT_EQ(answer.outcome.backends[1].state, State::failed);
  EXPECT_TRUE(answer.outcome.backends[1].nothing_lost);
  answer =
      read("partial: all\n", {Script::streamed(body(1)), Script::refused()}, knowledge, taken_ms);
  EXPECT_EQ(answer.status, 503) << "it may hold something in the tail";
  answer =
      read("partial: all\n", {Script::streamed(""), Script::streamed(body(2))}, knowledge, 10'000);
  EXPECT_EQ(tests::show(read_streamed(answer.body)), "up{region=\"us\"} 2@5000\n")
      << "it came back with other data";
}

TEST_F(PrunedRead, WhoeverIsLeftOutByARouteOrItsMatchersIsSaidToBe) {
  const Answer answer = read("routes: [{match: '{region=\"eu\"}', groups: [b]}]\n",
                             {Script::streamed(body(1)), Script::refused()}, {}, 10'000);
  EXPECT_EQ(answer.outcome.backends[1].skipped, SkipReason::route);
}

TEST_F(PrunedRead, NobodyIsAsked) {
  const Answer answer =
      read("", {Script::refused(), Script::refused()}, {holds(up_eu), holds(up_eu)}, 10'000);
  EXPECT_EQ(answer.asks, 0u);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
}

}  // namespace
}  // namespace mread::merger
