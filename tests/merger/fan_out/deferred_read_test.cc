// SAMPLES answers that are read only while they are merged, and those that are passed on: the same
// answer as without.

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"
#include "wire/labels/labels_view.h"
#include "wire/snappy/snappy_block.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests

constexpr int64_t begin_ms = 1'760'000'000'000;
constexpr int64_t end_ms = begin_ms + 1'000'000;

std::string samples_form(const std::vector<std::string>& names, double value = 1) {
  std::vector<SamplesSeries> series;
  for (const auto& name : names)
    series.push_back({labels(name), samples(begin_ms, 1000, {value, 0, 2.5, value}), ""});
  return samples_body(series);
}

const std::string two = samples_form({"up{job=\"a\"}", "up{job=\"b\"}"});

Answer read(const config::Config& config, const std::vector<std::string>& bodies, bool defer = true,
            int64_t from_ms = begin_ms, int64_t to_ms = end_ms) {
  std::vector<Script> scripts;
  for (const auto& body : bodies) {
    scripts.push_back(Script::samples_form(body));
    scripts.back().piece_bytes = 7 + scripts.size();
  }
  FanOutDriver driver(config, scripts);
  driver.options.defer_samples = defer;
  return driver.run(request({"up"}, from_ms, to_ms, false));
}

void expect_passed_on(const config::Config& config, const std::vector<std::string>& bodies) {
  const Answer answer = read(config, bodies);
  const Answer merged = read(config, bodies, false);
  EXPECT_EQ(answer.body, two);
  EXPECT_NE(merged.body, two);
  EXPECT_EQ(show(read_samples(answer.body).at(0)), show(read_samples(merged.body).at(0)));
  EXPECT_EQ(answer.outcome.series_out, 2U);
  EXPECT_EQ(answer.outcome.samples_out, 8U);
  for (size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ(answer.outcome.backends[i].series, merged.outcome.backends[i].series);
    EXPECT_EQ(answer.outcome.backends[i].state, BackendOutcome::State::complete);
  }
}

TEST(DeferredReadTest, TheOnlyAnswerIsPassedOn) { expect_passed_on(config_of(1), {two}); }
TEST(DeferredReadTest, AnswersWithTheSameBytesArePassedOn) {
  expect_passed_on(config_of(2), {two, two});
  expect_passed_on(config_of(5), {two, two, two, two, two});
}
TEST(DeferredReadTest, AnswersWithoutSeriesDoNotMatter) {
  expect_passed_on(config_of(3), {samples_form({}), two, samples_form({})});
}
TEST(DeferredReadTest, WhatAFailedBackendGaveDoesNotMatter) {
  std::string broken = two;
  broken.back() ^= 0x40;
  const Answer answer = read(config_of(2, "partial: any\n"), {"", two});
  EXPECT_EQ(answer.body, two);
  EXPECT_NE(answer.partial, "");
}

struct MergedCase {
  const char* name;
  std::string config;
  std::vector<std::string> bodies;
  int64_t from_ms = begin_ms;
  int64_t to_ms = end_ms;
};
void PrintTo(const MergedCase& merged, std::ostream* out) { *out << merged.name; }
class MergedTest : public ::testing::TestWithParam<MergedCase> {};

// Answers that are not passed on: the bytes are those of a merge.
TEST_P(MergedTest, IsNotPassedOn) {
  const MergedCase& given = GetParam();
  const config::Config config = config_of(given.bodies.size(), given.config);
  const Answer answer = read(config, given.bodies, true, given.from_ms, given.to_ms);
  const Answer merged = read(config, given.bodies, false, given.from_ms, given.to_ms);
  EXPECT_EQ(answer.status, merged.status);
  EXPECT_EQ(answer.partial, merged.partial);
  EXPECT_EQ(answer.body, merged.body);
  EXPECT_EQ(answer.outcome.series_out, merged.outcome.series_out);
  EXPECT_EQ(answer.outcome.samples_out, merged.outcome.samples_out);
  EXPECT_EQ(answer.outcome.conflicts, merged.outcome.conflicts);
  EXPECT_NE(answer.body, given.bodies[0]);
}

