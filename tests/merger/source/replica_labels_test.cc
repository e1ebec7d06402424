#include "merger/source/replica_labels.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"
#include "wire/labels/labels_view.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests

constexpr int64_t last_ms = 10'000'000;
const std::string strip = "merge: {replica_labels: [replica]}\n";

std::string one(const std::string& notation, double value) {
  return frame(notation, samples(5000, 1000, {value}));
}

std::string shown(const Answer& answer, bool streamed) {
  if (answer.status != 200 || answer.aborted)
    return "status " + std::to_string(answer.status) + ": " + answer.body;
  return streamed ? show(read_streamed(answer.body)) : show(read_samples(answer.body).at(0));
}

TEST(SplitLabels, TakesOffWhatIsNamedAndKeepsTheOrder) {
  const std::vector<std::string> names{"replica", "pod"};
  SplitLabels out;
  EXPECT_FALSE(split_labels(labels("up{job=\"a\",replicas=\"x\"}"), names, out));
  EXPECT_FALSE(split_labels("", names, out));
  const std::string wire = labels("up{job=\"a\",pod=\"p\",replica=\"r\",zone=\"z\"}");
  ASSERT_TRUE(split_labels(wire, names, out));
  EXPECT_EQ(out.bytes.substr(0, out.kept), labels("up{job=\"a\",zone=\"z\"}"));
  EXPECT_EQ(out.bytes.substr(out.kept), raw_labels({{"pod", "p"}, {"replica", "r"}}));
  ASSERT_TRUE(split_labels(labels("{pod=\"p\"}"), names, out));
  EXPECT_EQ(out.kept, 0u);
}

TEST(ReplicaLabels, AreTakenOffEverySeriesBeforeMerging) {
  const config::Config config = config_of(2, strip);
  for (const bool streamed : {true, false}) {
    for (const bool samples_form : {true, false}) {
      std::vector<Script> scripts;
      for (const std::string replica : {"r1", "r2"}) {
        const std::string name = "up{job=\"a\",replica=\"" + replica + "\"}";
        const Samples list = samples(5000, 1000, {1, 2});
        scripts.push_back(samples_form ? Script::samples_form(samples_body(name, list))
                                       : Script::streamed(frame(name, list)));
      }
      const Answer answer =
          FanOutDriver(config, scripts).run(request({"up"}, 0, last_ms, streamed));
      EXPECT_EQ(shown(answer, streamed), "up{job=\"a\"} 1@5000 2@6000\n");
      EXPECT_EQ(answer.outcome.series_out, 1u);
      EXPECT_EQ(answer.outcome.conflicts, 0u);
    }
  }
}

TEST(ReplicaLabels, AMatcherOnOneIsSentOnSoThatItChoosesTheReplica) {
  const config::Config config = config_of(2, strip);
  const auto scripts =
      [](size_t backend,
         const model::ReadRequest&) {  // Each serves the matcher of its own label only.
        return Script::streamed(backend == 0 ? one("up{job=\"a\",replica=\"r1\"}", 1) : "");
      };
  FanOutDriver driver(config, scripts);
  const auto ask = request({"up{replica=\"r1\"}"}, 0, last_ms, true);
  const Answer answer = driver.run(ask);
  for (const auto& each : answer.requests) EXPECT_EQ(each.queries, ask.queries);
  EXPECT_EQ(shown(answer, true), "up{job=\"a\"} 1@5000\n");
}

// Traps 4 and 7149: a stream may be in order only with its label, or only without.
TEST(ReplicaLabels, TheOutputIsSortedAgain) {
  const std::string a = "up{a=\"1\",pod=\"p\",replica=\"r\"}";
  const std::string b = "up{a=\"1\",replica=\"r\"}";
  const std::string c = "up{a=\"1\",replica=\"r\",zone=\"z\"}";
  const std::string want =
      "up{a=\"1\"} 2@5000\nup{a=\"1\", pod=\"p\"} 1@5000\nup{a=\"1\", zone=\"z\"} 3@5000\n";
  const config::Config config = config_of(1, strip);
  for (const bool streamed : {true, false}) {
    for (const std::string& body :
         {one(a, 1) + one(b, 2) + one(c, 3), one(b, 2) + one(a, 1) + one(c, 3),
          one(c, 3) + one(a, 1) + one(b, 2)}) {
      FanOutDriver driver(config, {Script::streamed(body)});
      EXPECT_EQ(shown(driver.run(request({"up"}, 0, last_ms, streamed)), streamed), want);
    }
  }
  FanOutDriver in_order(config, {Script::streamed(one(b, 2) + one(a, 1))});
  EXPECT_FALSE(in_order.run(request({"up"}, 0, last_ms, true)).outcome.backends[0].unsorted);
  FanOutDriver out_of_order(config, {Script::streamed(one(a, 1) + one(b, 2))});
  EXPECT_TRUE(out_of_order.run(request({"up"}, 0, last_ms, true)).outcome.backends[0].unsorted);
}

