#include "scenarios/report/console.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/nasty_texts.h"
#include "scenarios/report/sample_report.h"

namespace mread::scenarios {
namespace {

std::string written_by(const ConsoleOptions& options) {
  char* buffer = nullptr;
  size_t size = 0;
  std::FILE* stream = open_memstream(&buffer, &size);
  Console console(stream, options);
  const Report report = sample_report();
  for (const TestResult& result : report.tests) {
    Test test;
    test.id = result.id;
    console.test_started(test);
    console.test_progress(test, "starting query");
    console.test_finished(test, result);
  }
  console.summary(report, "reports/x");
  std::fclose(stream);
  std::string text(buffer, size);
  std::free(buffer);
  return text;
}

TEST(ConsoleText, ShowsWantAndGotOfWhatFailed) {
  EXPECT_EQ(to_text(sample_report().tests[1]),
            "FAIL  slow-node [prometheus=v3.5]  6.1s\n"
            "    a <b> & \"c\"  (fault, on query, scenarios/slow-node.yaml:12)\n"
            "      want  {} 11\n"
            "      got   {} 1\n"
            "            broken \\xff byte\n"
            "            {}: 1, want 11\n"
            "      warn  remote: deadline\n");
}

TEST(ConsoleText, IsPlainWithoutATerminal) {
  EXPECT_EQ(written_by({}),
            "PASS  slow-node [prometheus=v3.5]  6.1s\n"
            "    note: known issue no longer seen: slow\n" +
                to_text(sample_report().tests[1]) +
                "SKIP  other  0.0s\n"
                "    Prometheus v9 is not on this machine\n"
                "KNOWN other  0.0s\n"
                "    waits for the slowest\n"
                "\n1 passed, 1 failed, 1 known issue, 1 skipped in 41.2s\nreport: reports/x\n");
}

TEST(ConsoleText, ShowsProgressOnATerminal) {
  ConsoleOptions options;
  options.is_terminal = true;
  options.color = true;
  options.total = 4;
  const std::string text = written_by(options);
  EXPECT_THAT(text, testing::HasSubstr("[0/4] slow-node-1: starting query\r\033[K"));
  EXPECT_THAT(text, testing::HasSubstr("\033[32mPASS \033[0m"));
  EXPECT_THAT(text, testing::HasSubstr("\033[31m1 failed\033[0m"));
}

TEST(ConsoleText, AnnotatesForGitHub) {
  ConsoleOptions options;
  options.github = true;
  const std::string text = written_by(options);
  EXPECT_THAT(
      text, testing::HasSubstr(
                "::error file=scenarios/slow-node.yaml,line=12,title=slow-node [prometheus=v3.5]::"
                "a <b> & \"c\" (fault)%0Awant {} 11%0Agot {} 1%0Abroken"));
  EXPECT_THAT(text, testing::HasSubstr("::notice file=scenarios/slow-node.yaml,title="));
}

TEST(ConsoleText, FoldsEqualFailuresOfSeveralPhases) {
  TestResult failed = sample_report().tests[1];
  CheckResult again = failed.checks[1];
  again.phase = "after";
  again.duration_ms = 3;
  CheckResult other = again;
  other.got = "{} 2";
  failed.checks.push_back(again);
  failed.checks.push_back(other);
  const std::string text = to_text(failed);
  EXPECT_THAT(text, testing::HasSubstr("(fault, after, on query, scenarios/slow-node.yaml:12)"));
  EXPECT_THAT(
      text,
      testing::HasSubstr(
          "(after, on query, scenarios/slow-node.yaml:12)\n      want  {} 11\n      got   {} 2\n"));
  const std::string annotations = github_annotations(failed);
  EXPECT_EQ(std::count(annotations.begin(), annotations.end(), '\n'), 2) << annotations;
}

TEST(ConsoleText, AnnotatesTheErrorsOfFiles) {
  const std::vector<std::string> files{"s/a.yaml", "s/b:1.yaml"};
  EXPECT_EQ(github_annotation("s/a.yaml:3:7: unknown key \"x\"\n  x: 1\n  ^", files),
            "::error file=s/a.yaml,line=3,col=7,title=invalid scenario::unknown key \"x\"%0A  x: "
            "1%0A  ^\n");
  EXPECT_EQ(github_annotation("s/b:1.yaml: cannot be read: it is a folder", files),
            "::error file=s/b%3A1.yaml,title=invalid scenario::cannot be read: it is a folder\n");
  EXPECT_EQ(github_annotation("s/a.yaml:3: 100% wrong", files),
            "::error file=s/a.yaml,line=3,title=invalid scenario::100%25 wrong\n");
  for (const std::string& text : nasty::texts()) {
    const std::string line = github_annotation("s/a.yaml:3:7: " + text, files);
    EXPECT_TRUE(nasty::is_harmless(line, true)) << line;
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  }
}

TEST(ConsoleText, CountsSkippedTestsByReason) {
  Report report = sample_report();
  report.tests.push_back(report.tests[2]);
  report.tests.back().title = "third";
  report.tests.push_back(report.tests[2]);
  report.tests.back().reason = "network cuts need --engine docker";
  EXPECT_EQ(skipped_tests(report),
            "2 tests skipped: Prometheus v9 is not on this machine\n  other\n  third\n"
            "1 test skipped: network cuts need --engine docker\n  other\n");
  EXPECT_EQ(skipped_tests({}), "");
}

TestResult nasty_failure(const std::string& text) {
  TestResult result = sample_report().tests[1];
  for (std::string* field : {&result.title, &result.id, &result.reason, &result.note})
    *field = text;
  for (CheckResult& check : result.checks) {
    for (std::string* field :
         {&check.name, &check.node, &check.phase, &check.want, &check.got, &check.detail}) {
      *field = text;
    }
    check.warnings = {text};
  }
  return result;
}

TEST(ConsoleText, DoesNotSteerTheTerminal) {
  for (const std::string& text : nasty::texts()) {
    const TestResult result = nasty_failure(text);
    EXPECT_TRUE(nasty::is_harmless(to_text(result), true)) << to_text(result);
    EXPECT_TRUE(nasty::is_harmless(github_annotations(result), true)) << github_annotations(result);
  }
}

// GitHub's runner takes every line of a step's output for a command that begins with :: behind
// blanks.
TEST(ConsoleText, HoldsNoCommandsOfOthers) {
  const TestResult result =
      nasty_failure("first\n::stop-commands::x\n  ##[error]y\nPASS  other  0.0s");
  const std::string text = to_text(result);
  EXPECT_EQ(text.find("\nPASS"), std::string::npos) << text;
  EXPECT_EQ(text.find(" ::"), std::string::npos) << text;
  EXPECT_EQ(text.find("##["), std::string::npos) << text;
  std::istringstream lines(github_annotations(result));
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(line.starts_with("::error file=")) << line;
}

}  // namespace
}  // namespace mread::scenarios
