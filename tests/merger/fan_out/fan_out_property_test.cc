// The rules that hold for every answer: the same bytes in any order of arrival, and the union that
// a naive merge makes.

#include <map>
#include <optional>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"
#include "wire/labels/labels_view.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests

constexpr int64_t last_ms = 1'000'000;

// Few label sets, so that backends often hold the same series; their prefixes make the order of
// labels interesting.
std::string random_labels() {
  std::string text = "up{";
  for (const char* name : {"a", "b", "pod"}) {
    const int value = *rc::gen::inRange(0, 4);
    if (value > 0)
      text += std::string(name) + "=\"" + std::string(static_cast<size_t>(value), 'v') + "\",";
  }
  return text + "}";
}

struct Backing {
  std::vector<std::pair<std::string, Samples>> series;  // By notation, in wire order.
};

Backing random_backing() {
  std::map<std::string, std::string> by_wire;
  const int count = *rc::gen::inRange(0, 15);
  for (int i = 0; i < count; ++i) {
    const std::string text = random_labels();
    by_wire.emplace(labels(text), text);
  }
  std::vector<std::string> wires;
  for (const auto& [wire, text] : by_wire) wires.push_back(wire);
  std::sort(wires.begin(), wires.end(),
            [](const auto& a, const auto& b) { return wire::compare_labels(a, b) < 0; });
  Backing backing;
  for (const auto& wire : wires) {
    Samples list;
    int64_t t = *rc::gen::inRange(0, 3) * 1000;
    const int size = *rc::gen::inRange(1, 30);
    for (int i = 0; i < size; ++i) {
      list.push_back(model::Sample::of(t, *rc::gen::inRange(0, 3)));
      t += 1000 * *rc::gen::inRange(1, 4);
    }
    backing.series.emplace_back(by_wire.at(wire), std::move(list));
  }
  return backing;
}

// As frames (a series sometimes over several, sometimes of several chunks), or as SAMPLES in any
// order.
Script random_script(const Backing& backing) {
  if (*rc::gen::inRange(0, 4) == 0) {
    std::vector<SamplesSeries> listed;
    for (const auto& [text, list] : backing.series) {
      listed.insert(listed.begin() + *rc::gen::inRange<int>(0, static_cast<int>(listed.size()) + 1),
                    {labels(text), list, ""});
    }
    return Script::samples_form(samples_body(listed));
  }
  std::string body;
  for (const auto& [text, list] : backing.series) {
    std::vector<RawChunk> chunks;
    for (size_t begin = 0; begin < list.size();) {
      const size_t size = std::min<size_t>(list.size() - begin, *rc::gen::inRange<size_t>(1, 20));
      const auto at = list.begin() + static_cast<ptrdiff_t>(begin);
      chunks.push_back(xor_chunk({at, at + static_cast<ptrdiff_t>(size)}));
      begin += size;
      if (*rc::gen::inRange(0, 3) == 0) {
        body += frame_with(labels(text), chunks);
        chunks.clear();
      }
    }
    if (!chunks.empty()) body += frame_with(labels(text), chunks);
  }
  return Script::streamed(body);
}

std::string naive_union(const std::vector<Backing>& backings) {
  std::map<std::string, std::pair<std::string, std::map<int64_t, uint64_t>>> all;
  for (const auto& backing : backings) {
    for (const auto& [text, list] : backing.series) {
      auto& [notation, samples] = all[labels(text)];
      notation = text;
      for (const auto& sample : list) samples.emplace(sample.timestamp_ms, sample.bits);
    }
  }
  std::vector<model::Series> out;
  for (const auto& [wire, entry] : all) {
    model::Series series;
    series.labels = wire::decode_labels(wire).value();
    for (const auto& [t, bits] : entry.second) series.samples.push_back({t, bits});
    out.push_back(std::move(series));
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.labels < b.labels; });
  return show(out);
}

void check_read(const config::Config& config, const std::vector<Script>& scripts, bool streamed,
                size_t window, const std::optional<std::string>& want) {
  std::optional<Answer> first;
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    FanOutDriver driver(config, scripts);
    driver.options.window_bytes = window;
    driver.options.read_ahead_bytes = seed * 50;
    driver.options.batch_bytes = 1 + (seed % 3) * 300;
    driver.shuffle(seed);
    const Answer answer = driver.run(request({"up"}, 0, last_ms, streamed));
    RC_ASSERT(answer.status == 200);
    RC_ASSERT(answer.finished);
    if (!first) {
      first = answer;
      const auto series = streamed ? read_streamed(answer.body) : read_samples(answer.body).at(0);
      if (want) RC_ASSERT(show(series) == *want);
      continue;
    }
    RC_ASSERT(answer.body == first->body);
    RC_ASSERT(answer.outcome.conflicts == first->outcome.conflicts);
    RC_ASSERT(answer.outcome.series_out == first->outcome.series_out);
  }
}

TEST(FanOutProperty, SameBytesInAnyOrderOfArrivalAndTheUnionOfAll) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Backing> backings(*rc::gen::inRange<size_t>(1, 6));
    std::vector<Script> scripts;
    for (auto& backing : backings) {
      backing = random_backing();
      scripts.push_back(random_script(backing));
    }
    const config::Config config = config_of(backings.size());
    const size_t window = *rc::gen::element<size_t>(1, 300, 1U << 20);
    check_read(config, scripts, *rc::gen::arbitrary<bool>(), window, naive_union(backings));
  }));
}

