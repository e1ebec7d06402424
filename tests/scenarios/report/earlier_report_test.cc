#include "scenarios/report/earlier_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "scenarios/report/sample_report.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

class EarlierReportTest : public testing::Test {
 protected:
  ~EarlierReportTest() override { std::filesystem::remove_all(folder_); }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("mread-earlier-" + std::to_string(getpid()));
};

TEST_F(EarlierReportTest, HasTheVerdictsThatWereWritten) {
  ASSERT_TRUE(write_report(folder_, sample_report()));
  for (const auto& path : {folder_, folder_ / "report.json"}) {
    const auto earlier = read_earlier_report(path);
    ASSERT_TRUE(earlier) << earlier.error().to_string();
    EXPECT_EQ(earlier->started, "2026-11-21T19:00:00Z");
    EXPECT_EQ(earlier->verdicts.at("slow-node-2"), "fail");
    EXPECT_EQ(earlier->verdicts.size(), sample_report().tests.size());
  }
}

TEST_F(EarlierReportTest, WhatIsNoReportIsNamed) {
  const auto error_of = [&](const std::string& text) {
    EXPECT_TRUE(write_file(folder_ / "x.json", text));
    const auto read = read_earlier_report(folder_ / "x.json");
    return read ? "" : read.error().context;
  };
  EXPECT_THAT(error_of("{"), testing::HasSubstr("x.json: no report of mread run"));
  EXPECT_THAT(error_of("{}"), testing::HasSubstr("no list \"tests\""));
  EXPECT_THAT(error_of(R"({"tests": [{"id": 3}]})"),
              testing::HasSubstr("tests[0].id is not a text"));
  const auto missing = read_earlier_report(folder_ / "nowhere.json");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().context, testing::HasSubstr("nowhere.json"));
}

}  // namespace
}  // namespace mread::scenarios
