#include <regex>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/report/page_data.h"
#include "scenarios/report/sample_report.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

using testing::HasSubstr;
using testing::Not;

// The JSON in the page, as its script reads it.
boost::json::value data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"report\">";
  const size_t from = page.find(begin) + begin.size();
  return boost::json::parse(page.substr(from, page.find("</script>", from) - from));
}

TEST(ReportHtml, HoldsTheData) {
  const Report report = sample_report();
  EXPECT_EQ(data_of(to_html(report)), boost::json::parse(page_data(report)));
}

TEST(ReportHtml, ReadsNothingFromElsewhere) {
  const std::string page = to_html(sample_report());
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)=\"(https?:)?//")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_THAT(page, HasSubstr("The MIT License"));
}

TEST(ReportHtml, EveryTestHasASection) {
  const Report report = sample_report();
  const std::string page = to_html(report);
  for (const TestResult& test : report.tests) {
    EXPECT_THAT(page, HasSubstr("<details class=\"test\" id=\"test-" + test.id + "\""));
    EXPECT_THAT(page, HasSubstr("href=\"#test-" + test.id + "\""));
  }
}

TEST(ReportHtml, AFailedCheckShowsWhatDiffers) {
  const std::string page = to_html(sample_report());
  EXPECT_THAT(page, HasSubstr("<del>- {} 11\n</del>"));
  EXPECT_THAT(page, HasSubstr("<ins>+ {} 1\n</ins>"));
  EXPECT_THAT(page, HasSubstr("warning: remote: deadline"));
  EXPECT_THAT(page, HasSubstr("<h2>What failed</h2>"));
}

TEST(ReportHtml, ChangesAreThoseSinceTheOtherReport) {
  Report report = sample_report();
  EXPECT_THAT(to_html(report), Not(HasSubstr("<h2>Since ")));
  report.compared =
      EarlierReport{"2026-11-20T00:00:00Z",
                    {{"slow-node-1", "pass"}, {"slow-node-2", "pass"}, {"other", "skipped"}}};
  const std::string page = to_html(report);
  EXPECT_THAT(page, HasSubstr("<h2>Since 2026-11-20T00:00:00Z</h2>"));
  EXPECT_THAT(page, HasSubstr("(was: pass)"));
  EXPECT_THAT(page, HasSubstr("(new)"));
  EXPECT_THAT(page, Not(HasSubstr("(was: skipped)")));
}

// Whatever a server or a scenario says, it adds no tag, no attribute and no end of a script.
TEST(ReportHtml, TextsOfOthersAreNoMarkup) {
  Report plain = sample_report();
  plain.tests.resize(1);
  const auto tags = [](const std::string& page) {
    const std::string shown = page.substr(0, page.find("<script type=\"application/json\""));
    const std::regex tag("<[a-z/!][^>]*>");
    return std::distance(std::sregex_iterator(shown.begin(), shown.end(), tag),
                         std::sregex_iterator());
  };
  const auto filled = [&](const std::string& text) {
    Report report = plain;
    TestResult& test = report.tests[0];
    test.title = test.reason = test.note = text;
    test.tags = {text};
    test.checks[0].name = test.checks[0].got = text;
    test.checks[0].warnings = {text};
    test.nodes[0].name = text;
    test.course.events = {{0, 1, text, text, true}};
    test.course.questions = {{0, 1, text, text, text, Outcome::failed, text}};
    return report;
  };
  const auto expected = tags(to_html(filled("x")));
  for (const std::string text : {"</script><script>alert(1)</script>", "\"><img src=x onerror=y>",
                                 "' onmouseover='x", "<!--", "&amp;<b>"}) {
    const std::string page = to_html(filled(text));
    EXPECT_EQ(tags(page), expected) << text;
    EXPECT_EQ(data_of(page), boost::json::parse(page_data(filled(text)))) << text;
  }
}

TEST(ReportHtml, NamesTheEnginesOfAMergedReport) {
  Report report = sample_report();
  report.tests[1].engine = "docker";
  EXPECT_THAT(to_html(report), HasSubstr("mread 0.1.0, engine docker, engine process</p>"));
}

TEST(ReportHtml, AnInterruptedRunSaysSo) {
  Report report;
  report.is_interrupted = true;
  EXPECT_THAT(to_html(report), HasSubstr("The run was interrupted."));
}

TEST(ReportMarkdown, NamesWhatFailedAndHowToRunItAgain) {
  EXPECT_EQ(to_markdown(sample_report()),
            "## mread run\n\n| passed | failed | known issues | inconclusive | skipped |\n"
            "|---|---|---|---|---|\n| 1 | 1 | 1 | 0 | 1 |\n\n"
            "- **a &lt;b> &amp; \"c\" (fault): want {} 11, got {} 1**\n"
            "  - slow-node \\[prometheus=v3.5\\]: ` mread run scenarios/slow-node.yaml --filter "
            "slow-node-2 --engine process --seed 42 `\n");
}

TEST(ReportMarkdown, IsBounded) {
  Report report = sample_report();
  TestResult failed = report.tests[1];
  failed.reason = std::string(5000, 'x');
  report.tests.assign(1000, failed);
  const std::string summary = to_markdown(report);
  EXPECT_LT(summary.size(), 20'000U);
  EXPECT_THAT(summary, HasSubstr("and 950 more"));
}

}  // namespace
}  // namespace mread::scenarios