// Bodies whose series stand in any order, with any window: the same answer or the same failure
// every time.
TEST(FanOutProperty, UnsortedBackendsFailOrAreRepairedTheSameWayEveryTime) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Backing> backings(*rc::gen::inRange<size_t>(1, 4));
    std::vector<Script> scripts;
    for (auto& backing : backings) {
      backing = random_backing();
      std::vector<std::string> frames;
      for (const auto& [text, list] : backing.series) {
        frames.insert(
            frames.begin() + *rc::gen::inRange<int>(0, static_cast<int>(frames.size()) + 1),
            frame(text, list));
      }
      std::string body;
      for (const auto& each : frames) body += each;
      scripts.push_back(Script::streamed(body));
    }
    const config::Config config = config_of(backings.size());
    const size_t window = *rc::gen::element<size_t>(200, 500, 1U << 20);
    std::optional<Answer> first;
    for (uint32_t seed = 1; seed <= 6; ++seed) {
      FanOutDriver driver(config, scripts);
      driver.options.window_bytes = window;
      driver.options.read_ahead_bytes = seed * 50;
      driver.shuffle(seed);
      const Answer answer = driver.run(request({"up"}, 0, last_ms, true));
      if (answer.finished && answer.status == 200) {
        RC_ASSERT(show(read_streamed(answer.body)) == naive_union(backings));
      }
      const bool good = answer.finished && answer.status == 200;
      if (!first) {
        first = answer;
      } else {
        RC_ASSERT(good == (first->finished && first->status == 200));
        if (good) RC_ASSERT(answer.body == first->body);
      }
    }
    FanOutDriver driver(config, scripts);
    driver.options.window_bytes = window;
    driver.options.known_unsorted = std::vector<bool>(backings.size(), true);
    RC_ASSERT(show(read_streamed(driver.run(request({"up"}, 0, last_ms, true)).body)) ==
              naive_union(backings));
  }));
}

// What a broken backend had given counts by its own bytes, not by how far the others were.
TEST(FanOutProperty, ABrokenBackendGivesTheSameBytesInAnyOrderOfArrival) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Script> scripts;
    for (int i = 0; i < 3; ++i) scripts.push_back(random_script(random_backing()));
    scripts[1].break_at = *rc::gen::inRange<size_t>(0, scripts[1].body.size() + 1);
    const bool streamed = *rc::gen::arbitrary<bool>();
    const config::Config config =
        config_of(3, streamed ? "groups: [{name: g, members: [a, b, c]}]\n" : "partial: any\n");
    std::optional<Answer> first;
    for (uint32_t seed = 1; seed <= 6; ++seed) {
      FanOutDriver driver(config, scripts);
      driver.options.window_bytes = 300;
      driver.options.read_ahead_bytes = seed * 100;
      driver.options.batch_bytes = 100;
      driver.shuffle(seed);
      const Answer answer = driver.run(request({"up"}, 0, last_ms, streamed));
      RC_ASSERT(answer.status == 200 && answer.finished);
      RC_ASSERT(answer.outcome.partial == "b: connection closed in mid-body");
      RC_ASSERT(answer.partial + answer.trailer == answer.outcome.partial);
      if (!first) first = answer;
      RC_ASSERT(answer.body == first->body);
    }
  }));
}

// Any cut, any flipped byte: never a crash, and under `any` the healthy backend's series are all
// there.
TEST(FanOutProperty, DamageToOneBackendNeverReachesAnother) {
  EXPECT_TRUE(rc::check([] {
    const Backing healthy = random_backing();
    const Backing other = random_backing();
    RC_PRE(!other.series.empty());
    Script bad = random_script(other);
    if (*rc::gen::arbitrary<bool>()) {
      bad.break_at = *rc::gen::inRange<size_t>(0, bad.body.size() + 1);
    } else {
      const size_t at = *rc::gen::inRange<size_t>(0, bad.body.size());
      bad.body[at] = static_cast<char>(bad.body[at] ^ (1 << *rc::gen::inRange(0, 8)));
    }
    const config::Config config = config_of(2, "partial: any\n");
    FanOutDriver driver(config, {random_script(healthy), bad});
    driver.shuffle(*rc::gen::inRange<uint32_t>(1, 1000));
    const Answer answer = driver.run(request({"up"}, INT64_MIN, INT64_MAX, false));
    // A flipped length can claim more than the read may hold, which is the only thing that costs
    // the others' data.
    RC_CLASSIFY(answer.status == 200, "answered");
    RC_ASSERT(answer.status == 200 || answer.status == 400);
    if (answer.status != 200) {
      RC_ASSERT(answer.body.find("(limits.") != std::string::npos);
      RC_ASSERT(answer.body.find("query_range") == std::string::npos);
      return;
    }
    RC_ASSERT(answer.finished);
    std::map<model::LabelSet, size_t> got;
    const auto results = read_samples(answer.body);
    RC_ASSERT(results.size() == 1U);
    for (const auto& series : results[0]) got[series.labels] = series.samples.size();
    for (const auto& [text, list] : healthy.series) {
      RC_ASSERT(got[model::parse_series(text).value()] >= list.size());
    }
  }));
}

}  // namespace
}  // namespace mread::merger
