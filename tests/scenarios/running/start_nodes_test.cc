#include "scenarios/running/start_nodes.h"

#include <algorithm>
#include <condition_variable>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

using namespace fakes;
using testing::ElementsAre;
using testing::HasSubstr;
using std::chrono_literals::operator""s;

NodeDeclaration merger_of(const std::string& name, std::vector<std::string> read) {
  auto kind = std::make_shared<FakeNode>(name, "merger", "", true);
  kind->node_uses.read = std::move(read);
  return {name, "merger", "", std::move(kind), false};
}

// A start ends when as many have begun as the test waits for.
class MeetingTopology final : public FakeTopology {
 public:
  using FakeTopology::FakeTopology;

  Result<void> start(const NodeSpec& spec, std::stop_token stop) override {
    {
      std::unique_lock lock(mutex_);
      ++begun_;
      met_.notify_all();
      if (!met_.wait_for(lock, 30s, [this] { return begun_ >= wanted; }))
        return fail(Errc::deadline, "nobody started at the same time");
    }
    return FakeTopology::start(spec, std::move(stop));
  }

  size_t wanted = 1;

 private:
  std::mutex mutex_;
  std::condition_variable met_;
  size_t begun_ = 0;
};

class StartNodesTest : public testing::Test {
 protected:
  Result<void> start(Topology& topology) {
    std::vector<NodeSpec> specs;
    for (const NodeDeclaration& node : test_.nodes) {
      specs.push_back(node.node->make_spec(context_).value());
    }
    StartOptions options;
    options.starting = [this](const NodeDeclaration& node) {
      events_.add("starting " + node.name);
    };
    options.started = [this](const NodeDeclaration& node) { events_.add("started " + node.name); };
    return start_nodes(test_, specs, context_, topology, ports_, options, {});
  }

  size_t place_of(const std::string& event) const {
    const auto events = events_.list();
    return static_cast<size_t>(std::find(events.begin(), events.end(), event) - events.begin());
  }

  scenarios::Test test_;
  NodeContext context_;
  Events events_;
  FakeClock clock_;
  std::map<std::string, NodePorts> ports_;
};

TEST_F(StartNodesTest, NodesOfOneRankStartSideBySide) {
  test_.nodes = {node("a", "prometheus"), node("b", "mock"), node("c", "mock"), node("d", "mock")};
  MeetingTopology topology(events_, clock_);
  topology.wanted = 4;
  const auto started = start(topology);
  ASSERT_TRUE(started) << started.error().to_string();
  EXPECT_EQ(ports_.size(), 4u);
}

TEST_F(StartNodesTest, DataStartsBeforeMergersAndQueryNodes) {
  test_.nodes = {node("query", "prometheus", true), merger_of("m", {"a", "b"}), node("a", "mock"),
                 node("b", "mock")};
  FakeTopology topology(events_, clock_);
  ASSERT_TRUE(start(topology));
  EXPECT_LT(place_of("started a"), place_of("starting m"));
  EXPECT_LT(place_of("started b"), place_of("starting m"));
  EXPECT_LT(place_of("started m"), place_of("starting query"));
}

TEST_F(StartNodesTest, AMergerStartsAfterTheOnesThatItReads) {
  test_.nodes = {merger_of("lower", {}), merger_of("upper", {"lower"}),
                 merger_of("top", {"upper"})};
  FakeTopology topology(events_, clock_);
  ASSERT_TRUE(start(topology));
  EXPECT_THAT(events_.list(), ElementsAre("starting lower", "start lower", "started lower",
                                          "starting upper", "start upper", "started upper",
                                          "starting top", "start top", "started top"));
}

TEST_F(StartNodesTest, TwoThatReadEachOtherStart) {
  test_.nodes = {merger_of("a", {"b"}), merger_of("b", {"a"})};
  FakeTopology topology(events_, clock_);
  ASSERT_TRUE(start(topology));
  EXPECT_LT(place_of("started a"), place_of("starting b"));
}

TEST_F(StartNodesTest, AFailureNamesItsNodeAndLaterRanksDoNotStart) {
  test_.nodes = {node("a", "mock"), node("b", "mock"), node("query", "prometheus", true)};
  FakeTopology topology(events_, clock_);
  topology.fails_to_start = "b";
  const auto started = start(topology);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().to_string(), HasSubstr("b: it exited with 1"));
  EXPECT_THAT(events_.list(), testing::Not(testing::Contains("starting query")));
}

TEST_F(StartNodesTest, MoreNodesThanStartAtOnceAllStart) {
  for (int i = 0; i < 50; ++i)
    test_.nodes.push_back(node("collector-" + std::to_string(i), "mock"));
  FakeTopology topology(events_, clock_);
  ASSERT_TRUE(start(topology));
  EXPECT_EQ(ports_.size(), 50u);
}

}  // namespace
}  // namespace mread::scenarios
