#include "scenarios/report/read_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/nasty_texts.h"
#include "scenarios/report/sample_report.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

using testing::HasSubstr;

class ReadReportTest : public testing::Test {
 protected:
  ~ReadReportTest() override { std::filesystem::remove_all(folder_); }

  // What is read of a report that was written; the test fails where it cannot be read.
  Report read(const Report& report) {
    EXPECT_TRUE(write_file(folder_ / "report.json", to_json(report)));
    auto read = read_report(folder_);
    EXPECT_TRUE(read) << read.error().to_string();
    return read.value_or(Report());
  }

  std::string error_of(const std::string& text) {
    EXPECT_TRUE(write_file(folder_ / "x.json", text));
    const auto read = read_report(folder_ / "x.json");
    return read ? "" : read.error().context;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("mread-read-report-" + std::to_string(getpid()));
};

Report full_report() {
  Report report = sample_report();
  report.is_interrupted = true;
  TestResult& test = report.tests[1];
  test.incident = "node a ended";
  test.is_interrupted = true;
  test.nodes[0].names = {"b"};
  test.course.more_questions = 7;
  LoadResult load;
  load.executor = "constant-vus";
  load.node = "query";
  load.queries = {"up"};
  load.all = {3, 1, 1.5, 2, 3, 4, 5};
  load.fault = LoadTimes{1, 0, 1, 1, 1, 1, 1};
  load.baseline = LoadTimes{};
  load.late = 2;
  load.is_judged = true;
  load.requests = {{1, 2.5, 0, false}, {2, 3, 60, true}};
  test.load = load;
  return report;
}

TEST_F(ReadReportTest, GivesWhatWasWritten) {
  const Report read_again = read(full_report());
  EXPECT_EQ(to_json(read_again), to_json(full_report()));
  EXPECT_EQ(to_junit(read_again), to_junit(full_report()));
}

TEST_F(ReadReportTest, GivesEveryTextBack) {
  for (const std::string& text : nasty::texts()) {
    Report report = sample_report();
    report.tests[1].title = report.tests[1].checks[1].got = text;
    EXPECT_EQ(to_json(read(report)), to_json(report)) << text;
  }
}

TEST_F(ReadReportTest, NeedsNoMemberButAnIdAndAVerdict) {
  ASSERT_EQ(error_of(R"({"tests": [{"id": "a-1", "scenario": "a", "verdict": "pass"}]})"), "");
  const Report report = *read_report(folder_ / "x.json");
  EXPECT_EQ(report.tests.at(0).title, "a");
  EXPECT_EQ(report.total(Verdict::pass), 1U);
}

TEST_F(ReadReportTest, NamesThePlaceOfWhatIsWrong) {
  const auto in_test = [&](const std::string& members) {
    return error_of(R"({"tests": [{"id": "a", "verdict": "pass", )" + members + "}]}");
  };
  EXPECT_THAT(error_of("{"), HasSubstr("x.json: no report of mread run: "));
  EXPECT_THAT(error_of("[]"), HasSubstr("it is not an object"));
  EXPECT_THAT(error_of("{}"), HasSubstr("no list \"tests\""));
  EXPECT_THAT(error_of(R"({"tests": {}})"), HasSubstr("tests is not a list"));
  EXPECT_THAT(error_of(R"({"tests": [{}]})"), HasSubstr("tests[0].id is not a text"));
  EXPECT_THAT(error_of(R"({"tests": [{"id": "a", "verdict": "fine"}]})"),
              HasSubstr("tests[0].verdict is not one of pass, fail, known_issue, inconclusive"));
  EXPECT_THAT(error_of(R"({"started": "soon", "tests": []})"), HasSubstr("started is not a time"));
  EXPECT_THAT(in_test(R"("seed": -1)"), HasSubstr("tests[0].seed is not an integer"));
  EXPECT_THAT(in_test(R"("tags": [1])"), HasSubstr("tests[0].tags is not a list of texts"));
  EXPECT_THAT(in_test(R"("checks": [{"verdict": "pass", "line": "x"}])"),
              HasSubstr("tests[0].checks[0].line is not an integer"));
  EXPECT_THAT(in_test(R"("load": {"requests": [[1, 2]]})"),
              HasSubstr("tests[0].load.requests is not a list of rows"));
  EXPECT_THAT(in_test(R"("nodes": [{"usage": [[1, true, 3]]}])"),
              HasSubstr("tests[0].nodes[0].usage is not a list of rows [at_s, cpu_percent"));
  EXPECT_THAT(in_test(R"("nodes": [{"requests": [{"status": "x"}]}])"),
              HasSubstr("tests[0].nodes[0].requests[0].status is not an integer"));
  EXPECT_THAT(in_test(R"("course": {"questions": [{"outcome": "good"}]})"),
              HasSubstr("tests[0].course.questions[0].outcome is not one of complete"));
}

}  // namespace
}  // namespace mread::scenarios
