#include "scenarios/report/writers.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/nasty_texts.h"
#include "base/printable.h"
#include "scenarios/report/sample_report.h"

namespace mread::scenarios {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The formats are read by other programs: what changes here changes for them. MREAD_UPDATE_GOLDEN=1
// writes the files again.
void expect_golden(const std::string& name, const std::string& text) {
  const std::filesystem::path path = std::filesystem::path(MREAD_TEST_DATA) / "report" / name;
  if (std::getenv("MREAD_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file(path, text));
  }
  EXPECT_EQ(text, contents(path)) << path;
}

TEST(ReportJson, IsGolden) { expect_golden("report.json", to_json(sample_report())); }

TEST(ReportJunit, IsGolden) { expect_golden("junit.xml", to_junit(sample_report())); }

TEST(ReportFormats, AreAllWritten) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("mread-report-" + std::to_string(getpid()));
  ASSERT_TRUE(write_report(folder, sample_report()));
  for (const ReportFormat& format : report_formats()) {
    EXPECT_EQ(contents(folder / format.file_name), format.write(sample_report()));
  }
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++files;
  EXPECT_EQ(files, report_formats().size()) << "no temporary file stays";
  std::filesystem::remove_all(folder);
}

TEST(ReportJunit, TestsWithoutAVerdictAreErrors) {
  Report report = sample_report();
  report.is_interrupted = true;
  report.tests.resize(1);
  report.tests[0].is_interrupted = true;
  report.tests[0].verdict = Verdict::skipped;
  report.tests[0].reason = "interrupted";
  EXPECT_THAT(to_junit(report),
              testing::HasSubstr("tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"0\""));
  EXPECT_THAT(to_junit(report), testing::HasSubstr("<error message=\"interrupted\""));
  EXPECT_THAT(to_json(report), testing::HasSubstr("\"interrupted\": true"));
  // A run that died before its first test ended.
  report.tests.clear();
  EXPECT_THAT(to_junit(report), testing::HasSubstr("errors=\"1\""));
}

class ReportFolderTest : public testing::Test {
 protected:
  ~ReportFolderTest() override { std::filesystem::remove_all(folder_); }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("mread-report-folder-" + std::to_string(getpid()));
};

TEST_F(ReportFolderTest, WhatAnEarlierRunLeftGoesAndNothingElse) {
  ASSERT_TRUE(write_report(folder_, sample_report()));
  ASSERT_TRUE(write_file(folder_ / "nodes/old-1/query.log", "old"));
  ASSERT_TRUE(write_file(folder_ / "notes.txt", "mine"));
  ASSERT_TRUE(clear_report(folder_));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "report.json"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "junit.xml"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "nodes"));
  EXPECT_EQ(contents(folder_ / "notes.txt"), "mine");
  // A folder without a report is not one of ours.
  ASSERT_TRUE(write_file(folder_ / "nodes/mine.txt", "mine"));
  ASSERT_TRUE(clear_report(folder_));
  EXPECT_EQ(contents(folder_ / "nodes/mine.txt"), "mine");
  EXPECT_TRUE(clear_report(folder_ / "nowhere"));
}

TEST_F(ReportFolderTest, TwoRunsInOneSecondHaveFoldersOfTheirOwn) {
  EXPECT_EQ(make_report_folder(folder_, "20261126-071500").value(), folder_ / "20261126-071500");
  EXPECT_EQ(make_report_folder(folder_, "20261126-071500").value(), folder_ / "20261126-071500-2");
  EXPECT_FALSE(make_report_folder("/proc/nowhere", "x"));
}

TEST(WriteFile, NamesWhatCannotBeWritten) {
  const auto written = write_file("/proc/nothing/here", "x");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().context, testing::HasSubstr("/proc/nothing"));
}

// A report of which every text is nasty.
Report nasty_report(const std::string& text) {
  Report report = sample_report();
  for (TestResult& test : report.tests) {
    for (std::string* field :
         {&test.scenario, &test.id, &test.title, &test.file, &test.reason, &test.note})
      *field = text;
    for (CheckResult& check : test.checks) {
      for (std::string* field : {&check.expr, &check.name, &check.node, &check.phase, &check.want,
                                 &check.got, &check.detail}) {
        *field = text;
      }
      check.warnings = {text};
    }
  }
  return report;
}

TEST(ReportJson, IsValidAndPrintableAndExactWhateverComes) {
  for (const std::string& text : nasty::texts()) {
    const std::string written = to_json(nasty_report(text));
    EXPECT_TRUE(nasty::is_harmless(written, true)) << written;
    boost::system::error_code code;
    const auto parsed = boost::json::parse(written, code);
    ASSERT_FALSE(code) << code.message() << written;
    EXPECT_EQ(parsed.at("tests").at(0).at("checks").at(0).at("expr").as_string(), valid_utf8(text));
  }
}

TEST(ReportJunit, IsPrintableWhateverComes) {
  for (const std::string& text : nasty::texts()) {
    const std::string written = to_junit(nasty_report(text));
    EXPECT_TRUE(nasty::is_harmless(written, true)) << written;
  }
}

}  // namespace
}  // namespace mread::scenarios
