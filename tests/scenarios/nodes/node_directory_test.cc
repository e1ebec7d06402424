#include "scenarios/nodes/node_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

NodeDirectory directory() {
  NodeDirectory nodes;
  nodes.add("us-east", {9090}, "/api/v1/read");
  nodes.add("merge", {9095}, "/api/v1/read");
  nodes.add("store", {9090, 9099}, "/api/v1/read");
  nodes.add("silent", {}, "");
  nodes.add_alias("Prom-A.dc1.example.com", "us-east");
  nodes.add_alias("gateway.example.com:8443", "merge");
  nodes.add_alias("both.example.com", "store");
  nodes.set_external(
      {"prometheus.example.org", "127.0.0.1", "::1", "localhost", "10.0.0.1:9090", "example.org"});
  return nodes;
}

struct Case {
  const char* name;
  const char* path;
  const char* config;
  const char* want;
};

class Resolve : public testing::TestWithParam<Case> {};

TEST_P(Resolve, Gives) {
  const yaml::Node config = yaml::Node::parse(GetParam().config, "test.yaml");
  const std::string before = config.dump();
  EXPECT_EQ(YAML::Dump(directory().resolve(config, "store", {GetParam().path})), GetParam().want);
  EXPECT_EQ(config.dump(), before) << "the original stays";
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, Resolve,
    testing::Values(
        Case{"Url", "remote_read.*.url",
             "remote_read: [{url: 'http://us-east:9090/api/v1/read?x=1'}]",
             "remote_read: [{url: \"http://{{node:us-east:9090}}/api/v1/read?x=1\"}]"},
        Case{"UrlWithoutPort", "remote_read.*.url", "remote_read: [{url: https://merge/read}]",
             "remote_read: [{url: \"https://{{node:merge:9095}}/read\"}]"},
        Case{"UrlWithoutPath", "a", "a: http://merge", "a: http://{{node:merge:9095}}"},
        Case{"SecondPort", "a", "a: http://store:9099/-/journal",
             "a: http://{{node:store:9099}}/-/journal"},
        Case{"Alias", "a", "a: https://prom-a.DC1.example.com/read",
             "a: https://{{node:us-east:9090}}/read"},
        Case{"AliasWithAPortOfItsOwn", "a", "a: http://prom-a.dc1.example.com:19090/read",
             "a: http://{{node:us-east:9090}}/read"},
        Case{"AliasOfAPort", "a", "a: http://gateway.example.com:8443/read",
             "a: http://{{node:merge:9095}}/read"},
        Case{"AliasKeepsAPortThatTheNodeHas", "a", "a: http://both.example.com:9099/",
             "a: http://{{node:store:9099}}/"},
        Case{"ExternalHostsStay", "a.*",
             "a: [http://prometheus.example.org/x, http://127.0.0.1:1/x, 'http://[::1]:2/x', "
             "http://localhost:3/x]",
             "a: [http://prometheus.example.org/x, http://127.0.0.1:1/x, \"http://[::1]:2/x\", "
             "http://localhost:3/x]"},
        Case{"PlaceholdersStay", "a", "a: 'http://{{node:x:1}}/'", "a: http://{{node:x:1}}/"},
        Case{"Targets", "targets.*",
             "targets: ['us-east:9090', merge, '10.0.0.1:9090', example.org]",
             "targets: [\"{{node:us-east:9090}}\", \"{{node:merge:9095}}\", 10.0.0.1:9090, "
             "example.org]"},
        Case{"LocalhostTargetIsTheNodeItself", "targets.*",
             "targets: ['localhost:9090', 'localhost:9099', 'localhost:1', localhost]",
             "targets: [\"{{node:store:9090}}\", \"{{node:store:9099}}\", localhost:1, localhost]"},
        Case{"WhatIsNotThereIsPassedOver", "a.*.b.c", "a: [{x: 1}, {b: {}}, {b: }]\nd: e",
             "a: [{x: 1}, {b: {}}, {b: ~}]\nd: e"},
        Case{"NullConfigParts", "a.*.b", "a:", "a: ~"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

struct ErrorCase {
  const char* name;
  const char* config;
  const char* want;
};

class ResolveErrors : public testing::TestWithParam<ErrorCase> {};

TEST_P(ResolveErrors, AreAtTheirPlace) {
  const yaml::Node config = yaml::Node::parse(GetParam().config, "test.yaml");
  try {
    directory().resolve(config, "store", {"remote_read.*.url", "targets.*"});
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_STREQ(error.what(), GetParam().want);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, ResolveErrors,
    testing::Values(
        ErrorCase{
            "UnknownNodeNearAnother", "remote_read:\n  - url: http://us-eats:9090/api/v1/read",
            "test.yaml:2:17: no node \"us-eats\" in this scenario; did you mean \"us-east\"?\n"
            "    - url: http://us-eats:9090/api/v1/read\n"
            "                  ^"},
        ErrorCase{"UnknownNode", "remote_read:\n  - url: http://tokyo/api/v1/read",
                  "test.yaml:2:17: no node \"tokyo\" in this scenario; there is merge, silent, "
                  "store, us-east\n"
                  "    - url: http://tokyo/api/v1/read\n"
                  "                  ^"},
        ErrorCase{
            "AForeignHost", "remote_read:\n  - url: http://prom.dc1.example.com/read",
            "test.yaml:2:17: \"prom.dc1.example.com\" is no node of this scenario, and a run asks "
            "nobody else: give a node `aliases: [prom.dc1.example.com]`, or allow the host at the "
            "top "
            "of the file with `external: [prom.dc1.example.com]`\n"
            "    - url: http://prom.dc1.example.com/read\n"
            "                  ^"},
        ErrorCase{
            "AnAddress", "targets: ['10.0.0.2:9090']",
            "test.yaml:1:12: \"10.0.0.2\" is no node of this scenario, and a run asks nobody else: "
            "give a node `aliases: [10.0.0.2]`, or allow the host at the top of the file with "
            "`external: [10.0.0.2]`\n"
            "  targets: ['10.0.0.2:9090']\n"
            "             ^"},
        ErrorCase{
            "TheOtherPortOfAnAlias", "targets: ['gateway.example.com:80']",
            "test.yaml:1:12: \"gateway.example.com\" is no node of this scenario, and a run asks "
            "nobody else: give a node `aliases: [gateway.example.com]`, or allow the host at the "
            "top "
            "of the file with `external: [gateway.example.com]`\n"
            "  targets: ['gateway.example.com:80']\n"
            "             ^"},
        ErrorCase{"WrongPort", "remote_read:\n  - url: http://merge:9090/",
                  "test.yaml:2:23: node merge listens on 9095, not on 9090\n"
                  "    - url: http://merge:9090/\n"
                  "                        ^"},
        ErrorCase{"WrongOfTwoPorts", "targets: [\"store:1\"]",
                  "test.yaml:1:18: node store listens on 9090 and 9099, not on 1\n"
                  "  targets: [\"store:1\"]\n"
                  "                   ^"},
        ErrorCase{"NoPortAtAll", "targets: [silent]",
                  "test.yaml:1:11: node silent listens on no port\n"
                  "  targets: [silent]\n"
                  "            ^"},
        ErrorCase{"NotAPort", "targets: [\"merge:http\"]",
                  "test.yaml:1:18: \"http\" is no port\n"
                  "  targets: [\"merge:http\"]\n"
                  "                   ^"},
        ErrorCase{
            "NotAUrl", "remote_read: [{url: 'ftp://merge/'}]",
            "test.yaml:1:21: URL \"ftp://merge/\": unknown scheme \"ftp\" (http, https or unix)\n"
            "  remote_read: [{url: 'ftp://merge/'}]\n"
            "                      ^"},
        ErrorCase{"NotAList", "remote_read: {url: http://merge/}",
                  "test.yaml:1:14: want a list, got a mapping\n"
                  "  remote_read: {url: http://merge/}\n"
                  "               ^"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

constexpr const char* alerts = "alerting.alertmanagers.*.static_configs.*.targets.*";

std::string resolved_target(const NodeDirectory& nodes, const std::string& target) {
  const yaml::Node config = yaml::Node::parse(
      "alerting: {alertmanagers: [{static_configs: [{targets: ['" + target + "']}]}]}", "t");
  const YAML::Node out = nodes.resolve(config, "store", {alerts});
  return out["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"][0].as<std::string>();
}

TEST(Sinks, StandForTheTargetsThatTheyAreGiven) {
  NodeDirectory nodes = directory();
  nodes.add("sink", {9090}, "");
  nodes.set_sinks({"Alerts.example.com", "10.9.9.9:9093"}, "sink");
  EXPECT_EQ(resolved_target(nodes, "alerts.example.com:9093"), "{{node:sink:9090}}");
  EXPECT_EQ(resolved_target(nodes, "alerts.example.com"), "{{node:sink:9090}}");
  EXPECT_EQ(resolved_target(nodes, "10.9.9.9:9093"), "{{node:sink:9090}}");
  EXPECT_THROW(resolved_target(nodes, "10.9.9.9:9094"), yaml::ConfigError);
  EXPECT_THROW(resolved_target(nodes, "other.example.com:9093"), yaml::ConfigError);
}

TEST(Sinks, TheStarStandsForAllTargetsThatAreNoNodesAndForNothingElse) {
  NodeDirectory nodes = directory();
  nodes.add("sink", {9090}, "");
  nodes.set_sinks({"*"}, "sink");
  EXPECT_EQ(resolved_target(nodes, "other.example.com:9093"), "{{node:sink:9090}}");
  EXPECT_EQ(resolved_target(nodes, "prom-a.dc1.example.com:9090"), "{{node:us-east:9090}}");
  EXPECT_EQ(resolved_target(nodes, "store:9090"), "{{node:store:9090}}");
  EXPECT_EQ(resolved_target(nodes, "10.0.0.1:9090"), "10.0.0.1:9090") << "external";
  EXPECT_THROW(resolved_target(nodes, "us-eats:9090"), yaml::ConfigError)
      << "a node's name with letters swapped";
  for (const auto& [path, config] :
       {std::pair("remote_read.*.url", "remote_read: [{url: 'http://other.example.com/'}]"),
        std::pair("remote_write.*.url", "remote_write: [{url: 'http://other.example.com/'}]"),
        std::pair("scrape_configs.*.proxy_url",
                  "scrape_configs: [{proxy_url: 'http://other.example.com/'}]")}) {
    EXPECT_THROW(nodes.resolve(yaml::Node::parse(config, "t"), "store", {path}), yaml::ConfigError)
        << path;
  }
}

TEST(ExpandRemoteReadNames, ANameAloneBecomesAnEntry) {
  const yaml::Node config =
      yaml::Node::parse("remote_read: [us-east, {url: http://merge/read}]", "test.yaml");
  expand_remote_read_names(config, directory());
  EXPECT_EQ(
      config.dump(),
      "remote_read: [{name: us-east, url: http://us-east/api/v1/read}, {url: http://merge/read}]");
  EXPECT_THROW(expand_remote_read_names(yaml::Node::parse("remote_read: [http://us-east]", "t"),
                                        directory()),
               yaml::ConfigError);
  expand_remote_read_names(yaml::Node::parse("remote_read: x", "t"), directory());
  expand_remote_read_names(yaml::Node::parse("", "t"), directory());
}

}  // namespace
}  // namespace mread::scenarios
