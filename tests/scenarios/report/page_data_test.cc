#include "scenarios/report/page_data.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

namespace json = boost::json;

Report report() {
  TestResult test;
  test.id = "a-1";
  test.title = "a [x=1]";
  test.verdict = Verdict::fail;
  NodeResult query;
  query.name = "query";
  query.kind = "prometheus";
  query.version = "3.5.3";
  query.reads = {"a"};
  NodeResult a;
  a.name = "a";
  a.kind = "mock";
  query.usage = {{0.5, 12.6, 40.4}, {1, 50, 41}};
  a.usage = {{1, 3, 8}};
  a.requests = {{2.5, std::nullopt, "up", "in_progress", 0, 0, 0, "hang"},
                {1, 3.04, "up", "complete", 200, 11, 450, ""}};
  a.more_requests = 4;
  test.nodes = {query, a};
  test.course.length_s = 12.3456;
  test.course.events = {{0.5, std::nullopt, "a", "started", false}, {2, 6, "a", "hang", true}};
  test.course.questions = {{1.25, 20.04, "query", "up", "before", Outcome::told, "remote: a"}};
  CheckResult held;
  held.name = "up";
  held.node = "query";
  held.phase = "before";
  held.got = std::string(1000, 'x');
  held.duration_ms = 3.14159;
  CheckResult failed = held;
  failed.verdict = Verdict::fail;
  test.checks = {held, failed};
  test.load = LoadResult{};
  test.load->requests = {{1, 2.34, 0, false}, {2, 5, 51, true}};
  Report out;
  out.tests = {test};
  return out;
}

class PageDataTest : public testing::Test {
 protected:
  std::string text(const json::value& index) const {
    return std::string(data_.at("texts").at(index.to_number<size_t>()).get_string());
  }
  const json::value data_ = json::parse(page_data(report()));
  const json::value& test_ = data_.at("tests").at(0);
};

TEST_F(PageDataTest, HasTestsNodesAndEventsInRows) {
  EXPECT_EQ(text(test_.at("id")), "a-1");
  EXPECT_EQ(data_.at("verdicts").at(test_.at("verdict").to_number<size_t>()), "fail");
  EXPECT_EQ(test_.at("length_s").as_double(), 12.346);
  const json::value& query = test_.at("nodes").at(0);
  EXPECT_EQ(text(query.at(0)), "query");
  EXPECT_EQ(text(query.at(2)), "3.5.3");
  EXPECT_EQ(text(query.at(4).at(0)), "a");
  EXPECT_EQ(query.at(6), 0);
  EXPECT_EQ(test_.at("nodes").at(1).at(6), 1);
  EXPECT_TRUE(test_.at("events").at(0).at(1).is_null());
  EXPECT_EQ(text(test_.at("events").at(1).at(3)), "hang");
}

TEST_F(PageDataTest, HasQuestionsAndLoadsInRows) {
  const json::value& question = test_.at("questions").at(0);
  EXPECT_EQ(question.at(0).as_double(), 1.25);
  EXPECT_EQ(question.at(1), 20);
  EXPECT_EQ(data_.at("outcomes").at(question.at(5).to_number<size_t>()), "told");
  EXPECT_EQ(text(question.at(6)), "remote: a");
  EXPECT_EQ(json::serialize(test_.at("load")), "[[1,2.3E0,0,0],[2,5,51,1]]");
}

TEST_F(PageDataTest, HasTheRequestsOfMocksByTime) {
  const json::array& requests = test_.at("requests").as_array();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(text(requests[0].at(0)), "a");
  EXPECT_EQ(requests[0].at(1), 1);
  EXPECT_EQ(requests[0].at(2).as_int64(), 3);
  EXPECT_EQ(text(requests[0].at(3)), "up");
  EXPECT_EQ(text(requests[0].at(4)), "complete");
  EXPECT_EQ(requests[0].at(5), 200);
  EXPECT_EQ(requests[0].at(6), 11);
  EXPECT_TRUE(requests[1].at(2).is_null());
  EXPECT_EQ(text(requests[1].at(7)), "hang");
  EXPECT_EQ(test_.at("more_requests"), 4);
}

TEST_F(PageDataTest, HasUsageInColumnsOfCommonTimes) {
  const json::value& usage = test_.at("usage");
  EXPECT_EQ(json::serialize(usage.at("at_s")), "[5E-1,1]");
  EXPECT_EQ(text(usage.at("nodes").at(0).at(0)), "query");
  EXPECT_EQ(json::serialize(usage.at("nodes").at(0).at(1)), "[13,50]");
  EXPECT_EQ(json::serialize(usage.at("nodes").at(0).at(2)), "[40,41]");
  EXPECT_EQ(json::serialize(usage.at("nodes").at(1).at(1)), "[null,3]");
}

TEST(PageData, ShowsAtMostSoManyRequestsOfAMock) {
  Report many = report();
  many.tests[0].nodes[1].requests.assign(400, many.tests[0].nodes[1].requests[0]);
  const json::value data = json::parse(page_data(many));
  EXPECT_EQ(data.at("tests").at(0).at("requests").as_array().size(), 150U);
  EXPECT_EQ(data.at("tests").at(0).at("more_requests"), 254);
}

TEST(PageData, ShowsAtMostSoManyLooksAtUsage) {
  Report many = report();
  std::vector<UsageSample>& usage = many.tests[0].nodes[0].usage;
  usage.clear();
  many.tests[0].nodes[1].usage.clear();
  for (int i = 1; i <= 64; ++i) usage.push_back({i * 1.0, 50, 40});
  const json::value data = json::parse(page_data(many));
  const json::array& times = data.at("tests").at(0).at("usage").at("at_s").as_array();
  EXPECT_EQ(times.size(), 32U);
  EXPECT_EQ(times.front(), 2);
  EXPECT_EQ(times.back(), 64);
}

TEST_F(PageDataTest, CutsOnlyWhatHeld) {
  EXPECT_LT(text(test_.at("checks").at(0).at(7)).size(), 310U);
  EXPECT_EQ(text(test_.at("checks").at(1).at(7)).size(), 1000U);
  EXPECT_EQ(test_.at("checks").at(0).at(4).as_double(), 3.1);
}

TEST_F(PageDataTest, EachTextStandsOnce) {
  std::set<std::string> seen;
  for (const json::value& one : data_.at("texts").get_array())
    EXPECT_TRUE(seen.insert(std::string(one.get_string())).second) << one;
}

TEST(PageData, TextsAreUtf8) {
  Report broken = report();
  broken.tests[0].nodes[0].name = "a\xff\x1b[31m";
  const std::string data = page_data(broken);
  EXPECT_NO_THROW(json::parse(data));
  EXPECT_EQ(data.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace mread::scenarios
