#include "scenarios/nodes/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace mread::scenarios {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class ConfigFileTest : public testing::Test {
 protected:
  // The lines of a node in a scenario of the folder.
  yaml::Node lines(const std::string& text) {
    return yaml::Node::load(folder_.write("scenario.yaml", text));
  }
  std::optional<yaml::Node> config_of(const std::string& text) {
    yaml::Mapping mapping = lines(text).mapping();
    return read_config(mapping);
  }
  std::string error_of(const std::string& text) {
    try {
      config_of(text);
      return "no error";
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
  }

  TemporaryFolder folder_;
};

TEST_F(ConfigFileTest, ReadsTheFileNextToTheScenario) {
  folder_.write("prometheus.yml", "global: {external_labels: {a: '${x}'}}\n");
  const auto config = config_of("config_file: ./prometheus.yml\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->dump(), "global: {external_labels: {a: \"${x}\"}}");
  EXPECT_THAT(config->place(), HasSubstr("prometheus.yml:1:1"));
  EXPECT_TRUE(config_of("config_file: " + folder_.path().string() + "/prometheus.yml\n"));
}

TEST_F(ConfigFileTest, AConfigInTheScenarioIsItself) {
  EXPECT_EQ(config_of("config: {a: 1}\n")->dump(), "{a: 1}");
  EXPECT_FALSE(config_of("kind: prometheus\n"));
}

TEST_F(ConfigFileTest, ErrorsHaveThePlaceInTheScenario) {
  folder_.write("empty.yml", "# nothing\n");
  folder_.write("broken.yml", "a: [\n");
  EXPECT_THAT(error_of("config_file: other.yml\n"),
              testing::AllOf(HasSubstr("scenario.yaml:1:14: "), HasSubstr("other.yml: No such")));
  EXPECT_THAT(error_of("config_file: empty.yml\n"), HasSubstr("empty.yml is empty"));
  EXPECT_THAT(error_of("config_file: broken.yml\n"), HasSubstr("broken.yml:"));
  EXPECT_THAT(error_of("config: {a: 1}\nconfig_file: empty.yml\n"), HasSubstr("one of the two"));
  EXPECT_THAT(error_of("config_file: .\n"), HasSubstr("not a regular file"));
}

TEST_F(ConfigFileTest, RuleFilesGoAlong) {
  folder_.write("a.rules", "groups: []\n");
  folder_.write("b.rules", "groups: [] # b\n");
  folder_.write("one.yml", "groups: [] # one\n");
  folder_.write("prometheus.yml", "rule_files: ['*.rules', one.yml]\n");
  const yaml::Node scenario = lines("config_file: prometheus.yml\n");
  yaml::Mapping mapping = scenario.mapping();
  const auto config = read_config(mapping);
  std::map<std::string, std::string> files;
  take_rule_files(*config, scenario, files);
  EXPECT_THAT(files, ElementsAre(Pair("rule_files/0-a.rules", "groups: []\n"),
                                 Pair("rule_files/1-b.rules", "groups: [] # b\n"),
                                 Pair("rule_files/2-one.yml", "groups: [] # one\n")));
  EXPECT_THAT(config->mapping().require("rule_files").strings(),
              ElementsAre("{{dir}}/rule_files/0-a.rules", "{{dir}}/rule_files/1-b.rules",
                          "{{dir}}/rule_files/2-one.yml"));
}

TEST_F(ConfigFileTest, RulesThatAreNotThereAreAnError) {
  folder_.write("prometheus.yml", "rule_files: [rules/*.yml]\n");
  const yaml::Node scenario = lines("config_file: prometheus.yml\n");
  yaml::Mapping mapping = scenario.mapping();
  const auto config = read_config(mapping);
  std::map<std::string, std::string> files;
  try {
    take_rule_files(*config, scenario, files);
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("prometheus.yml:1:14: no file on this machine fits"));
  }
}

TEST_F(ConfigFileTest, RuleFilesOfAConfigInTheScenarioStay) {
  const yaml::Node scenario = lines("config: {rule_files: [x.yml]}\n");
  yaml::Mapping mapping = scenario.mapping();
  const auto config = read_config(mapping);
  std::map<std::string, std::string> files;
  take_rule_files(*config, scenario, files);
  EXPECT_TRUE(files.empty());
  EXPECT_EQ(config->dump(), "{rule_files: [x.yml]}");
}

}  // namespace
}  // namespace mread::scenarios
