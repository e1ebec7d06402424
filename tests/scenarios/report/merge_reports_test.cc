#include "scenarios/report/merge_reports.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "scenarios/report/read_report.h"
#include "scenarios/report/sample_report.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

Report report_with(const std::vector<std::string>& ids) {
  Report report = sample_report();
  const TestResult test = report.tests[0];
  report.tests.clear();
  for (const std::string& id : ids) {
    report.tests.push_back(test);
    report.tests.back().id = id;
    report.tests.back().nodes[0].log = "nodes/" + id + "/query.log";
  }
  return report;
}

std::vector<std::string> ids_of(const Report& report) {
  std::vector<std::string> ids;
  for (const TestResult& test : report.tests) ids.push_back(test.id);
  return ids;
}

TEST(MergeReports, HasTheTestsOfAllInTheirOrder) {
  EXPECT_THAT(ids_of(merge_reports({report_with({"b", "a"}), report_with({"c"})})),
              ElementsAre("b", "a", "c"));
  EXPECT_THAT(merge_reports({}).tests, testing::IsEmpty());
}

TEST(MergeReports, LastsFromTheFirstStartToTheLastEnd) {
  Report first = report_with({"a"});
  Report second = report_with({"b"});
  second.started = first.started - std::chrono::seconds(10);
  second.duration_s = 5;
  second.seed = 7;
  second.mread_version = "0.2.0";
  const Report merged = merge_reports({first, second});
  EXPECT_EQ(merged.started, second.started);
  EXPECT_NEAR(merged.duration_s, 10 + first.duration_s, 1e-3);
  EXPECT_EQ(merged.seed, first.seed);
  EXPECT_EQ(merged.mread_version, "0.1.0, 0.2.0");
  EXPECT_FALSE(merged.is_interrupted);
}

TEST(MergeReports, IsInterruptedIfOneIs) {
  Report second = report_with({});
  second.is_interrupted = true;
  EXPECT_TRUE(merge_reports({report_with({"a"}), second}).is_interrupted);
}

TEST(MergeReports, ATestOfSeveralReportsHasRounds) {
  const Report merged =
      merge_reports({report_with({"a"}), report_with({"a", "a-r2"}), report_with({"a"})});
  EXPECT_THAT(ids_of(merged), ElementsAre("a", "a-r3", "a-r2", "a-r4"));
  EXPECT_EQ(merged.tests[1].nodes[0].log, "nodes/a-r3/query.log");
}

class MergeReportFoldersTest : public testing::Test {
 protected:
  ~MergeReportFoldersTest() override { fs::remove_all(folder_); }

  fs::path shard(const std::string& name, const std::vector<std::string>& ids) {
    const fs::path folder = folder_ / name;
    EXPECT_TRUE(write_report(folder, report_with(ids)));
    for (const std::string& id : ids)
      EXPECT_TRUE(write_file(folder / "nodes" / id / "query.log", name));
    return folder;
  }
  std::string contents(const fs::path& path) const {
    std::ifstream file(folder_ / "all" / path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  Result<Report> merge(const std::vector<fs::path>& folders) {
    return merge_report_folders(folders, folder_ / "all");
  }

  const fs::path folder_ =
      fs::temp_directory_path() / ("mread-merge-reports-" + std::to_string(getpid()));
};

TEST_F(MergeReportFoldersTest, WritesEveryFormAndTheLogs) {
  const auto merged = merge({shard("one", {"a", "b"}), shard("two", {"a"})});
  ASSERT_TRUE(merged) << merged.error().to_string();
  EXPECT_EQ(contents("report.json"), to_json(*merged));
  EXPECT_EQ(contents("report.html"), to_html(*merged));
  EXPECT_EQ(contents("junit.xml"), to_junit(*merged));
  EXPECT_EQ(contents("nodes/a/query.log"), "one");
  EXPECT_EQ(contents("nodes/a-r2/query.log"), "two");
  for (const TestResult& test : merged->tests) {
    for (const NodeResult& node : test.nodes)
      EXPECT_TRUE(fs::exists(folder_ / "all" / node.log)) << node.log;
  }
}

TEST_F(MergeReportFoldersTest, ReplacesAnEarlierReportAndTakesFilesForFolders) {
  ASSERT_TRUE(merge({shard("one", {"old"})}));
  ASSERT_TRUE(merge({shard("two", {"new"}) / "report.json"}));
  EXPECT_THAT(ids_of(*read_report(folder_ / "all")), ElementsAre("new"));
  EXPECT_FALSE(fs::exists(folder_ / "all/nodes/old"));
  EXPECT_EQ(contents("nodes/new/query.log"), "two");
}

TEST_F(MergeReportFoldersTest, RefusesWhatWouldLoseAReport) {
  const fs::path one = shard("one", {"a"});
  const auto error_of = [&](const Result<Report>& merged) {
    return merged ? "" : merged.error().context;
  };
  EXPECT_THAT(error_of(merge({one, one / "report.json"})), HasSubstr("given twice"));
  EXPECT_THAT(error_of(merge_report_folders({one}, folder_ / "x/../one")), HasSubstr("replace"));
  EXPECT_TRUE(fs::exists(one / "nodes/a/query.log"));
  EXPECT_THAT(error_of(merge({one, folder_ / "nowhere"})), HasSubstr("nowhere"));
  EXPECT_FALSE(fs::exists(folder_ / "all"));
}

TEST_F(MergeReportFoldersTest, AnIdIsNoPath) {
  Report report = report_with({"../../etc"});
  ASSERT_TRUE(write_report(folder_ / "bad", report));
  const auto merged = merge({folder_ / "bad"});
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().context, HasSubstr("\"../../etc\" is not a file's name"));
}

}  // namespace
}  // namespace mread::scenarios
