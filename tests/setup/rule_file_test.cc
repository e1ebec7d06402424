#include "setup/rule_file.h"

#include <gmock/gmock.h>

#include "base/temporary_folder.h"

namespace mread::setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class RuleFileTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    return folder_.write(name, text);
  }
  std::string error_of(const std::string& text) const {
    try {
      read_rule_file(write("rules.yml", text));
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
    return "none";
  }

  const TemporaryFolder folder_;
};

TEST_F(RuleFileTest, ReadsGroupsWithTheirRules) {
  const auto groups = read_rule_file(write("rules.yml",
                                           "groups:\n"
                                           "  - name: a\n"
                                           "    interval: 30s\n"
                                           "    rules:\n"
                                           "      - alert: Down\n"
                                           "        expr: up == 0\n"
                                           "      - record: job:up\n"
                                           "        expr: sum by (job) (up)\n"
                                           "  - name: b\n"));
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].name, "a");
  EXPECT_EQ(groups[0].interval, 30s);
  ASSERT_EQ(groups[0].rules.size(), 2U);
  EXPECT_EQ(groups[0].rules[0].name, "Down");
  EXPECT_EQ(groups[0].rules[0].kind, Rule::Kind::alert);
  EXPECT_EQ(groups[0].rules[0].expr_at.line(), 6);
  EXPECT_EQ(groups[0].rules[1].expr, "sum by (job) (up)");
  EXPECT_EQ(groups[0].rules[1].kind, Rule::Kind::record);
  EXPECT_FALSE(groups[1].interval);
  EXPECT_THAT(groups[1].rules, IsEmpty());
}

TEST_F(RuleFileTest, AnEmptyFileHasNoGroups) {
  EXPECT_THAT(read_rule_file(write("empty.yml", "# nothing\n")), IsEmpty());
}

TEST_F(RuleFileTest, NamesWhatIsNoRule) {
  EXPECT_THAT(error_of("groups:\n  - name: a\n    rules:\n      - expr: up\n"),
              HasSubstr("rules.yml:4:9: a rule has an alert: or a record:, and not both"));
  EXPECT_THAT(error_of("groups:\n  - name: a\n    rules:\n      - alert: A\n"), HasSubstr("expr"));
}

TEST_F(RuleFileTest, FindsTheFilesOfAPatternInTheConfigurationsFolder) {
  write("rules/b.yml", "");
  write("rules/a.yml", "");
  write("rules/a.txt", "");
  write("one.yml", "");
  const std::string path = write("prometheus.yml",
                                 "rule_files: ['rules/*.yml', one.yml, 'other/*.yml', "
                                 "/nowhere/two.yml]\n");
  const RuleFiles files = find_rule_files(read_prometheus_file(path));
  EXPECT_THAT(files.found, ElementsAre((folder_.path() / "rules/a.yml").string(),
                                       (folder_.path() / "rules/b.yml").string(),
                                       (folder_.path() / "one.yml").string()));
  EXPECT_THAT(files.missing, ElementsAre("other/*.yml", "/nowhere/two.yml"));
}

}  // namespace
}  // namespace mread::setup