TEST(ReplicaLabels, TwoSeriesOfOneBackendThatBecomeOneAreMerged) {
  const config::Config config = config_of(1, strip);
  const std::string r1 = "up{job=\"a\",replica=\"r1\"}";
  const std::string r2 = "up{job=\"a\",replica=\"r2\"}";
  const Samples first = samples(5000, 2000, {1, 3});
  const Samples second = samples(6000, 2000, {2, 4});
  const std::string between = "up{job=\"a\",replica=\"r1\",z=\"z\"}";
  for (const bool streamed : {true, false}) {
    const std::string want =
        "up{job=\"a\"} 1@5000 2@6000 3@7000 4@8000\nup{job=\"a\", z=\"z\"} 9@5000\n";
    FanOutDriver chunks(config,
                        {Script::streamed(frame(r1, first) + one(between, 9) + frame(r2, second))});
    EXPECT_EQ(shown(chunks.run(request({"up"}, 0, last_ms, streamed)), streamed), want);
    FanOutDriver samples_form(
        config, {Script::samples_form(samples_body({{labels(r2), second, ""},
                                                    {labels(between), samples(5000, 1, {9}), ""},
                                                    {labels(r1), first, ""}}))});
    EXPECT_EQ(shown(samples_form.run(request({"up"}, 0, last_ms, streamed)), streamed), want);
  }
}

TEST(ReplicaLabels, ASeriesOfNothingElseIsTheEmptySeries) {
  const config::Config config = config_of(1, strip);
  FanOutDriver driver(config,
                      {Script::streamed(one("{replica=\"r\"}", 1) + one("{replica=\"s\"}", 1))});
  EXPECT_EQ(shown(driver.run(request({"up"}, 0, last_ms, true)), true), "{} 1@5000\n");
}

// Streams sorted with or without the label, or not at all; pieces of any size in any order of
// arrival.
TEST(ReplicaLabelsProperty, TheUnionOfTheStrippedSeriesTheSameBytesEveryTime) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Script> scripts;
    std::map<model::LabelSet, std::map<int64_t, uint64_t>> want;
    const auto backends = *rc::gen::inRange<size_t>(1, 4);
    for (size_t backend = 0; backend < backends; ++backend) {
      std::map<std::string, Samples> by_name;
      for (int i = *rc::gen::inRange(0, 12); i > 0; --i) {
        const int value = *rc::gen::inRange(0, 18);
        std::string name = "up{";
        if (value % 3 > 0) name += "pod=\"" + std::to_string(value % 3) + "\",";
        if (value / 3 % 3 > 0) name += "replica=\"" + std::to_string(value / 3 % 3) + "\",";
        if (value / 9 > 0) name += "zone=\"z\",";
        by_name.emplace(name + "}", samples(1000 * *rc::gen::inRange(0, 5), 1000, {1, 1, 1}));
      }
      std::string body;
      for (const auto& [name, list] : by_name) {
        body += frame(name, list);
        auto set = model::parse_series(name).value();
        set.erase("replica");
        for (const auto& sample : list) want[set].emplace(sample.timestamp_ms, sample.bits);
      }
      scripts.push_back(Script::streamed(body));
    }
    std::vector<model::Series> series;
    for (const auto& [set, list] : want) {
      series.push_back({set, {}, {}});
      for (const auto& [t, bits] : list) series.back().samples.push_back({t, bits});
    }
    const config::Config config = config_of(backends, strip);
    const bool streamed = *rc::gen::arbitrary<bool>();
    std::optional<std::string> first;
    for (uint32_t seed = 1; seed <= 5; ++seed) {
      FanOutDriver driver(config, scripts);
      driver.shuffle(seed);
      const Answer answer = driver.run(request({"up"}, 0, last_ms, streamed));
      RC_ASSERT(shown(answer, streamed) == show(series));
      if (!first) first = answer.body;
      RC_ASSERT(answer.body == *first);
    }
  }));
}

}  // namespace
}  // namespace mread::merger
