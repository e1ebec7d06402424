// `limits:` of an mread.yml: what it holds by default, takes and refuses.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace mread::config {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Config with(const std::string& limits) {
  return Config::parse("remote_read: [{url: 'http://a:9090/r'}]\nlimits: {" + limits + "}\n",
                       "mread.yml");
}

std::string error_of(const std::string& limits) {
  try {
    (void)with(limits);
  } catch (const yaml::ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Limits, HaveDefaults) {
  const Config config = with("");
  EXPECT_EQ(config.server_limits.connections, 4096u);
  EXPECT_EQ(config.server_limits.request_bodies, 64u);
  EXPECT_EQ(config.server_limits.request_bytes, 64u << 20);
  EXPECT_EQ(config.server_limits.warnings, 1024u);
  EXPECT_EQ(config.server_limits.client_rate, 64u << 10);
  EXPECT_EQ(config.server_limits.client_patience, 10s);
  EXPECT_EQ(config.server_limits.concurrent_reads, 64u);
  EXPECT_EQ(config.server_limits.queue, 512u);
  EXPECT_EQ(config.server_limits.queue_wait, 30s);
  EXPECT_EQ(config.limits.queries, 100u);
  EXPECT_EQ(config.limits.matchers, 1000u);
  EXPECT_EQ(config.limits.queries_at_once, 8u);
  EXPECT_EQ(config.limits.query_range, 0s) << "a declared range is not work";
}

TEST(Limits, AreTaken) {
  const Config config = with(
      "connections: 10, request_bodies: 3, request_bytes: 5MiB, warnings: 7, client_rate: 1KiB, "
      "client_patience: 2s, "
      "queries: 4, matchers: 5, queries_at_once: 6, query_range: 30d");
  EXPECT_EQ(config.server_limits.connections, 10u);
  EXPECT_EQ(config.server_limits.request_bodies, 3u);
  EXPECT_EQ(config.server_limits.request_bytes, 5u << 20);
  EXPECT_EQ(config.server_limits.warnings, 7u);
  EXPECT_EQ(config.server_limits.client_rate, 1024u);
  EXPECT_EQ(config.server_limits.client_patience, 2s);
  EXPECT_EQ(config.limits.queries, 4u);
  EXPECT_EQ(config.limits.matchers, 5u);
  EXPECT_EQ(config.limits.queries_at_once, 6u);
  EXPECT_EQ(config.limits.query_range, 30 * 24h);
  EXPECT_THAT(config.describe(), HasSubstr("connections: 10, request_bodies: 3, request_bytes: "
                                           "5242880, warnings: 7, client_rate: 1024, "
                                           "client_patience: 2s}"));
}

TEST(Limits, NoneIsZero) {
  const Config config =
      with("connections: 0, request_bodies: 0, request_bytes: 0, warnings: 0, client_rate: 0");
  EXPECT_EQ(config.server_limits.connections, 0u);
  EXPECT_EQ(config.server_limits.request_bodies, 0u);
  EXPECT_EQ(config.server_limits.request_bytes, 0u);
  EXPECT_EQ(config.server_limits.warnings, 0u);
  EXPECT_EQ(config.server_limits.client_rate, 0u);
}

TEST(Limits, AreRefusedAtTheirPlace) {
  for (const char* key :
       {"connections", "request_bodies", "warnings", "queries", "matchers", "queries_at_once"}) {
    EXPECT_THAT(error_of(std::string(key) + ": -1"), HasSubstr("mread.yml:2:")) << key;
    EXPECT_THAT(error_of(std::string(key) + ": many"), HasSubstr("many")) << key;
  }
  for (const char* key : {"request_bytes", "client_rate"}) {
    EXPECT_THAT(error_of(std::string(key) + ": 5 apples"), HasSubstr("5 apples")) << key;
  }
  EXPECT_THAT(error_of("client_patience: 0s"), HasSubstr("client_patience must be more than 0"));
  EXPECT_THAT(error_of("client_patience: soon"), HasSubstr("soon"));
  EXPECT_THAT(error_of("conections: 1"), HasSubstr("connections")) << "the nearest key";
}

}  // namespace
}  // namespace mread::config
