#include "scenarios/checks/alerts_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

// As Alertmanager 0.25.0 answers, shortened.
constexpr const char* two_alerts = R"([
  {"annotations":{"summary":"it is down"},"endsAt":"2026-11-27T15:00:00.000Z",
   "fingerprint":"9f2a","receivers":[{"name":"nobody"}],"startsAt":"2026-11-27T14:50:00.000Z",
   "status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},
   "generatorURL":"http://q:9090/graph","labels":{"alertname":"InstanceDown","instance":"b"}},
  {"annotations":{},"status":{"inhibitedBy":[],"silencedBy":["x"],"state":"suppressed"},
   "labels":{"alertname":"InstanceDown","instance":"a"}}])";

std::vector<model::Matcher> selector(const std::string& text) {
  return model::parse_selector(text).value();
}

TEST(ParseAlerts, AreSortedByLabels) {
  const auto answer = parse_alerts(two_alerts, {});
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->to_string(),
            "{alertname=\"InstanceDown\", instance=\"a\"} suppressed\n"
            "{alertname=\"InstanceDown\", instance=\"b\"} annotations {summary=\"it is down\"}");
  EXPECT_EQ(answer->to_string(1),
            "{alertname=\"InstanceDown\", instance=\"a\"} suppressed\n… 2 alerts");
}

TEST(ParseAlerts, KeepThoseThatMatch) {
  const auto answer = parse_alerts(two_alerts, selector("{instance=~\"b|c\"}"));
  ASSERT_TRUE(answer) << answer.error().to_string();
  ASSERT_EQ(answer->alerts.size(), 1u);
  EXPECT_EQ(answer->alerts[0].labels.get("instance"), "b");
  EXPECT_EQ(parse_alerts(two_alerts, selector("{alertname=\"Up\"}"))->to_string(), "no alert");
}

TEST(ParseAlerts, RefusesOtherText) {
  for (const char* body : {"", "<html>", "{}", "[1]", "[{}]",
                           R"([{"labels":{"a":1},"annotations":{},"status":{"state":"active"}}])",
                           R"([{"labels":{"a":"1"},"annotations":{},"status":{}}])",
                           R"([{"labels":{"":"1"},"annotations":{},"status":{"state":"x"}}])"})
    EXPECT_FALSE(parse_alerts(body, {})) << body;
}

}  // namespace
}  // namespace mread::scenarios
