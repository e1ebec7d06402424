#include "probe/answer_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::probe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

model::Series series(model::LabelSet labels, std::vector<model::Sample> samples) {
  return {std::move(labels), std::move(samples), {}};
}

ReadReply reply(std::vector<model::Series> all) {
  ReadReply out;
  out.series = std::move(all);
  return out;
}

model::Series up(const std::string& job, std::vector<model::Sample> samples) {
  return series({{"__name__", "up"}, {"job", job}}, std::move(samples));
}

const model::Sample one = model::Sample::of(1'000, 1);
const model::Sample two = model::Sample::of(2'000, 2);

std::vector<std::string> account(const AnswerDifference& difference) {
  std::vector<std::string> out;
  for (const Difference& d : difference.first)
    out.push_back(std::string(to_string(d.kind)) + ": " + d.series + ": " + d.text);
  return out;
}

struct Case {
  std::string name;
  std::vector<model::Series> a, b;
  std::vector<std::string> want;
};

TEST(AnswerDifference, TellsEachKind) {
  const model::Series h40{{{"__name__", "h"}}, {}, {{1'000, model::Histogram{}}}};
  model::Series reset = h40;
  reset.histograms[0].histogram.counter_reset_hint = model::CounterResetHint::yes;
  for (const Case& c : std::vector<Case>{
           {"equal", {up("a", {one, two})}, {up("a", {one, two})}, {}},
           {"a series only in the second",
            {},
            {up("a", {one})},
            {"missing series: up{job=\"a\"}: only in the second, with 1 sample"}},
           {"a series more often in the first",
            {up("a", {one}), up("a", {two})},
            {up("a", {one})},
            {"missing series: up{job=\"a\"}: only in the first, with 1 sample"}},
           {"other labels of the same samples",
            {series({{"__name__", "up"}, {"job", "a"}, {"replica", "r1"}}, {one})},
            {up("a", {one})},
            {"labels: up{job=\"a\", replica=\"r1\"}: in the second, up{job=\"a\"} has its "
             "samples"}},
           {"the same samples under another metric",
            {series({{"__name__", "x"}}, {one})},
            {series({{"__name__", "y"}}, {one})},
            {"missing series: x: only in the first, with 1 sample",
             "missing series: y: only in the second, with 1 sample"}},
           {"a missing sample",
            {up("a", {one, two})},
            {up("a", {two})},
            {"missing samples: up{job=\"a\"}: 1970-01-01T00:00:01Z = 1 only in the first"}},
           {"NaNs that differ in their bits",
            {up("a", {{1'000, model::normal_nan_bits}})},
            {up("a", {{1'000, model::normal_nan_bits + 1}})},
            {"values: up{job=\"a\"}: 1970-01-01T00:00:01Z = NaN (0x7ff8000000000001) in the "
             "first, NaN (0x7ff8000000000002) in the second"}},
           {"series in another order",
            {up("a", {one}), up("b", {two})},
            {up("b", {two}), up("a", {one})},
            {"order: up{job=\"b\"}: after up{job=\"a\"} in the first, before it in the second"}},
           {"samples in another order",
            {up("a", {one, two})},
            {up("a", {two, one})},
            {"order: up{job=\"a\"}: the same samples in another order"}},
           {"a histogram's hint",
            {h40},
            {reset},
            {"values: h: 1970-01-01T00:00:01Z = {{}} (integer) in the first, "
             "{{counter_reset_hint:reset}} (integer) in the second"}},
       }) {
    const AnswerDifference difference = compare_answers(reply(c.a), reply(c.b));
    EXPECT_EQ(account(difference), c.want) << c.name;
    EXPECT_EQ(difference.total(), c.want.size()) << c.name;
    EXPECT_EQ(difference.equal(), c.want.empty()) << c.name;
  }
}

TEST(AnswerDifference, TellsTheResponseType) {
  ReadReply streamed = reply({up("a", {one})});
  streamed.response_type = model::ResponseType::streamed_xor_chunks;
  const AnswerDifference difference = compare_answers(reply({up("a", {one})}), streamed);
  EXPECT_THAT(account(difference),
              ElementsAre("response type: : SAMPLES in the first, STREAMED_XOR_CHUNKS in the "
                          "second"));
  EXPECT_EQ(difference.equal_series, 1U);
}

TEST(AnswerDifference, CountsSamplesAndShowsTheFirst) {
  const ReadReply a = reply({up("a", {one, two, model::Sample::of(3'000, 3)}), up("b", {one})});
  const ReadReply b =
      reply({up("a", {model::Sample::of(1'000, 5), model::Sample::of(2'000, 6)}), up("b", {one})});
  const AnswerDifference difference = compare_answers(a, b);
  EXPECT_EQ(difference.counts[static_cast<size_t>(DifferenceKind::values)], 2U);
  EXPECT_EQ(difference.counts[static_cast<size_t>(DifferenceKind::missing_samples)], 1U);
  EXPECT_EQ(difference.equal_series, 1U);
  ASSERT_EQ(difference.first.size(), 2U);
  EXPECT_THAT(difference.first[1].text, HasSubstr("= 1 in the first, 5 in the second, and 1 more"));
  EXPECT_THAT(compare_answers(a, b, 0).first, IsEmpty());
  EXPECT_EQ(compare_answers(a, b, 0).total(), 3U);
}

}  // namespace
}  // namespace mread::probe