std::string one_series(const std::string& labels_wire, const Samples& list,
                       const std::string& histograms = "") {
  return samples_body({{labels_wire, list, histograms}});
}

std::string with_extra_byte(std::string block) {
  const std::string whole = wire::uncompress(block, 1 << 20).value();
  return wire::compress(whole + std::string("\x10\x01", 2));  // A field that nobody knows.
}

INSTANTIATE_TEST_SUITE_P(
    Table, MergedTest,
    ::testing::Values(
        MergedCase{"OtherSamples", "", {two, samples_form({"up{job=\"a\"}", "up{job=\"b\"}"}, 7)}},
        MergedCase{"OtherSeries", "", {two, samples_form({"up{job=\"a\"}", "up{job=\"c\"}"})}},
        MergedCase{"Trimmed", "", {two, two}, begin_ms + 1000, end_ms},
        MergedCase{"TrimmedBehind", "", {two, two}, begin_ms, begin_ms + 1000},
        MergedCase{"Unsorted", "", {samples_form({"up{job=\"b\"}", "up{job=\"a\"}"})}},
        MergedCase{"Twice", "", {samples_form({"up{job=\"a\"}", "up{job=\"a\"}"})}},
        MergedCase{"TwiceEach",
                   "",
                   {samples_form({"up{job=\"a\"}", "up{job=\"a\"}"}),
                    samples_form({"up{job=\"a\"}", "up{job=\"a\"}"})}},
        MergedCase{"LabelsUnsorted",
                   "",
                   {one_series(raw_labels({{"b", "1"}, {"a", "1"}}), samples(begin_ms, 1, {1}))}},
        MergedCase{
            "TimesUnsorted", "", {one_series(labels("up"), samples(begin_ms + 9, -1, {1, 2, 3}))}},
        MergedCase{"TimesTwice", "", {one_series(labels("up"), samples(begin_ms, 0, {1, 2, 2}))}},
        MergedCase{"Years", "", {one_series(labels("up"), samples(5000, 1, {1, 2, 3}))}, 0, end_ms},
        MergedCase{"UnknownField", "", {with_extra_byte(two)}},
        MergedCase{"ReplicaLabels", "merge: {replica_labels: [job]}\n", {two, two}},
        MergedCase{
            "Gapfill", "merge: {dedup: gapfill}\n", {two, samples_form({"up{job=\"a\"}"}, 3)}},
        MergedCase{"LimitOfSeries", "limits: {series: 1}\n", {two, two}},
        MergedCase{"LimitOfSamples", "limits: {samples: 7}\n", {two, two}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// What it takes to tell is there at the end of a body only, after much of it has been merged.
TEST(DeferredReadTest, BrokenAnswersAreLeftOutAsAWhole) {
  std::vector<std::string> names;
  for (int i = 100; i < 900; ++i) names.push_back("up{job=\"" + std::to_string(i) + "\"}");
  const std::string healthy = samples_form(names, 3);
  std::string broken = samples_form(names, 4);
  broken.resize(broken.size() - 2);
  const config::Config config = config_of(2, "partial: any\n");
  for (const auto& bodies :
       {std::vector<std::string>{healthy, broken}, std::vector<std::string>{broken, healthy},
        std::vector<std::string>{broken, broken}}) {
    const Answer answer = read(config, bodies);
    const Answer merged = read(config, bodies, false);
    EXPECT_EQ(answer.status, merged.status);
    EXPECT_EQ(answer.partial, merged.partial);
    EXPECT_EQ(answer.outcome.partial, merged.outcome.partial);
    EXPECT_EQ(answer.outcome.conflicts, merged.outcome.conflicts);
    if (answer.status != 200) {
      EXPECT_EQ(answer.body, merged.body);
      continue;
    }
    EXPECT_EQ(show(read_samples(answer.body).at(0)), show(read_samples(merged.body).at(0)));
  }
  EXPECT_EQ(read(config_of(2), {healthy, broken}).status, 503);
}

std::string random_body() {
  std::vector<SamplesSeries> series;
  const int count = *rc::gen::inRange(0, 12);
  for (int i = 0; i < count; ++i) {
    std::string name = "up{job=\"" + std::to_string(*rc::gen::inRange(i, i + 2)) + "\"}";
    Samples list;
    int64_t t = begin_ms + *rc::gen::inRange(-3000, 3000);
    for (int k = *rc::gen::inRange(0, 40); k > 0; --k) {
      list.push_back(model::Sample::of(t, *rc::gen::inRange(0, 3)));
      t += *rc::gen::inRange(k % 13 == 7 ? 0 : 1, 5) * 500;
    }
    series.push_back(
        {*rc::gen::inRange(0, 60) == 0 ? raw_labels({{"z", "1"}, {"a", ""}}) : labels(name), list,
         ""});
  }
  if (*rc::gen::inRange(0, 5) != 0) {
    std::stable_sort(series.begin(), series.end(),
                     [](const SamplesSeries& a, const SamplesSeries& b) {
                       return wire::compare_labels(a.labels_wire, b.labels_wire) < 0;
                     });
  }
  return samples_body(series);
}

TEST(DeferredReadProperty, SaysTheSameAsWithoutIt) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Script> scripts;
    const auto backends = *rc::gen::inRange<size_t>(1, 5);
    const bool same = *rc::gen::inRange(0, 3) == 0;
    const std::string shared = random_body();
    for (size_t i = 0; i < backends; ++i) {
      std::string body = same || *rc::gen::inRange(0, 4) == 0 ? shared : random_body();
      const int damage = *rc::gen::inRange(0, 12);
      if (damage == 0) body.resize(*rc::gen::inRange<size_t>(0, body.size() + 1));
      if (damage == 1 && !body.empty()) body[*rc::gen::inRange<size_t>(0, body.size())] ^= 0x08;
      scripts.push_back(damage == 2 ? Script::streamed(frame("up{job=\"3\"}",
                                                             samples(begin_ms, 700, {1, 2, 1, 2})))
                                    : Script::samples_form(body));
      scripts.back().piece_bytes = *rc::gen::element<size_t>(1, 30, 1000);
    }
    std::string more = *rc::gen::element<std::string>("", "partial: any\n", "partial: all\n");
    if (*rc::gen::inRange(0, 4) == 0) more += "limits: {series: 8, samples: 100}\n";
    if (*rc::gen::inRange(0, 4) == 0) more += "merge: {dedup: gapfill}\n";
    const config::Config config = config_of(backends, more);
    const int64_t from_ms = *rc::gen::element<int64_t>(0, begin_ms, begin_ms + 1000);
    const auto read_with = [&](bool defer) {
      FanOutDriver driver(config, scripts);
      driver.options.defer_samples = defer;
      return driver.run(request({"up"}, from_ms, end_ms, false));
    };
    const Answer with = read_with(true);
    const Answer without = read_with(false);
    RC_ASSERT((with.status == 200) == (without.status == 200));
    // What a refusal names first, a limit or a bad answer, depends on what is read first.
    if (with.status == 400 || without.status == 400) return;
    RC_ASSERT(with.partial == without.partial);
    RC_ASSERT(with.outcome.partial == without.outcome.partial);
    if (with.status != 200) {
      RC_ASSERT(with.body == without.body);
      return;
    }
    RC_ASSERT(show(read_samples(with.body).at(0)) == show(read_samples(without.body).at(0)));
    RC_ASSERT(with.outcome.conflicts == without.outcome.conflicts);
    RC_ASSERT(with.outcome.series_out == without.outcome.series_out);
    RC_ASSERT(with.outcome.samples_out == without.outcome.samples_out);
    for (size_t i = 0; i < backends; ++i) {
      const BackendOutcome& a = with.outcome.backends[i];
      const BackendOutcome& b = without.outcome.backends[i];
      RC_ASSERT(a.state == b.state);
      RC_ASSERT(a.error.has_value() == b.error.has_value());
      if (a.error) RC_ASSERT(a.error->to_string() == b.error->to_string());
      if (!a.error) RC_ASSERT(a.series == b.series);
      RC_ASSERT(a.bytes == b.bytes);
    }
  }));
}

}  // namespace
}  // namespace mread::merger
