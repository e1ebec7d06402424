#include "check/output/formats.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>

namespace mread::check {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Finding finding(RuleId rule, int line, const std::string& message) {
  Finding one;
  one.rule = rule;
  one.severity = rule_of(rule).severity;
  one.place = {"dir/a b.yml", line, 10, "  - url: http://a\n         ^"};
  one.message = message;
  one.fingerprint = "fp-" + std::to_string(line);
  return one;
}

// One finding with everything, one of the same rule, and one that is suppressed.
CheckResult example() {
  CheckResult result;
  result.file = "dir/a b.yml";
  result.expressions = 2;
  Finding first = finding(RuleId::read_recent_off, 3, "first <\"&'> 100%, a:b\n\x1b[31m");
  first.related = {{{"rules.yml", 7, 1, ""}, "the rule"}};
  first.edit = Edit{"dir/a b.yml", 3, true, "    read_recent: true"};
  result.findings.push_back(first);
  result.findings.push_back(finding(RuleId::read_recent_off, 9, "second"));
  Finding third = finding(RuleId::no_redundancy, 12, "third");
  third.suppression = Suppression{"only a lab", "2027-01-31"};
  third.edit = Edit{"dir/a b.yml", 12, false, "never"};
  result.findings.push_back(third);
  result.not_judged = {{RuleId::snappy_bomb, "--version NAME=VERSION"},
                       {RuleId::newer_encodings, "--version NAME=VERSION"}};
  result.passed = {RuleId::unverified_tls};
  result.notes = {"a note"};
  result.documents["dir/a b.yml"] = "1\n2\n3\n4\n";
  return result;
}

TEST(Formats, TextShowsTheLineTheEffectAndTheMend) {
  const std::string text = to_text(example());
  EXPECT_THAT(text, StartsWith("dir/a b.yml:3:10: error MR001 first <\"&'> 100%, a:b\\n\\x1b[31m\n"
                               "  - url: http://a\n         ^\n  rules.yml:7: the rule\n"
                               "  effect: "));
  EXPECT_THAT(text, HasSubstr("  more:   docs/reference/check-rules.md#mr001\n"));
  EXPECT_THAT(text, HasSubstr("dir/a b.yml:9:10: error MR001 second\n"));
  EXPECT_THAT(text,
              HasSubstr("dir/a b.yml:12: MR009 is suppressed until 2027-01-31: only a lab\n"));
  EXPECT_THAT(text, HasSubstr("  --version NAME=VERSION (MR019, MR020)\n"));
  EXPECT_THAT(text, HasSubstr("note: a note\n"));
  EXPECT_THAT(text, testing::EndsWith("dir/a b.yml: 2 errors, 1 suppressed; 1 rule passed, 2 "
                                      "expressions looked at\n"));
  EXPECT_EQ(text.find("effect: ", text.find("effect: ") + 1), std::string::npos)
      << "the effect of a rule comes once";
}

TEST(Formats, TextHasLinesOfAHundredColumns) {
  std::istringstream lines(to_text(example()));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(Formats, TextIsColoredOnlyWhenAsked) {
  EXPECT_THAT(to_text(example()), Not(HasSubstr("\x1b")));
  EXPECT_THAT(to_text(example(), {.has_color = true}), HasSubstr("\x1b[1;31merror MR001\x1b[0m"));
}

TEST(Formats, JsonHasEverything) {
  const json::object out = json::parse(to_json(example())).as_object();
  EXPECT_EQ(out.at("errors").as_int64(), 2);
  EXPECT_EQ(out.at("suppressed").as_int64(), 1);
  EXPECT_EQ(out.at("passed"), (json::array{"MR016"}));
  const json::object& first = out.at("findings").at(0).as_object();
  EXPECT_EQ(first.at("rule").as_string(), "MR001");
  EXPECT_EQ(first.at("name").as_string(), "read-recent-off");
  EXPECT_EQ(first.at("line").as_int64(), 3);
  EXPECT_EQ(first.at("column").as_int64(), 10);
  EXPECT_EQ(first.at("edit").at("action").as_string(), "insert_below");
  EXPECT_EQ(first.at("related").at(0).at("line").as_int64(), 7);
  EXPECT_EQ(out.at("findings").at(2).at("suppressed").at("until").as_string(), "2027-01-31");
  EXPECT_EQ(out.at("not_judged").at(1).at("rule").as_string(), "MR020");
}

TEST(Formats, GithubEscapesCommands) {
  const std::string text = to_github(example());
  EXPECT_THAT(text, StartsWith("::error file=dir/a b.yml,line=3,col=10,title=MR001 A node"));
  EXPECT_THAT(text, HasSubstr("::first <\"&'> 100%25, a:b%0A\\x1b[31m%0ASet read_recent: true"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 2) << "a line each, without the suppressed one";
}

TEST(Formats, CheckstyleIsXml) {
  const std::string text = to_checkstyle(example());
  EXPECT_THAT(text, HasSubstr("<file name=\"dir/a b.yml\">"));
  EXPECT_THAT(text, HasSubstr("line=\"3\" column=\"10\" severity=\"error\" message=\"first "
                              "&lt;&quot;&amp;"));
  EXPECT_THAT(text, HasSubstr("source=\"mread.MR001\"/>"));
  EXPECT_THAT(text, Not(HasSubstr("third")));
  EXPECT_THAT(to_checkstyle({}), HasSubstr("<checkstyle version=\"10.0\">\n</checkstyle>"));
}

TEST(Formats, GitlabHasFingerprintsAndItsOwnSeverities) {
  const json::array out = json::parse(to_gitlab(example())).as_array();
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].at("severity").as_string(), "critical");
  EXPECT_EQ(out[0].at("fingerprint").as_string(), "fp-3");
  EXPECT_EQ(out[0].at("location").at("lines").at("begin").as_int64(), 3);
  EXPECT_EQ(out[0].at("location").at("path").as_string(), "dir/a b.yml");
  EXPECT_EQ(json::parse(to_gitlab({})), json::array{});
}

TEST(Formats, SarifDeclaresAllRulesAndKeepsSuppressions) {
  const json::object out = json::parse(to_sarif(example(), "1.2.3")).as_object();
  EXPECT_EQ(out.at("version").as_string(), "2.1.0");
  const json::object& run = out.at("runs").at(0).as_object();
  const json::array& rules = run.at("tool").at("driver").at("rules").as_array();
  EXPECT_EQ(rules.size(), all_rules().size());
  EXPECT_EQ(run.at("tool").at("driver").at("semanticVersion").as_string(), "1.2.3");
  const json::array& results = run.at("results").as_array();
  ASSERT_EQ(results.size(), 3U);
  for (const json::value& one : results) {
    const auto index = static_cast<size_t>(one.at("ruleIndex").as_int64());
    EXPECT_EQ(rules.at(index).at("id"), one.at("ruleId"));
    EXPECT_TRUE(one.at("partialFingerprints").at("mreadFinding/v1").is_string());
  }
  const json::value& place = results[0].at("locations").at(0).at("physicalLocation");
  EXPECT_EQ(place.at("artifactLocation").at("uri").as_string(), "dir/a%20b.yml");
  EXPECT_EQ(place.at("region").at("startLine").as_int64(), 3);
  EXPECT_EQ(results[0].at("level").as_string(), "error");
  EXPECT_EQ(results[2].at("level").as_string(), "note");
  EXPECT_TRUE(results[0].at("suppressions").as_array().empty());
  EXPECT_EQ(results[2].at("suppressions").at(0).at("justification").as_string(), "only a lab");
  const json::value& change = results[0].at("fixes").at(0).at("artifactChanges").at(0);
  EXPECT_EQ(change.at("replacements").at(0).at("deletedRegion").at("startLine").as_int64(), 4);
  EXPECT_EQ(change.at("replacements").at(0).at("insertedContent").at("text").as_string(),
            "    read_recent: true\n");
}

TEST(Diff, HasTheEditsOfFindingsThatAreNotSuppressed) {
  EXPECT_EQ(to_diff(example()),
            "--- dir/a b.yml\t\n+++ dir/a b.yml\t\n@@ -3,0 +4,1 @@\n+    read_recent: true\n");
}

TEST(Diff, CountsTheLinesThatWereInserted) {
  CheckResult result;
  result.documents["a.yml"] = "1\n2\n3\n";
  const auto add = [&result](Edit edit) {
    result.findings.push_back(finding(RuleId::read_recent_off, edit.line, ""));
    result.findings.back().edit = std::move(edit);
  };
  add({"a.yml", 1, true, "x"});
  add({"a.yml", 1, true, "y"});
  add({"a.yml", 1, true, "x"});
  add({"a.yml", 2, false, "two"});
  add({"a.yml", 2, false, "zwei"});
  add({"a.yml", 3, true, "z"});
  EXPECT_EQ(to_diff(result),
            "--- a.yml\n+++ a.yml\n"
            "@@ -1,0 +2,2 @@\n+x\n+y\n"
            "@@ -2,1 +4,1 @@\n-2\n+two\n"
            "@@ -3,0 +6,1 @@\n+z\n");
}

TEST(Diff, IsEmptyWithoutEdits) { EXPECT_EQ(to_diff({}), ""); }

}  // namespace
}  // namespace mread::check
