#include "manifests/plan.h"

#include <gmock/gmock.h>

#include "manifests/scenario.h"

namespace mread::manifests {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PlanTest : public ManifestsTest {};

TEST_F(PlanTest, ANodeKeepsItsNamesPortsAndFiles) {
  const Plan pair = plan(pair_scenario);
  EXPECT_EQ(pair.name, "pair");
  ASSERT_EQ(pair.nodes.size(), 4u);
  const PlannedNode& query = node_of(pair, "query");
  EXPECT_EQ(query.image, "quay.io/prometheus/prometheus:v3.5.3");
  EXPECT_THAT(query.ports, ElementsAre(9090));
  EXPECT_EQ(query.ready_path, "/-/ready");
  EXPECT_THAT(query.args, Contains("--config.file=/mread/prometheus.yml"));
  EXPECT_THAT(query.args, Contains("--web.listen-address=0.0.0.0:9090"));
  ASSERT_EQ(query.files.size(), 2u);
  EXPECT_EQ(query.files[0].path, "prometheus.yml");
  EXPECT_THAT(query.files[0].text, HasSubstr("http://merge:9095/api/v1/read"));
  EXPECT_TRUE(query.files[0].is_secret) << "it has a password";
  EXPECT_FALSE(query.files[1].is_secret);
}

TEST_F(PlanTest, ReplicasAreTheNodesWithTheSameSeries) {
  const Plan pair = plan(pair_scenario);
  EXPECT_EQ(node_of(pair, "a").replicas_of, 1u);
  EXPECT_EQ(node_of(pair, "b").replicas_of, 1u);
  EXPECT_EQ(node_of(pair, "query").replicas_of, 0u);
  const Plan shards = plan(
      "name: shards\nnodes:\n"
      "  a: {kind: mock, input_series: [{series: 'foo{s=\"1\"}', values: '1x40'}]}\n"
      "  b: {kind: mock, input_series: [{series: 'foo{s=\"2\"}', values: '1x40'}]}\n"
      "  c: {kind: mock, input_series: [{series: 'foo{s=\"1\"}', values: '2x40'}]}\n"
      "checks: [{read: foo, node: a, exp_series: 1}]\n");
  for (const PlannedNode& node : shards.nodes) EXPECT_EQ(node.replicas_of, 0u) << node.name;
}

TEST_F(PlanTest, WhoReadsStartsAfterWhatItReads) {
  const Plan pair = plan(pair_scenario);
  EXPECT_THAT(node_of(pair, "a").after, IsEmpty());
  EXPECT_THAT(node_of(pair, "merge").after, ElementsAre("a", "b"));
  EXPECT_THAT(node_of(pair, "query").after, ElementsAre("merge"));
}

TEST_F(PlanTest, UsersAskTheQueryNodes) {
  const Plan pair = plan(pair_scenario);
  EXPECT_TRUE(node_of(pair, "query").is_for_users);
  EXPECT_FALSE(node_of(pair, "a").is_for_users);
  EXPECT_TRUE(node_of(pair, "a").holds_data);
  EXPECT_FALSE(node_of(pair, "merge").holds_data);
}

TEST_F(PlanTest, TellsWhatADeploymentHasNot) {
  const Plan pair = plan(pair_scenario);
  EXPECT_THAT(pair.notes, ElementsAre(HasSubstr("input_series of a, b are left out"),
                                      HasSubstr("timeline: is left out")));
}

TEST_F(PlanTest, ImagesCanBeThoseOfThisMachine) {
  options_.local_images = true;
  options_.mread_image = "registry.example.com/mread:7";
  const Plan pair = plan(pair_scenario);
  EXPECT_EQ(node_of(pair, "b").image, "mread/prometheus:2.42.0");
  EXPECT_EQ(node_of(pair, "merge").image, "registry.example.com/mread:7");
}

TEST_F(PlanTest, AVersionThatIsNotHereIsNamed) {
  const auto made = try_plan(
      "name: s\nnodes:\n  a: {kind: prometheus, version: v2.53}\n"
      "checks: [{expr: foo, exp_count: 0}]\n");
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().is(Errc::environment));
  EXPECT_THAT(made.error().context, HasSubstr("2.53"));
}

TEST_F(PlanTest, ANodeWhosePagesWantAPasswordIsReadyWhenItAcceptsConnections) {
  const Plan locked = plan(
      "name: s\nnodes:\n"
      "  a: {kind: mock, input_series: [{series: foo, values: '1x40'}]}\n"
      "  m:\n    kind: merger\n    config:\n      remote_read: [a]\n"
      "      web: {basic_auth_users: {u: "
      "$2b$05$ZqDX5dlfGVB8ZcLCAEoCXuTVRqrbzkhI/vUrGsq6FFhlxSv3pPfk2}}\n"
      "checks: [{read: foo, node: a, exp_series: 1}]\n");
  EXPECT_EQ(node_of(locked, "m").ready_path, "");
  EXPECT_TRUE(node_of(locked, "m").files[0].is_secret);
}

}  // namespace
}  // namespace mread::manifests
