#include "scenarios/rules/alert_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::IsEmpty;

class AlertStatesTest : public testing::Test {
 protected:
  AlertStatesTest() {
    rule_.name = "A";
    rule_.labels = {{"severity", "page"}};
    rule_.annotations = {{"s", "{{ $labels.i }} {{ $value }}"}};
  }

  // Steps a minute apart: whether the expression has the sample x{i="1"}, and what fires then.
  std::string fires(const std::string& steps) {
    AlertStates states(rule_, rules_);
    std::string out;
    std::chrono::milliseconds at{0};
    for (const char step : steps) {
      EXPECT_TRUE(states.step(
          at, step == '1' ? std::vector<RuleSample>{sample("1", 1)} : std::vector<RuleSample>{}));
      out += states.firing().empty() ? '.' : 'F';
      at += 1min;
    }
    return out;
  }

  static RuleSample sample(const std::string& i, double value) {
    return {{{"__name__", "x"}, {"i", i}}, value};
  }

  TestedRule rule_;
  RuleSet rules_;
};

TEST_F(AlertStatesTest, FiresAtOnceWithoutFor) { EXPECT_EQ(fires("0110"), ".FF."); }

TEST_F(AlertStatesTest, FiresOnceTheExpressionHasHeldForItsTime) {
  rule_.hold = 2min;
  EXPECT_EQ(fires("11111"), "..FFF");
  EXPECT_EQ(fires("11011101"), ".....F..") << "a gap begins again";
}

TEST_F(AlertStatesTest, KeepsFiringForItsTime) {
  rule_.keep_firing = 2min;
  EXPECT_EQ(fires("110000"), "FFFF..");
  EXPECT_EQ(fires("1010001"), "FFFFF.F") << "a sample begins the time again";
  rule_.hold = 1min;
  EXPECT_EQ(fires("1000"), "....") << "what is pending is not kept";
}

TEST_F(AlertStatesTest, HasTheLabelsOfSampleAndRuleAndTheLastAnnotations) {
  AlertStates states(rule_, rules_);
  ASSERT_TRUE(states.step(0s, {sample("1", 5)}));
  ASSERT_TRUE(states.step(1min, {sample("1", 7)}));
  const FiringAlert want{{{"alertname", "A"}, {"i", "1"}, {"severity", "page"}}, {{"s", "1 7"}}};
  EXPECT_THAT(states.firing(), ElementsAre(want));
}

TEST_F(AlertStatesTest, RefusesTwoAlertsWithTheSameLabels) {
  rule_.labels = {{"i", "one"}};
  AlertStates states(rule_, rules_);
  const auto done = states.step(0s, {sample("1", 5), sample("2", 5)});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().context, testing::HasSubstr("same labelset"));
  EXPECT_THAT(states.firing(), IsEmpty());
}

TEST_F(AlertStatesTest, RefusesMoreAlertsThanTheLimit) {
  rule_.limit = 1;
  AlertStates states(rule_, rules_);
  EXPECT_TRUE(states.step(0s, {sample("1", 5)}));
  const auto done = states.step(1min, {sample("1", 5), sample("2", 5)});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().context, "exceeded limit of 1 with 2 alerts");
}

TEST_F(AlertStatesTest, WritesStateAndBeginningAsSeries) {
  rule_.hold = 1min;
  AlertStates states(rule_, rules_);
  ASSERT_TRUE(states.step(1min, {sample("1", 5)}));
  const auto at_first = states.samples(100);
  ASSERT_EQ(at_first.size(), 2u);
  EXPECT_EQ(at_first[0].labels.to_string(),
            R"(ALERTS{alertname="A", alertstate="pending", i="1", severity="page"})");
  EXPECT_EQ(at_first[1].labels.to_string(),
            R"(ALERTS_FOR_STATE{alertname="A", i="1", severity="page"})");
  EXPECT_EQ(at_first[1].value, 160);
  ASSERT_TRUE(states.step(2min, {sample("1", 5)}));
  EXPECT_EQ(states.samples(100)[0].labels.get("alertstate"), "firing");
  EXPECT_EQ(states.samples(100)[1].value, 160);
}

TEST_F(AlertStatesTest, NamesTheTemplatesThatAreNotKnown) {
  rule_.labels = {{"severity", "{{ if $value }}x{{ end }}"}};
  rule_.annotations = {{"s", "{{ query \"up\" }}"}, {"t", "{{ $value }}"}};
  AlertStates states(rule_, rules_);
  ASSERT_TRUE(states.step(0s, {sample("1", 5)}));
  EXPECT_THAT(states.unknown_labels(), ElementsAre(testing::Pair("severity", "{{ if $value }}")));
  EXPECT_THAT(states.unknown_annotations(), ElementsAre(testing::Pair("s", "{{ query \"up\" }}")));
}

}  // namespace
}  // namespace mread::scenarios
