#include "scenarios/running/oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

using namespace fakes;
using testing::ElementsAre;

class OracleTest : public testing::Test {
 protected:
  OracleTest() {
    asker_.on_read = [this](const std::string& node, int64_t, int64_t) { return reads_[node]; };
    test_.nodes = {node("query", "prometheus", true), node("a", "prometheus"), node("b", "mock"),
                   node("merge", "merger", true), node("exporter", "node_exporter")};
  }

  static model::Series series(const std::string& labels, std::vector<model::Sample> samples) {
    return {model::parse_series(labels).value(), std::move(samples), {}};
  }

  Events events_;
  FakeAsker asker_{events_};
  scenarios::Test test_;
  std::map<std::string, ReadAnswer> reads_;
};

TEST_F(OracleTest, IsTheUnionWithEveryNewSampleOnce) {
  reads_["a"].series = {series("foo", {model::Sample::of(1000, 1)})};
  reads_["b"].series = {series("foo", {model::Sample::of(1000, 1), model::Sample::of(2000, 2)})};
  Oracle oracle(test_, "oracle", {}, asker_);
  ASSERT_TRUE(oracle.sync(10'000, {}, {}));
  reads_["a"].series[0].samples.push_back(model::Sample::of(3000, 3));
  ASSERT_TRUE(oracle.sync(20'000, {}, {}));
  EXPECT_THAT(events_.list(), ElementsAre("read a", "write oracle foox1", "read b",
                                          "write oracle foox1", "read a", "write oracle foox1"))
      << "a mock's data do not grow, so it is read once";
  EXPECT_EQ(oracle.series(), 1u);
  EXPECT_EQ(oracle.conflicts(), 0u);
}

TEST_F(OracleTest, CountsConflictsAndKeepsTheFirst) {
  reads_["a"].series = {series("foo", {model::Sample::of(1000, 1)})};
  reads_["b"].series = {series("foo", {model::Sample::of(1000, 2)})};
  Oracle oracle(test_, "oracle", {}, asker_);
  ASSERT_TRUE(oracle.sync(10'000, {}, {}));
  EXPECT_EQ(oracle.conflicts(), 1u);
  EXPECT_THAT(events_.list(), ElementsAre("read a", "write oracle foox1", "read b"));
}

TEST_F(OracleTest, TakesReplicaLabelsOff) {
  reads_["a"].series = {series("foo{replica=\"r1\"}", {model::Sample::of(1000, 1)})};
  reads_["b"].series = {series("foo{replica=\"r2\"}", {model::Sample::of(1000, 1)})};
  Oracle oracle(test_, "oracle", {"replica"}, asker_);
  ASSERT_TRUE(oracle.sync(10'000, {}, {}));
  EXPECT_EQ(oracle.series(), 1u);
}

TEST_F(OracleTest, HoldsWhatQueryNodesHaveThemselves) {
  auto query = std::make_shared<FakeNode>("query", "prometheus", "", true);
  query->input_.push_back(mockstore::InputSeries::parse("own", "1x2").value());
  test_.nodes[0].node = query;
  Oracle oracle(test_, "oracle", {}, asker_);
  ASSERT_TRUE(oracle.sync(10'000, {}, {}));
  EXPECT_EQ(events_.list().front(), "write oracle ownx3");
}

TEST_F(OracleTest, PassesOverNodesThatAreAway) {
  reads_["b"].series = {series("foo", {model::Sample::of(1000, 2)})};
  Oracle oracle(test_, "oracle", {}, asker_);
  ASSERT_TRUE(oracle.sync(10'000, {"a"}, {}));
  EXPECT_THAT(events_.list(), ElementsAre("read b", "write oracle foox1"));
}

TEST_F(OracleTest, AnUnreadableNodeAndAnEmptyUnionAreErrors) {
  reads_["a"].error = "connection refused";
  Oracle oracle(test_, "oracle", {}, asker_);
  const auto unreadable = oracle.sync(10'000, {}, {});
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().context, "the oracle cannot read a: connection refused");
  reads_["a"].error.clear();
  const auto empty = oracle.sync(10'000, {}, {});
  ASSERT_FALSE(empty);
  EXPECT_TRUE(empty.error().is(Errc::not_found));
}

}  // namespace
}  // namespace mread::scenarios
