#include "rehearse/setup/read_setup.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "base/yaml.h"

namespace mread::rehearse {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

class ReadSetupTest : public testing::Test {
 protected:
  ReadSetupTest()
      : folder_(fs::path(testing::TempDir()) /
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~ReadSetupTest() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  NodeSetup read(const std::string& text, const SetupOptions& options = {}) const {
    return read_setup(write("prometheus.yml", text), options);
  }
  std::vector<std::string> names(const std::string& urls) const {
    std::string text = "remote_read:\n";
    for (size_t begin = 0; begin < urls.size();) {
      const size_t end = std::min(urls.find(' ', begin), urls.size());
      text += "  - url: " + urls.substr(begin, end - begin) + "\n";
      begin = end + 1;
    }
    return read(text).node_names();
  }
  std::string error_of(const std::string& text, const SetupOptions& options = {}) const {
    try {
      read(text, options);
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
    return "none";
  }

  const fs::path folder_;
};

TEST_F(ReadSetupTest, BackendsHaveTheShortestNamesThatTellThemApart) {
  EXPECT_THAT(names("http://us-east.example.com:9090/r http://eu.example.com:9090/r"),
              ElementsAre("us-east", "eu"));
  EXPECT_THAT(names("http://prom.us.example.com/r http://prom.eu.example.com/r"),
              ElementsAre("prom-us-example-com", "prom-eu-example-com"));
  EXPECT_THAT(names("http://localhost:9091/r http://localhost:9092/r"),
              ElementsAre("localhost-9091", "localhost-9092"));
  EXPECT_THAT(names("http://192.168.0.106:9090/r"), ElementsAre("192-168-0-106"));
  EXPECT_THAT(names("http://[::1]:9090/r http://QUERY/r"), ElementsAre("1", "query-80"));
  EXPECT_THAT(names("http://influx:8086/r?db=a http://influx:8086/r?db=b"),
              ElementsAre("influx-8086-r-db-a", "influx-8086-r-db-b"));
}

TEST_F(ReadSetupTest, EntriesOfOneAddressAreOneBackend) {
  const NodeSetup setup = read(
      "remote_read:\n"
      "  - {url: 'http://a:9090/api/v1/read', remote_timeout: 10s, required_matchers: {x: y}}\n"
      "  - {name: second, url: 'http://a:9090/api/v1/read', read_recent: true}\n");
  ASSERT_EQ(setup.backends.size(), 1U);
  EXPECT_EQ(setup.backends[0].timeout, 1min) << "the default is the longest";
  ASSERT_EQ(setup.entries.size(), 2U);
  EXPECT_EQ(setup.entries[0].timeout, 10s);
  EXPECT_TRUE(setup.entries[0].options["required_matchers"]);
  EXPECT_EQ(setup.entries[1].name, "second");
  EXPECT_EQ(setup.entries[1].backend, 0U);
}

TEST_F(ReadSetupTest, SecretsAreNeitherShownNorKept) {
  const NodeSetup setup = read(
      "remote_read:\n"
      "  - url: 'http://user:hunter2@a:9090/api/v1/read?key=hunter3'\n"
      "    basic_auth: {username: u, password: hunter4}\n");
  EXPECT_THAT(setup.backends[0].url, testing::Not(HasSubstr("hunter")));
  EXPECT_FALSE(setup.entries[0].options["basic_auth"]);
  EXPECT_THAT(setup.notes,
              ElementsAre(HasSubstr("credentials, headers, proxies and TLS of 1 entries")));
}

TEST_F(ReadSetupTest, ReplicasAreNamedByNodeHostOrEntry) {
  const std::string text =
      "remote_read:\n"
      "  - {url: 'http://a.x:9090/r'}\n  - {url: 'http://b.x:9090/r', name: bee}\n"
      "  - {url: 'http://c.x:9090/r'}\n";
  SetupOptions options;
  EXPECT_EQ(read(text).groups, 3U);
  options.replicas = {"a,bee"};
  const NodeSetup setup = read(text, options);
  EXPECT_EQ(setup.groups, 2U);
  EXPECT_TRUE(setup.has_replica(0));
  EXPECT_FALSE(setup.has_replica(2));
  options.replicas = {"a,c.x:9090", "b.x,c"};
  EXPECT_EQ(read(text, options).groups, 2U);
  options.replicas = {"a,bea"};
  EXPECT_THAT(error_of(text, options), HasSubstr("there is no backend \"bea\""));
}

TEST_F(ReadSetupTest, RulesComeFromTheFilesThatItNames) {
  write("one.rules.yml",
        "groups:\n- name: g\n  rules:\n  - {alert: Down, expr: up == 0}\n"
        "  - {record: 'a:b', expr: sum(up)}\n");
  write("two.rules.yml", "groups: []\n");
  const std::string text =
      "rule_files: ['*.rules.yml', 'gone/*.yml']\nremote_read: [{url: 'http://a/r'}]\n";
  SetupOptions options;
  options.queries = {"up"};
  const NodeSetup setup = read(text, options);
  ASSERT_EQ(setup.questions.size(), 3U);
  EXPECT_EQ(setup.questions[0].name, "Down");
  EXPECT_EQ(setup.questions[0].kind, Question::Kind::alert);
  EXPECT_THAT(setup.questions[0].place, HasSubstr("one.rules.yml:4"));
  EXPECT_EQ(setup.questions[1].kind, Question::Kind::record);
  EXPECT_EQ(setup.questions[2].kind, Question::Kind::query);
  EXPECT_TRUE(setup.has_own_data) << "it stores what its rules make";
  EXPECT_THAT(setup.notes, ElementsAre(HasSubstr("gone/*.yml is not here")));
  options.rules = {write("other.yml", "groups: [{name: g, rules: [{alert: X, expr: '1'}]}]")};
  EXPECT_EQ(read(text, options).questions[0].name, "X");
}

TEST_F(ReadSetupTest, ErrorsHaveTheirPlace) {
  EXPECT_THAT(error_of("global: {}\n"), HasSubstr("there is no remote_read"));
  EXPECT_THAT(error_of("remote_read: []\n"), HasSubstr("there is no remote_read"));
  EXPECT_THAT(error_of("- a\n"), HasSubstr("prometheus.yml:1:1: this is no prometheus.yml"));
  EXPECT_THAT(error_of("remote_read: [{url: 'a:9090'}]\n"), HasSubstr("prometheus.yml:1:21: "));
  EXPECT_THAT(error_of("remote_read: [{name: x}]\n"), HasSubstr("url"));
  EXPECT_THAT(error_of("remote_read: [{url: 'http://a/r', remote_timeout: 0s}]\n"),
              HasSubstr("a timeout is above 0"));
  write("r.yml", "groups:\n- name: g\n  rules:\n  - {expr: up}\n");
  const std::string with_rules = "rule_files: [r.yml]\nremote_read: [{url: 'http://a/r'}]\n";
  EXPECT_THAT(error_of(with_rules), HasSubstr("r.yml:4:5: a rule has an alert: or a record:"));
  write("r.yml", "groups:\n- name: g\n  rules:\n  - {alert: X, expr: 'up{'}\n");
  EXPECT_THAT(error_of(with_rules), HasSubstr("r.yml:4:25: \"{\" is not closed"));
  SetupOptions options;
  options.queries = {"sum(\"a\""};
  EXPECT_THAT(error_of("remote_read: [{url: 'http://a/r'}]\n", options),
              HasSubstr("\"(\" is not closed"));
}

}  // namespace
}  // namespace mread::rehearse
