#include "scenarios/engine/fronted_topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Notes what is asked of it.
class RecordingTopology final : public Topology {
 public:
  explicit RecordingTopology(std::vector<std::string>& events) : events_(events) {}

  Result<void> start(const NodeSpec& spec, std::stop_token) override {
    events_.push_back("start " + spec.name + " as " + spec.kind);
    return {};
  }
  Result<void> act(const std::string& node, Act act, std::stop_token) override {
    events_.push_back(to_string(act) + (" " + node));
    return {};
  }
  Result<void> wait_ready(const std::string& node, std::chrono::milliseconds,
                          std::stop_token) override {
    events_.push_back("wait " + node);
    return {};
  }
  net::Url url(const std::string& node, uint16_t port) const override {
    return {net::Url::Scheme::http, node, port, "/"};
  }
  std::string address(const std::string& node, uint16_t port) const override {
    return node + ":" + std::to_string(port);
  }
  Result<std::string> log(const std::string& node) override { return "log of " + node; }
  Result<std::string> read_file(const std::string& node, const std::string& path) override {
    return path + " of " + node;
  }
  bool running(const std::string& node) override { return node == "a-itself"; }
  std::optional<UnaskedEnd> unasked_end(const std::string& node) override {
    if (node != lost) return std::nullopt;
    return UnaskedEnd{"exit status 2", std::chrono::milliseconds(1)};
  }
  std::optional<NodeUsage> usage(const std::string& node) override {
    return NodeUsage{std::chrono::nanoseconds(0), node.size()};
  }

  std::string lost;

 private:
  std::vector<std::string>& events_;
};

NodeSpec spec_of(const std::string& name, const std::string& kind, std::vector<uint16_t> ports) {
  NodeSpec spec;
  spec.name = name;
  spec.kind = kind;
  spec.ports = std::move(ports);
  return spec;
}

// Node a has a proxy in front, node b has none.
class FrontedTopologyTest : public testing::Test {
 protected:
  FrontedTopologyTest() {
    auto inner = std::make_unique<RecordingTopology>(events_);
    inner_ = inner.get();
    topology_ =
        with_fronts(std::move(inner), {{"a", {spec_of("a", "proxy", {9099, 9090}), "a-itself"}}});
  }
  std::vector<std::string> events_of(Act act) {
    events_.clear();
    EXPECT_TRUE(topology_->act("a", act, {}));
    return events_;
  }

  std::vector<std::string> events_;
  RecordingTopology* inner_ = nullptr;
  std::unique_ptr<Topology> topology_;
};

TEST_F(FrontedTopologyTest, StartsTheNodeAndThenTheProxyUnderItsName) {
  ASSERT_TRUE(topology_->start(spec_of("a", "prometheus", {9090}), {}));
  ASSERT_TRUE(topology_->start(spec_of("b", "prometheus", {9090}), {}));
  ASSERT_TRUE(topology_->wait_ready("a", {}, {}));
  EXPECT_THAT(events_, ElementsAre("start a-itself as prometheus", "start a as proxy",
                                   "start b as prometheus", "wait a-itself", "wait a"));
}

TEST_F(FrontedTopologyTest, OthersReachTheProxyAndARunReachesTheNode) {
  EXPECT_EQ(topology_->address("a", 9090), "a:9090");
  EXPECT_EQ(topology_->url("a", 9090).authority(), "a-itself:9090");
  EXPECT_EQ(topology_->url("a", 9099).authority(), "a:9099");
  EXPECT_EQ(topology_->url("b", 9099).authority(), "b:9099");
  EXPECT_EQ(topology_->log("a").value(), "log of a-itself");
  EXPECT_EQ(topology_->read_file("a", "query.log").value(), "query.log of a-itself");
  EXPECT_TRUE(topology_->running("a"));
  EXPECT_FALSE(topology_->running("b"));
  EXPECT_EQ(topology_->usage("a")->memory_bytes, 8u);
  EXPECT_EQ(topology_->usage("b")->memory_bytes, 1u);
  EXPECT_EQ(topology_->with_names("no answer of a-itself:9090"), "no answer of a:9090");
}

TEST_F(FrontedTopologyTest, ActsAreDoneToBoth) {
  EXPECT_THAT(events_of(Act::kill), ElementsAre("kill a", "kill a-itself"));
  EXPECT_THAT(events_of(Act::pause), ElementsAre("pause a", "pause a-itself"));
  EXPECT_THAT(events_of(Act::start), ElementsAre("start a-itself", "start a"));
  EXPECT_THAT(events_of(Act::resume), ElementsAre("resume a-itself", "resume a"));
  EXPECT_THAT(events_of(Act::restart), ElementsAre("stop a", "restart a-itself", "start a"));
  events_.clear();
  ASSERT_TRUE(topology_->act("b", Act::kill, {}));
  EXPECT_THAT(events_, ElementsAre("kill b"));
}

TEST_F(FrontedTopologyTest, AnEndOfEitherIsTheNodes) {
  EXPECT_FALSE(topology_->unasked_end("a"));
  for (const char* lost : {"a", "a-itself"}) {
    inner_->lost = lost;
    EXPECT_TRUE(topology_->unasked_end("a")) << lost;
  }
  EXPECT_FALSE(topology_->unasked_end("b"));
}

TEST(WithFronts, WithoutAFrontTheTopologyStaysAsItIs) {
  std::vector<std::string> events;
  auto inner = std::make_unique<RecordingTopology>(events);
  const Topology* const before = inner.get();
  EXPECT_EQ(with_fronts(std::move(inner), {}).get(), before);
  EXPECT_THAT(events, IsEmpty());
}

}  // namespace
}  // namespace mread::scenarios
