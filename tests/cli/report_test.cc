#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "scenarios/report/read_report.h"
#include "scenarios/report/sample_report.h"
#include "scenarios/report/writers.h"

namespace mread::cli {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;

class ReportCommand : public testing::Test {
 protected:
  ReportCommand() {
    fs::create_directories(folder_ / "bin");
    fs::current_path(folder_);
    setenv("PATH", (folder_ / "bin").c_str(), 1);
    unsetenv("GITHUB_STEP_SUMMARY");
  }
  ~ReportCommand() override {
    fs::current_path(old_folder_);
    setenv("PATH", old_path_.c_str(), 1);
    unsetenv("GITHUB_STEP_SUMMARY");
    fs::remove_all(folder_);
  }

  // Runs `mread ARGUMENTS…` and keeps what it printed.
  int run(std::vector<std::string> arguments) {
    CLI::App app("mread", "mread");
    int exit_code = -1;
    add_report(app, exit_code);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    std::fflush(stdout);
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  static std::string contents(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  static void write_report(const fs::path& folder) {
    ASSERT_TRUE(scenarios::write_report(folder, scenarios::sample_report()));
  }

  const fs::path old_folder_ = fs::current_path();
  const std::string old_path_ = std::getenv("PATH");
  const fs::path folder_ =
      fs::temp_directory_path() / ("mread-report-command-" + std::to_string(getpid()));
  std::string output_;
  std::string errors_;
};

TEST_F(ReportCommand, MergesAndTellsWhere) {
  write_report("one");
  write_report("two");
  setenv("GITHUB_STEP_SUMMARY", "summary.md", 1);
  EXPECT_EQ(run({"report", "merge", "one", "two", "--report-dir", "all"}), ok) << errors_;
  EXPECT_THAT(output_, HasSubstr("8 tests of 2 reports\n"));
  EXPECT_THAT(output_, HasSubstr("2 passed, 2 failed, 2 known issues, 2 skipped"));
  EXPECT_THAT(output_, HasSubstr("report: all\n"));
  EXPECT_EQ(scenarios::read_report("all")->tests.size(), 8U);
  EXPECT_FALSE(fs::exists("summary.md"));
  EXPECT_EQ(run({"report", "merge", "one", "two", "--github", "--compare", "one"}), ok) << errors_;
  EXPECT_THAT(contents("summary.md"), HasSubstr("| 2 | 2 | 2 | 0 | 2 |"));
  const fs::path made = fs::directory_iterator("reports")->path();
  EXPECT_THAT(contents(made / "report.html"), HasSubstr("<h2>Since 2026-11-21T19:00:00Z</h2>"));
}

TEST_F(ReportCommand, NamesTheReportThatCannotBeMerged) {
  write_report("one");
  EXPECT_EQ(run({"report", "merge", "one", "two"}), invalid);
  EXPECT_THAT(errors_, HasSubstr("mread report merge: two"));
  EXPECT_TRUE(fs::is_empty("reports")) << "a folder was left";
  EXPECT_EQ(run({"report", "merge", "one", "--report-dir", "/proc/nowhere"}), environment);
  EXPECT_EQ(run({"report", "merge", "one", "--compare", "two"}), invalid);
  EXPECT_THAT(errors_, HasSubstr("--compare: two"));
}

TEST_F(ReportCommand, OpensThePageWithXdgOpen) {
  write_report("a b#é");
  ASSERT_EQ(mkfifo("called", 0600), 0);
  std::ofstream("bin/xdg-open") << "#!/bin/sh\necho \"$1\" >'" << (folder_ / "called").string()
                                << "'\n";
  fs::permissions("bin/xdg-open", fs::perms::owner_all);
  EXPECT_EQ(run({"report", "open", "a b#é"}), ok) << errors_;
  const std::string url = "file://" + folder_.string() + "/a%20b%23%C3%A9/report.html\n";
  EXPECT_EQ(output_, url);
  EXPECT_EQ(contents("called"), url);  // Waits until the script has written.
}

TEST_F(ReportCommand, NeedsNoBrowser) {
  write_report("one");
  EXPECT_EQ(run({"report", "open", "one/report.html"}), ok);
  EXPECT_THAT(output_, EndsWith("/one/report.html\n"));
  EXPECT_EQ(errors_, "");
}

TEST_F(ReportCommand, OpensTheNewestReport) {
  EXPECT_EQ(run({"report", "open"}), invalid);
  EXPECT_THAT(errors_, HasSubstr("no report below reports/"));
  write_report("reports/20261121-190000");
  write_report("reports/20261121-200000");
  fs::create_directory("reports/20261121-210000");
  EXPECT_EQ(run({"report", "open"}), ok);
  EXPECT_THAT(output_, EndsWith("/reports/20261121-200000/report.html\n"));
  EXPECT_EQ(run({"report", "open", "nowhere"}), invalid);
  EXPECT_THAT(errors_, HasSubstr("nowhere: no such file"));
}

}  // namespace
}  // namespace mread::cli
