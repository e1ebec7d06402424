#include "rehearse/twin/whole_scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "rehearse/setup/read_setup.h"
#include "scenarios/loading/load_scenario.h"

namespace mread::rehearse {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class WholeScenarioTest : public testing::Test {
 protected:
  WholeScenario scenario_of(const std::string& config) {
    const std::string path = folder_.write("prometheus.yml", config);
    SetupOptions options;
    options.queries = {"sum(up)"};
    const NodeSetup setup = read_setup(path, options);
    return whole_scenario(setup::read_prometheus_file(path), setup,
                          make_example_data(setup.questions, setup.groups), "mine", "v3.5");
  }
  // The scenario loads; the configuration of its query node.
  yaml::Node config_of(const WholeScenario& scenario) {
    scenarios::LoadOptions options;
    options.now_ms = 1'800'000'000'000;
    EXPECT_EQ(scenarios::parse_scenario(scenario.text, "mine.yaml", options).size(), 1U);
    return node_of(scenario, "query").mapping().require("config");
  }
  yaml::Node node_of(const WholeScenario& scenario, const std::string& name) {
    const yaml::Node root = yaml::Node::parse(scenario.text, "mine.yaml");
    return root.mapping().require("nodes").mapping().require(name);
  }

  TemporaryFolder folder_;
};

TEST_F(WholeScenarioTest, TheConfigurationStaysAndItsHostsBecomeAliases) {
  const auto scenario = scenario_of(
      "global: {external_labels: {region: us, note: '${x}'}}\n"
      "remote_read:\n"
      "  - {name: a, url: 'http://prom-a.dc1.example.com:9091/api/v1/read', read_recent: true}\n"
      "  - {url: 'http://prom-b.dc1.example.com/prefix/api/v1/read', remote_timeout: 7s}\n");
  const yaml::Node config = config_of(scenario);
  EXPECT_THAT(config.dump(), HasSubstr("url: http://prom-a.dc1.example.com:9091/api/v1/read"));
  EXPECT_THAT(config.dump(), HasSubstr("remote_timeout: 7s"));
  EXPECT_THAT(scenario.text, HasSubstr("$${x}"));
  EXPECT_THAT(scenario.text, HasSubstr("prom-a.dc1.example.com:9091\n"));
  EXPECT_THAT(scenario.text, HasSubstr("read_path: /prefix/api/v1/read"));
  EXPECT_THAT(scenario.notes, testing::IsEmpty());
}

TEST_F(WholeScenarioTest, CredentialsAndTlsAreLeftOutAndTold) {
  const auto scenario = scenario_of(
      "remote_read:\n"
      "  - {url: 'https://user:pa55w0rd@a.example.com/api/v1/read', headers: {X-Key: s3cr3t}}\n"
      "  - {url: 'http://b.example.com/api/v1/read', basic_auth: {username: u, password: "
      "hunter2}}\n"
      "remote_write: [{url: 'http://w.example.com/write', bearer_token: t0ken}]\n");
  const std::string config = config_of(scenario).dump();
  for (const char* secret : {"pa55w0rd", "s3cr3t", "hunter2", "t0ken"})
    EXPECT_THAT(scenario.text, Not(HasSubstr(secret)));
  EXPECT_THAT(config, Not(HasSubstr("https:")));
  EXPECT_THAT(config, Not(HasSubstr("remote_write")));
  EXPECT_THAT(scenario.notes,
              Contains("credentials, headers, TLS and proxies of remote_read are left out"));
  EXPECT_THAT(scenario.notes, Contains("remote_write is left out"));
  EXPECT_THAT(scenario.text, HasSubstr("# Note: remote_write is left out.\n"));
}

TEST_F(WholeScenarioTest, PasswordsInQueriesOfUrlsAreLeftOut) {
  const auto scenario = scenario_of(
      "remote_read:\n"
      "  - {url: 'http://influx.example.com:8086/api/v1/prom/read?db=p&u=me&p=s3cr3t'}\n");
  EXPECT_THAT(config_of(scenario).dump(),
              HasSubstr("http://influx.example.com:8086/api/v1/prom/read"));
  EXPECT_THAT(scenario.text, Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(scenario.notes, Contains("the queries of URLs are left out"));
}

// Prometheus refuses two entries that are the same.
TEST_F(WholeScenarioTest, TenantsOfOneGatewayStayTwoEntries) {
  const auto scenario = scenario_of(
      "remote_read:\n"
      "  - {url: 'https://gw.example.com/api/v1/read', headers: {X-Scope-OrgID: a}}\n"
      "  - {url: 'https://gw.example.com/api/v1/read', headers: {X-Scope-OrgID: b}}\n");
  const auto entries = config_of(scenario).mapping().require("remote_read").sequence();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_NE(entries[0].dump(), entries[1].dump());
}

TEST_F(WholeScenarioTest, TargetsAndAlertmanagersBecomeASink) {
  const auto scenario = scenario_of(
      "remote_read: [{url: 'http://a.example.com/api/v1/read'}]\n"
      "scrape_configs:\n"
      "  - {job_name: node, scheme: https, static_configs: [{targets: ['10.0.0.1:9100']}]}\n"
      "  - {job_name: pods, kubernetes_sd_configs: [{role: pod}]}\n"
      "alerting: {alertmanagers: [{static_configs: [{targets: ['am.example.com:9093']}]}]}\n");
  const std::string config = config_of(scenario).dump();
  EXPECT_THAT(scenario.text, HasSubstr("sinks:\n  - \"*\""));
  EXPECT_THAT(config, HasSubstr("job_name: node"));
  EXPECT_THAT(config, HasSubstr("am.example.com:9093"));
  EXPECT_THAT(config, Not(HasSubstr("pods")));
  EXPECT_THAT(scenario.notes, ElementsAre("kubernetes_sd_configs of scrape_configs is left out"));
}

TEST_F(WholeScenarioTest, BackendsThatShareAnAddressAreToldApart) {
  const auto scenario = scenario_of(
      "remote_read:\n"
      "  - {url: 'http://gw.example.com:8080/a/api/v1/read'}\n"
      "  - {url: 'http://gw.example.com:8080/b/api/v1/read'}\n"
      "  - {url: 'http://localhost:9091/api/v1/read'}\n");
  const std::string config = config_of(scenario).dump();
  EXPECT_THAT(config, HasSubstr("http://gw.example.com:8080/a/api/v1/read"));
  EXPECT_THAT(config, Not(HasSubstr("gw.example.com:8080/b")));
  EXPECT_THAT(config, Not(HasSubstr("//localhost:")));
}

}  // namespace
}  // namespace mread::rehearse
