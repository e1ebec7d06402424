#include "scenarios/checks/oracle_scope.h"

#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

TEST(SelectedName, IsTheNameOfAMetricInAnExpression) {
  const std::set<std::string> names{"ALERTS", "job:up:sum", "a.metric"};
  const std::pair<const char*, const char*> cases[] = {
      {"ALERTS", "ALERTS"},
      {"count(ALERTS{alertstate=\"firing\"}) or vector(0)", "ALERTS"},
      {"rate(job:up:sum[5m]) > 1", "job:up:sum"},
      {"{__name__=\"ALERTS\"}", "ALERTS"},
      {"{job=\"x\", __name__ =~ \"ALER.+\"}", "ALERTS"},
      {"{__name__=~\"job:up:\\\\w+\"}", "job:up:sum"},
      {"{__name__!=\"up\"}", "ALERTS"},
      {"{__name__!~\"ALERTS|job.*\"}", "a.metric"},
      {"{\"a.metric\", job=\"x\"}", "a.metric"},
      {"{\"__name__\"=\"ALERTS\"}", "ALERTS"},
      {"up", ""},
      {"ALERTS_total", ""},
      {"my_ALERTS", ""},
      {"up{ALERTS=\"x\"}", ""},
      {"up{job=\"ALERTS\"}", ""},
      {"up # not ALERTS\n", ""},
      {"label_replace(up, \"ALERTS\", \"$1\", \"job\", \"(.*)\")", ""},
      {"{__name__=~\"up|node.*\"}", ""},
      {"{__name__=~\"(\"}", ""},
      {"{__name__=\"ALERTS", "ALERTS"},
  };
  for (const auto& [expr, name] : cases) EXPECT_EQ(selected_name(expr, names), name) << expr;
  EXPECT_EQ(selected_name("ALERTS", {}), "");
}

}  // namespace
}  // namespace mread::scenarios
