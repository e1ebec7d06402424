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

// The formats are read by other programs: what changes here changes for them. MREAD_UPDATE_GOLDEN=1 writes the files
// anew.
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
  const auto folder = std::filesystem::temp_directory_path() / ("mread-report-" + std::to_string(getpid()));
  ASSERT_TRUE(write_report(folder, sample_report()));
  for (const ReportFormat& format : report_formats()) {
    EXPECT_EQ(contents(folder / format.file_name), format.write(sample_report()));
  }
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++files;
  EXPECT_EQ(files, report_formats().size()) << "no temporary file stays";
  std::filesystem::remove_all(folder);
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
    for (std::string* field : {&test.scenario, &test.id, &test.title, &test.file, &test.reason, &test.note})
      *field = text;
    for (CheckResult& check : test.checks) {
      for (std::string* field :
           {&check.expr, &check.name, &check.node, &check.phase, &check.want, &check.got, &check.detail}) {
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
