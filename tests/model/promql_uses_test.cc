#include "model/promql_uses.h"

#include <gmock/gmock.h>

#include "base/duration.h"

namespace mread::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Case {
  const char* name;
  const char* expression;
  std::vector<std::string> selectors;
  std::set<std::string> labels;
};

class PromqlUsesTest : public testing::TestWithParam<Case> {};

TEST_P(PromqlUsesTest, FindsSelectorsAndLabels) {
  const auto uses = promql_uses(GetParam().expression);
  ASSERT_TRUE(uses) << uses.error().context;
  std::vector<std::string> selectors;
  for (const SelectorUse& use : uses->selectors) selectors.push_back(to_string(use.matchers));
  EXPECT_EQ(selectors, GetParam().selectors);
  EXPECT_EQ(uses->labels, GetParam().labels);
}

INSTANTIATE_TEST_SUITE_P(
    Expressions, PromqlUsesTest,
    testing::Values(
        Case{"Name", "up", {"up"}, {}},
        Case{"Matchers", "up{job=\"a\"} == 0", {"up{job=\"a\"}"}, {}},
        Case{"SpaceBeforeTheBrace", "up {job=\"a\"}", {"up{job=\"a\"}"}, {}},
        Case{"BracesAlone", "{__name__=~\"a|b\", x=\"}\"}", {"{__name__=~\"a|b\",x=\"}\"}"}, {}},
        Case{"AggregationWithGroupingBefore",
             "sum by (job, instance) (rate(http_requests_total{code=~\"5..\"}[5m]))",
             {"http_requests_total{code=~\"5..\"}"},
             {"instance", "job"}},
        Case{"AggregationWithGroupingBehind",
             "sum(a) without (x) / sum(b) BY (y)",
             {"a", "b"},
             {"y"}},
        Case{"MetricsWithNamesOfAggregations", "count + sum", {"count", "sum"}, {}},
        Case{"Join",
             "a * on (pod) group_left (node, zone) kube_pod_info",
             {"a", "kube_pod_info"},
             {"node", "pod", "zone"}},
        Case{"JoinWithoutLabels", "a * ignoring(x) group_right b", {"a", "b"}, {}},
        Case{"SetOperators", "a and b or c unless d", {"a", "b", "c", "d"}, {}},
        Case{"OffsetAndAt", "a offset 5m - b @ 1609746000 + c @ end()", {"a", "b", "c"}, {}},
        Case{"Subquery", "max_over_time(rate(x[5m])[1h:30s])", {"x"}, {}},
        Case{"Numbers", "a > 1e-3 and b < 0x1F or c == Inf - .5", {"a", "b", "c"}, {}},
        Case{"Bool", "a > bool 1", {"a"}, {}},
        Case{"StringsAndComments",
             "label_replace(a, \"b\", \"$1\", 'c', `d`) # e\n + f",
             {"a", "f"},
             {}},
        Case{"RecordingRule", "job:requests:rate5m", {"job:requests:rate5m"}, {}},
        Case{"NoSelector", "time() - vector(1)", {}, {}}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(PromqlUses, AddsTheRangesAroundASelector) {
  const auto ranges = [](std::string_view expression) {
    std::vector<std::string> texts;
    const auto uses = promql_uses(expression);
    for (const SelectorUse& use : uses->selectors) texts.push_back(format_duration(use.range));
    return texts;
  };
  EXPECT_THAT(ranges("a + rate(b[5m]) / (c)"), ElementsAre("0s", "5m", "0s"));
  EXPECT_THAT(ranges("max_over_time((rate(a[5m]) + b)[1h:30s]) - c[1d]"),
              ElementsAre("1h5m", "1h", "1d"));
  EXPECT_THAT(ranges("sum by (x) (rate(a[ 5m ])) + max_over_time(vector(1)[1h:])"),
              ElementsAre("5m"));
  EXPECT_THAT(ranges("rate(a[5m * 2])"), ElementsAre("0s"));
}

TEST(PromqlUses, SaysWhatCannotBeRead) {
  EXPECT_THAT(promql_uses("up{job=\"a").error().context, HasSubstr("a string without an end"));
  EXPECT_THAT(promql_uses("sum(up").error().context, HasSubstr("a parenthesis without an end"));
  EXPECT_THAT(promql_uses("sum(up))").error().context,
              HasSubstr("offset 8: a parenthesis without"));
  EXPECT_THAT(promql_uses("rate(up[5m").error().context, HasSubstr("a bracket without an end"));
  EXPECT_THAT(promql_uses(" ").error().context, HasSubstr("an expression is missing"));
  EXPECT_THAT(promql_uses("up{job").error().context, HasSubstr("a brace without an end"));
  EXPECT_THAT(promql_uses("1 + up{job=~\"(\"}").error().context, HasSubstr("offset 12"));
}

}  // namespace
}  // namespace mread::model
