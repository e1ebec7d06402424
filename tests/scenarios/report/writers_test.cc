#include "scenarios/report/writers.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

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

TEST(ValidUtf8, ReplacesWhatIsNone) {
  EXPECT_EQ(valid_utf8("aé€😀"), "aé€😀");
  EXPECT_EQ(valid_utf8("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("a\xc3"), "a\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong";
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "a surrogate";
}

}  // namespace
}  // namespace mread::scenarios
