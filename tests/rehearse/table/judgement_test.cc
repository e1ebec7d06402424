#include "rehearse/table/judgement.h"

#include <gtest/gtest.h>

namespace mread::rehearse {
namespace {

using scenarios::QueryAnswer;

QueryAnswer answer(const std::vector<std::pair<std::string, double>>& values,
                   const std::string& warning = "") {
  QueryAnswer out;
  out.type = "vector";
  for (const auto& [instance, value] : values)
    out.series.push_back({model::LabelSet{{"instance", instance}}, {{1000, value, {}}}});
  if (!warning.empty()) out.warnings.push_back(warning);
  out.duration = std::chrono::milliseconds(10);
  return out;
}

const Question query{"q", "q", "--query", Question::Kind::query};
const Question alert{"a", "a", "r.yml:1", Question::Kind::alert};

class JudgementTest : public testing::Test {
 protected:
  State state(const QueryAnswer& got, const Question& question = query, bool only_loses = true) {
    return judge(question, truth_, got, {only_loses, &without_, &nothing_});
  }
  Truth truth_{answer({{"a", 1}, {"b", 2}}), 100};
  QueryAnswer without_ = answer({{"a", 7}});
  QueryAnswer nothing_ = answer({{"absent", 1}});
};

TEST_F(JudgementTest, TheRightAnswerIsSameOrSlow) {
  EXPECT_EQ(state(answer({{"a", 1}, {"b", 2}})), State::same);
  EXPECT_EQ(state(answer({{"a", 1}, {"b", 2}}, "a warning")), State::same);
  QueryAnswer late = answer({{"a", 1}, {"b", 2}});
  late.duration = std::chrono::milliseconds(101);
  EXPECT_EQ(state(late), State::slow);
}

TEST_F(JudgementTest, AnErrorIsAFailure) {
  QueryAnswer failed;
  failed.error = "execution: deadline exceeded";
  EXPECT_EQ(state(failed), State::failed);
  EXPECT_EQ(state(failed, alert), State::failed);
}

TEST_F(JudgementTest, AWarningReachesWhoAsksButNotARule) {
  EXPECT_EQ(state(answer({{"a", 1}}, "remote_read: …")), State::told);
  EXPECT_EQ(state(answer({{"a", 1}}, "remote_read: …"), alert), State::silent);
}

TEST_F(JudgementTest, WhatLostDataExplainIsSilent) {
  EXPECT_EQ(state(answer({{"a", 1}})), State::silent) << "a part";
  EXPECT_EQ(state(answer({})), State::silent);
  EXPECT_EQ(state(answer({{"a", 7}}), query, false), State::silent) << "as without the backend";
  EXPECT_EQ(state(answer({{"absent", 1}})), State::silent) << "as without all backends";
}

TEST_F(JudgementTest, WhatTheyDoNotIsWrong) {
  EXPECT_EQ(state(answer({{"a", 1}, {"c", 3}})), State::wrong) << "a series that is not there";
  EXPECT_EQ(state(answer({{"a", 2}, {"b", 2}}), query, false), State::wrong);
  EXPECT_EQ(state(answer({{"a", 2}, {"b", 2}}), alert, false), State::wrong);
}

TEST_F(JudgementTest, NothingBrokenNeedsNoReference) {
  EXPECT_EQ(judge(query, truth_, answer({{"a", 1}}), {}), State::silent);
}

TEST(AlertDifference, TellsMissingFromFalse) {
  const QueryAnswer truth = answer({{"a", 1}, {"b", 1}});
  const auto flags = [&truth](const QueryAnswer& got) {
    const AlertDifference difference = alert_difference(truth, got);
    return std::pair(difference.not_firing, difference.firing);
  };
  EXPECT_EQ(flags(answer({{"a", 5}, {"b", 1}})), std::pair(false, false));
  EXPECT_EQ(flags(answer({{"a", 1}})), std::pair(true, false));
  EXPECT_EQ(flags(answer({{"a", 1}, {"b", 1}, {"c", 1}})), std::pair(false, true));
  QueryAnswer failed;
  failed.error = "x";
  EXPECT_EQ(flags(failed), std::pair(true, false));
}

}  // namespace
}  // namespace mread::rehearse
