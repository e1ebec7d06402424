#include "check/input/read_input.h"

#include <gmock/gmock.h>

#include "base/temporary_folder.h"

namespace mread::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

class ReadInputTest : public testing::Test {
 protected:
  ReadInputTest() {
    write("prometheus.yml",
          "global: {evaluation_interval: 15s}\n"
          "remote_read:\n"
          "  - url: http://us:9090/api/v1/read\n"
          "  - url: http://eu:9090/api/v1/read\n"
          "rule_files: [rules.yml, other.yml]\n");
    write("rules.yml",
          "groups:\n"
          "  - name: a\n"
          "    rules: [{alert: Down, expr: 'up == 0'}, {record: x, expr: 'a / b'}]\n"
          "  - name: b\n"
          "    interval: 1m\n");
  }

  std::string write(const std::string& name, const std::string& text) const {
    return folder_.write(name, text);
  }
  Input read(const InputOptions& options = {}) const {
    return read_input((folder_.path() / "prometheus.yml").string(), options);
  }
  std::string error_of(const InputOptions& options) const {
    try {
      read(options);
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
    return "none";
  }

  const TemporaryFolder folder_;
};

TEST_F(ReadInputTest, ReadsTheRulesThatTheFileNames) {
  const Input input = read({.queries = {"sum(up)"}});
  ASSERT_EQ(input.expressions.size(), 3U);
  EXPECT_EQ(input.expressions[0].name, "Down");
  EXPECT_EQ(input.expressions[1].kind, Expression::Kind::record);
  EXPECT_EQ(input.expressions[2].kind, Expression::Kind::query);
  ASSERT_EQ(input.groups.size(), 2U);
  EXPECT_EQ(input.groups[0].interval, 15s);
  EXPECT_EQ(input.groups[1].interval, 1min);
  EXPECT_THAT(input.groups[0].expressions, ElementsAre(0, 1));
  EXPECT_THAT(input.missing_rule_files, ElementsAre("other.yml"));
}

TEST_F(ReadInputTest, FlagsAndVersionsAreOfTheNodeOrOfABackend) {
  const Input input = read({.replicas = {"eu,us,eu"},
                            .versions = {"v2.53", "us=3.5.3"},
                            .flags = {"--query.timeout=1m", "eu:9090:enable-feature=7"}});
  EXPECT_THAT(input.version, ElementsAre(2, 53));
  EXPECT_TRUE(input.is_version_given);
  EXPECT_THAT(*input.facts[0].version, ElementsAre(3, 5, 3));
  EXPECT_FALSE(input.facts[1].version);
  EXPECT_EQ(input.flags.at("query.timeout"), "1m");
  EXPECT_EQ(input.facts[1].flags.at("enable-feature"), "7");
  EXPECT_THAT(input.replicas, ElementsAre(ElementsAre(0, 1)));
}

TEST_F(ReadInputTest, ACollectorsFileIsFoundByItsBackend) {
  const std::string path = write("eu.yml", "global: {external_labels: {region: eu}}\n");
  const Input input = read({.collectors = {"eu=" + path}});
  EXPECT_FALSE(input.facts[0].file);
  ASSERT_TRUE(input.facts[1].file);
  EXPECT_EQ(input.facts[1].file->external_labels.at("region"), "eu");
}

TEST_F(ReadInputTest, AFlagThatNoRuleLooksAtIsNoted) {
  EXPECT_THAT(
      read({.flags = {"query.timeot=5m"}}).notes,
      ElementsAre("no rule looks at the flag query.timeot; did you mean \"query.timeout\"?"));
}

TEST_F(ReadInputTest, ACollectorsFileIsAPrometheusYml) {
  const std::string path = folder_.path() / "rules.yml";
  EXPECT_THAT(error_of({.collectors = {"us=" + path}}), HasSubstr("this is no prometheus.yml"));
}

TEST_F(ReadInputTest, NamesTheFlagThatIsWrong) {
  EXPECT_THAT(error_of({.collectors = {"x.yml"}}), HasSubstr("--collector: write NAME="));
  EXPECT_THAT(error_of({.collectors = {"asia=x.yml"}}),
              HasSubstr("--collector: there is no backend \"asia\"; the backends are us, eu"));
  EXPECT_THAT(error_of({.versions = {"new"}}), HasSubstr("--version: \"new\" is not a version"));
  EXPECT_THAT(error_of({.versions = {"us=3"}}), HasSubstr("--version: \"3\" is not a version"));
  EXPECT_THAT(error_of({.versions = {"v3.5", "v2.53"}}), HasSubstr("given twice"));
  EXPECT_THAT(error_of({.flags = {"query.timeout=5x"}}), HasSubstr("--flag query.timeout: "));
  EXPECT_THAT(error_of({.flags = {"us:storage.remote.read-concurrent-limit=x"}}),
              HasSubstr("--flag storage.remote.read-concurrent-limit: "));
  EXPECT_THAT(error_of({.address = "query"}), HasSubstr("--address: write HOST:PORT"));
  EXPECT_THAT(error_of({.flags = {"query.timeout"}}), HasSubstr("--flag: write FLAG=VALUE"));
  EXPECT_THAT(error_of({.replicas = {"us"}}), HasSubstr("--replicas: a list has two"));
  EXPECT_THAT(error_of({.queries = {"up{"}}), HasSubstr("this is no PromQL"));
  EXPECT_THAT(error_of({.serve = "/nowhere/mread.yml"}), HasSubstr("cannot be read"));
}

TEST_F(ReadInputTest, AFileWithoutRemoteReadIsRefused) {
  write("prometheus.yml", "global: {}\n");
  EXPECT_THAT(error_of({}), HasSubstr("there is no remote_read"));
}

}  // namespace
}  // namespace mread::check
