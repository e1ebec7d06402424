#include "setup/prometheus_file.h"

#include <gmock/gmock.h>

namespace mread::setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using namespace std::chrono_literals;

PrometheusFile read(const std::string& text) {
  return read_prometheus_file(yaml::Node::parse(text, "prometheus.yml"));
}

std::string error_of(const std::string& text) {
  try {
    read(text);
  } catch (const yaml::ConfigError& error) {
    return error.what();
  }
  return "none";
}

TEST(PrometheusFile, EntriesHaveTheDefaultsOfPrometheus) {
  const PrometheusFile file = read("remote_read:\n  - url: http://a:9090/api/v1/read\n");
  ASSERT_EQ(file.entries.size(), 1U);
  const ReadEntry& entry = file.entries[0];
  EXPECT_EQ(entry.timeout, 1min);
  EXPECT_FALSE(entry.read_recent);
  EXPECT_TRUE(entry.filter_external_labels);
  EXPECT_TRUE(entry.follow_redirects);
  EXPECT_THAT(entry.required_matchers, IsEmpty());
  EXPECT_FALSE(entry.credentials());
  EXPECT_EQ(entry.endpoint(), "a:9090/api/v1/read");
  EXPECT_EQ(entry.url_at.line(), 2);
  EXPECT_EQ(entry.url_at.column(), 10);
  EXPECT_EQ(file.remote_read_at->column(), 1);
  EXPECT_EQ(file.evaluation_interval, 1min);
  EXPECT_FALSE(file.has_own_data());
}

TEST(PrometheusFile, ReadsWhatBearsOnRemoteReads) {
  const PrometheusFile file = read(
      "global:\n"
      "  scrape_interval: 15s\n"
      "  evaluation_interval: 30s\n"
      "  external_labels: {region: us}\n"
      "remote_read:\n"
      "  - name: a\n"
      "    url: https://a/read?db=x\n"
      "    remote_timeout: 8s\n"
      "    read_recent: true\n"
      "    filter_external_labels: false\n"
      "    follow_redirects: false\n"
      "    required_matchers: {region: us}\n"
      "    basic_auth: {username: u, password: p}\n"
      "remote_write:\n"
      "  - url: http://w:9090/api/v1/write\n"
      "scrape_configs:\n"
      "  - job_name: node\n"
      "    metrics_path: /m\n"
      "    static_configs: [{targets: ['b:1', 'a:1']}]\n"
      "    file_sd_configs: [{files: [x.yml]}]\n"
      "rule_files: [rules/*.yml]\n"
      "storage: {tsdb: {}}\n");
  const ReadEntry& entry = file.entries.at(0);
  EXPECT_EQ(entry.name, "a");
  EXPECT_EQ(entry.timeout, 8s);
  EXPECT_TRUE(entry.read_recent);
  EXPECT_FALSE(entry.filter_external_labels);
  EXPECT_FALSE(entry.follow_redirects);
  EXPECT_THAT(entry.required_matchers, ElementsAre(Pair("region", "us")));
  ASSERT_TRUE(entry.credentials());
  EXPECT_EQ(entry.credentials()->line(), 13);
  EXPECT_EQ(entry.endpoint(), "a:443/read?db=x");
  EXPECT_THAT(file.external_labels, ElementsAre(Pair("region", "us")));
  EXPECT_EQ(file.scrape_interval, 15s);
  EXPECT_EQ(file.evaluation_interval, 30s);
  EXPECT_EQ(file.remote_writes.at(0).host, "w");
  const ScrapeEntry& scrape = file.scrapes.at(0);
  EXPECT_EQ(scrape.job, "node");
  EXPECT_EQ(scrape.path, "/m");
  EXPECT_THAT(scrape.targets, ElementsAre("a:1", "b:1"));
  EXPECT_TRUE(scrape.has_discovery);
  EXPECT_TRUE(file.has_own_data());
}

TEST(PrometheusFile, AUserInTheUrlIsACredential) {
  const PrometheusFile file = read("remote_read:\n  - url: http://u:p@a:9090/api/v1/read\n");
  ASSERT_TRUE(file.entries[0].credentials());
  EXPECT_EQ(file.entries[0].credentials()->line(), 2);
}

TEST(PrometheusFile, RulesAloneAreDataOfItsOwn) {
  EXPECT_TRUE(read("rule_files: [a.yml]\n").has_own_data());
  EXPECT_TRUE(read("scrape_config_files: [a.yml]\n").has_own_data());
  EXPECT_FALSE(
      read("scrape_configs: []\nrule_files: []\nscrape_config_files: []\n").has_own_data());
  EXPECT_FALSE(read("rule_files:\n").has_own_data());
}

TEST(PrometheusFile, NamesWhatIsWrongWithItsPlace) {
  EXPECT_THAT(error_of("- a\n"), HasSubstr("this is no prometheus.yml"));
  EXPECT_THAT(error_of("groups: []\n"), HasSubstr("this is no prometheus.yml"));
  EXPECT_THAT(error_of("remote_read:\n  - name: a\n"), HasSubstr("prometheus.yml:2:5"));
  EXPECT_THAT(error_of("remote_read:\n  - url: 10.0.0.7:9090\n"), HasSubstr("no URL"));
  EXPECT_THAT(error_of("remote_read:\n  - {url: 'http://a/r', read_recent: maybe}\n"),
              HasSubstr("want true or false"));
  EXPECT_THAT(error_of("remote_read:\n  - {url: 'http://a/r', remote_timeout: 10}\n"),
              HasSubstr("prometheus.yml:2:41"));
}

}  // namespace
}  // namespace mread::setup
