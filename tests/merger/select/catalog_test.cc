#include "merger/select/catalog.h"

#include <gtest/gtest.h>

#include "merger/fan_out/collector_model.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests

constexpr size_t plenty = 1'000'000;

std::vector<model::Matcher> selector(const std::string& text) {
  auto matchers = model::parse_selector(text);
  if (!matchers) throw std::invalid_argument(matchers.error().to_string());
  return *matchers;
}

bool could_hold(const Catalog& catalog, const std::string& text) {
  size_t budget = plenty;
  return catalog.could_hold(selector(text), budget);
}

CatalogBuilder builder(CatalogBuilder::Limits limits = {}) { return {1'000, limits}; }

// {job="x"} and {job="y",region="eu"} of metric up, the region being external.
Catalog by_values() {
  auto made = builder();
  for (const char* job : {"x", "y"}) made.add("job", job);
  made.add("__name__", "up");
  made.add("region", "eu");
  return made.finish();
}

struct Case {
  const char* name;
  const char* query;
  bool could;
};

class CatalogByValues : public ::testing::TestWithParam<Case> {};

TEST_P(CatalogByValues, DeniesWhatCannotBeThere) {
  EXPECT_EQ(could_hold(by_values(), GetParam().query), GetParam().could);
}

INSTANTIATE_TEST_SUITE_P(
    Matchers, CatalogByValues,
    ::testing::Values(Case{"MetricThatIsThere", "up", true}, Case{"MetricThatIsNot", "down", false},
                      Case{"ValueThatIsThere", "up{job=\"x\"}", true},
                      Case{"ValueThatIsNot", "up{job=\"z\"}", false},
                      Case{"LabelThatIsNowhere", "up{pod=\"1\"}", false},
                      Case{"LabelThatIsNowhereMayBeAbsent", "up{pod=\"\"}", true},
                      Case{"LabelThatIsNowhereIsNotAValue", "up{pod!=\"1\"}", true},
                      Case{"LabelThatIsNowhereMustBeThere", "up{pod!=\"\"}", false},
                      Case{"LabelThatIsThereMustBeThere", "up{job!=\"\"}", true},
                      Case{"LabelMayBeAbsent", "up{job=\"\"}", true},
                      Case{"ExternalLabel", "up{region=\"eu\"}", true},
                      Case{"OtherExternalLabel", "up{region=\"us\"}", false},
                      Case{"ListOfWordsWithOne", "up{region=~\"us|eu\"}", true},
                      Case{"ListOfWordsWithout", "up{region=~\"us|asia\"}", false},
                      Case{"ListOfWordsOrAbsent", "up{region=~\"us|\"}", true},
                      Case{"Expression", "up{region=~\"e.+\"}", true},
                      Case{"ExpressionWithout", "up{region=~\"u.+\"}", false},
                      Case{"ExpressionThatTakesNothing", "up{region=~\"u.*|\"}", true},
                      Case{"NotTheOnlyValue", "up{region!=\"eu\"}", true},
                      Case{"NotTheOnlyValueAndThere", "up{region!=\"eu\",region!=\"\"}", false},
                      Case{"NotAnyOfThem", "up{job!~\"x|y|\"}", false},
                      Case{"NotOneOfThem", "up{job!~\"x|\"}", true},
                      Case{"TwoThatDoNotMeet", "up{job=~\"x|z\",job!=\"x\"}", false},
                      // A collector takes the first for "absent", and that is not "eu".
                      Case{"ContradictionOnAnExternalLabel", "up{region=\"eu\",region!=\"eu\"}",
                           true},
                      Case{"ContradictionOnAnother", "up{region=\"us\",region!=\"us\"}", false},
                      Case{"ExternalAndNotAnother", "up{region=\"eu\",region!=\"us\"}", true}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Catalog, KnowsTheMetricsWhereItWasLearnedFromSeries) {
  auto made = builder();
  made.add_series({{"__name__", "a"}, {"region", "us"}});
  made.add_series({{"__name__", "b"}, {"region", "eu"}, {"job", "x"}});
  const Catalog catalog = made.finish();
  EXPECT_TRUE(catalog.knows_metrics());
  EXPECT_TRUE(could_hold(catalog, "a{region=\"us\"}"));
  EXPECT_FALSE(could_hold(catalog, "a{region=\"eu\"}"));
  EXPECT_FALSE(could_hold(catalog, "a{region=\"us\",job=\"x\"}"));
  EXPECT_TRUE(could_hold(catalog, "{__name__=~\"a|b\",region=~\"eu|asia\"}"));
  EXPECT_TRUE(could_hold(catalog, "b{job=~\"x|y\"}"));
  EXPECT_FALSE(could_hold(catalog, "{__name__=~\"a|c\",job=~\"x|y\"}"));
  EXPECT_TRUE(could_hold(catalog, "{__name__!=\"b\",region=\"eu\"}"))
      << "a metric that is not named is not looked up";
  EXPECT_TRUE(could_hold(catalog, "a{region=~\"e.*\"}")) << "nor is a value";
}

TEST(Catalog, AnEmptyOneDeniesEverything) { EXPECT_FALSE(could_hold(builder().finish(), "up")); }

TEST(Catalog, ALabelWithTooManyValuesMayHaveAny) {
  auto made = builder({2, 1U << 20});
  for (const char* value : {"x", "y", "y", "x", "z"}) made.add("id", value);
  for (const char* value : {"x", "y", "y", "x"}) made.add("job", value);
  const Catalog catalog = made.finish();
  EXPECT_TRUE(could_hold(catalog, "{id=\"w\"}"));
  EXPECT_FALSE(could_hold(catalog, "{job=\"w\"}"));
  EXPECT_EQ(catalog.open_labels(), 1u);
  EXPECT_EQ(catalog.values(), 2u);
}

TEST(Catalog, WhatDoesNotFitIntoMemoryMayBeThere) {
  auto made = builder({1000, 4096});
  for (int i = 0; i < 900; ++i) made.add("id", "a value that takes some room " + std::to_string(i));
  for (int i = 0; i < 900; ++i) made.add("label_" + std::to_string(i), "x");
  const Catalog catalog = made.finish();
  EXPECT_TRUE(could_hold(catalog, "{id=\"w\"}"));
  EXPECT_TRUE(could_hold(catalog, "{label_899=\"w\"}"));
  EXPECT_TRUE(could_hold(catalog, "{not_seen=\"w\"}"));
  EXPECT_LE(catalog.bytes(), 4096u);
}

TEST(Catalog, PairsThatDoNotFitAreLeftOut) {
  auto made = builder({100'000, 8192});
  for (int i = 0; i < 3000; ++i)
    made.add_series({{"__name__", "m" + std::to_string(i % 100)}, {"n", std::to_string(i)}});
  const Catalog catalog = made.finish();
  EXPECT_FALSE(catalog.knows_metrics());
  EXPECT_TRUE(could_hold(catalog, "m1{n=\"2\"}"));
  EXPECT_FALSE(could_hold(catalog, "m101"));
}

TEST(Catalog, ExpressionsAreHeldAgainstSoManyValuesOnly) {
  auto made = builder();
  for (int i = 0; i < 100; ++i) made.add("job", std::to_string(i));
  const Catalog catalog = made.finish();
  const auto query = selector("{job=~\"x.+\"}");
  size_t budget = 100;
  EXPECT_FALSE(catalog.could_hold(query, budget));
  EXPECT_EQ(budget, 0u);
  EXPECT_TRUE(catalog.could_hold(query, budget));
  EXPECT_FALSE(catalog.could_hold(selector("{job=\"x\"}"), budget)) << "a word is looked up";
}

TEST(Catalog, NeverDeniesWhatACollectorAnswersOrHolds) {
  int denied = 0;
  EXPECT_TRUE(rc::check([&denied] {
    const CollectorModel collector = some_collector();
    const auto matchers = some_matchers();
    CatalogBuilder::Limits limits;
    if (*rc::gen::inRange(0, 4) == 0) limits.values = *rc::gen::inRange<size_t>(1, 4);
    if (*rc::gen::inRange(0, 4) == 0) limits.bytes = *rc::gen::inRange<size_t>(1, 400);
    CatalogBuilder made(0, limits);
    const bool by_series = *rc::gen::arbitrary<bool>();
    if (by_series) {
      collector.learn_series(made);
    } else {
      collector.learn_values(made);
    }
    if (*rc::gen::inRange(0, 6) == 0)
      made.set_open(*rc::gen::element<std::string>("a", "region", "c"));
    if (*rc::gen::inRange(0, 6) == 0) made.set_names_unknown();
    size_t budget = *rc::gen::element<size_t>(0, 3, plenty);
    const Catalog catalog = made.finish();
    if (catalog.could_hold(matchers, budget)) return;
    ++denied;
    for (const model::LabelSet& series : collector.stored) {
      RC_ASSERT(!collector.answers(series, matchers));
      RC_ASSERT(!collector.holds(series, matchers));
    }
  }));
  EXPECT_GT(denied, 10) << "the property was never put to the test";
}

TEST(BloomFilter, NeverDeniesAndSeldomErrs) {
  std::vector<uint64_t> in;
  for (uint64_t i = 0; i < 20'000; ++i) in.push_back(std::hash<std::string>()(std::to_string(i)));
  const BloomFilter filter(in);
  for (const uint64_t hash : in) ASSERT_TRUE(filter.may_contain(hash));
  int wrong = 0;
  for (uint64_t i = 20'000; i < 40'000; ++i)
    wrong += filter.may_contain(std::hash<std::string>()(std::to_string(i)));
  EXPECT_LT(wrong, 400) << "of 20000";
  EXPECT_FALSE(BloomFilter({}).may_contain(1));
}

}  // namespace
}  // namespace mread::merger
