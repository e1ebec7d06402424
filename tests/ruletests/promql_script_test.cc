#include "ruletests/promql_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "base/yaml.h"

namespace mread::ruletests {
namespace {

using scenarios::Check;
using scenarios::Expectation;
using testing::HasSubstr;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

class PromqlScriptTest : public testing::Test {
 protected:
  std::vector<TestGroup> read(const std::string& text) {
    return read_promql_script(folder_.write("s.test", text));
  }
  Check check_of(const std::string& text) {
    return read("load 1m\n  x 1\n\n" + text).at(0).checks.at(0);
  }
  std::string error_of(const std::string& text) {
    try {
      read(text);
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(PromqlScriptTest, AGroupIsTheDataSoFarAndTheQuestionsBehind) {
  const auto groups = read(R"(# a comment
load 5m
  a 0+10x10

eval instant at 50m a
  a 100

eval instant at 50m b

load 5m
  b 1

eval instant at 0 b
  b 1

clear
eval instant at 0 b
)");
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].name, "line 5");
  EXPECT_EQ(groups[0].input.size(), 1u);
  EXPECT_EQ(groups[0].checks.size(), 2u);
  EXPECT_EQ(groups[1].input.size(), 2u) << "a load adds to what there is";
  EXPECT_TRUE(groups[2].input.empty());
}

TEST_F(PromqlScriptTest, ReadsAnInstantQuery) {
  const Check check = check_of(
      "eval instant at 5m sum by (a) (x{b=\"c\"})\n  {a=\"1\"} 2\n  {a=\"2\"} {{count:1}}\n");
  EXPECT_EQ(check.expr, "sum by (a) (x{b=\"c\"})");
  EXPECT_EQ(check.eval_time, 5min);
  EXPECT_EQ(check.line, 4);
  EXPECT_EQ(check.answer_type, "vector");
  ASSERT_EQ(check.samples->size(), 2u);
  EXPECT_EQ(check.samples->at(0).value, 2);
  EXPECT_TRUE(check.samples->at(1).histogram);
  EXPECT_EQ(check.exactness, scenarios::Exactness::loose);
}

TEST_F(PromqlScriptTest, ReadsARangeQuery) {
  const Check check =
      check_of("eval range from 10s to 1m step 10s x\n  x 1 _ 3\n  y{} 5x5\n  z _\n");
  ASSERT_TRUE(check.range);
  EXPECT_EQ(check.range->start, 10s);
  EXPECT_EQ(check.range->step, 10s);
  EXPECT_EQ(check.answer_type, "matrix");
  ASSERT_EQ(check.range_series->size(), 2u) << "a series without a point is not expected";
  ASSERT_EQ(check.range_series->at(0).samples.size(), 2u);
  EXPECT_EQ(check.range_series->at(0).samples[1].timestamp_ms, 30'000);
}

TEST_F(PromqlScriptTest, ReadsTheKindsOfAnswers) {
  const Check scalar = check_of("eval instant at 0 1 + 1\n  2\n");
  EXPECT_EQ(scalar.answer_type, "scalar");
  EXPECT_EQ(scalar.samples->at(0).value, 2);
  const Check text = check_of("eval instant at 0 \"F\"\n  expect string \"F\\n\"\n");
  EXPECT_EQ(text.answer_type, "string");
  EXPECT_EQ(text.text, "F\n");
  EXPECT_FALSE(text.samples);
  const Check matrix = check_of(
      "eval instant at 1m x[1m]\n  expect range vector from 10s to 1m step 10s\n  x 1 2\n");
  EXPECT_EQ(matrix.answer_type, "matrix");
  EXPECT_EQ(matrix.range_series->at(0).samples[1].timestamp_ms, 20'000);
  EXPECT_EQ(matrix.eval_time, 1min);
}

TEST_F(PromqlScriptTest, ReadsOldAndNewExpectations) {
  const Check old = check_of("eval_fail instant at 0 ceil(x)\n  expected_fail_regexp vector.*\n");
  ASSERT_EQ(old.expect.size(), 1u);
  EXPECT_EQ(old.expect[0].kind, Expectation::Kind::fail);
  EXPECT_EQ(old.expect[0].pattern->text, "vector.*");
  EXPECT_FALSE(old.samples);
  const Check fresh = check_of(
      "eval instant at 0 x\n  expect warn msg: a (b)\n  expect info regex:c+\n  expect ordered\n"
      "  expect no_info\n  x 1\n");
  ASSERT_EQ(fresh.expect.size(), 3u);
  EXPECT_TRUE(fresh.expect[0].pattern->found_in("PromQL warning: a (b)"));
  EXPECT_TRUE(fresh.expect[1].pattern->found_in("ccc"));
  EXPECT_EQ(fresh.expect[2].kind, Expectation::Kind::no_info);
  EXPECT_TRUE(fresh.is_ordered);
  EXPECT_TRUE(check_of("eval_ordered instant at 0 x\n  x 1\n").is_ordered);
  EXPECT_EQ(check_of("eval_warn instant at 0 x\n").expect.at(0).kind, Expectation::Kind::warn);
}

TEST_F(PromqlScriptTest, NamesTheLineOfAMistake) {
  struct Case {
    const char* text;
    const char* message;
  };
  for (const Case& one : {
           Case{"load 5m\n  a 1\n", "s.test: there is no eval"},
           Case{"\nnope\n", "s.test:2:1: want load, clear or eval, got \"nope\""},
           Case{"load 5x\n  a 1\n", "s.test:1:1: "},
           Case{"load_with_nhcb 5m\n  a 1\n", "s.test:1:1: want load INTERVAL; load_with_nhcb"},
           Case{"load 5m\n  a 1xx\n", "s.test:2:1: "},
           Case{"load 5m\n  a{b 1\n", "s.test:2:1: "},
           Case{"load 5m\n  a @st 1\n", "@st"},
           Case{"eval instant 5m a\n", "want eval instant at TIME EXPR"},
           Case{"eval range from 1m to 0 step 1m a\n", "ends before it starts"},
           Case{"eval range from 0 to 1m step 0s a\n", "a step of 0"},
           Case{"eval instant at 0 a[1m]\n  expect range vector from 0 to 1m step 0s\n",
                "s.test:2:1: a step of 0"},
           Case{"eval range from 0 to 1m step 1m a\n  a 1 2 3\n", "more values than the range"},
           Case{"eval instant at 0 a\n  a 1 2\n", "s.test:2:1: want one value"},
           Case{"eval instant at 0 a\n  a _\n", "want a value"},
           Case{"eval instant at 0 a\n  expect nope\n", "want expect ordered"},
           Case{"eval instant at 0 a\n  expect no_warn msg: x\n", "takes no text"},
           Case{"eval instant at 0 a\n  expect warn regex: (\n", "no regular expression"},
           Case{"eval instant at 0 a\n  expect string x\n", "want a quoted text"},
           Case{"eval_fail instant at 0 a\n  a 1\n", "expects no data"},
           Case{"eval range from 0 to 1m step 1m a\n  expect ordered\n", "always ordered"},
       }) {
    EXPECT_THAT(error_of(one.text), HasSubstr(one.message)) << one.text;
  }
}

}  // namespace
}  // namespace mread::ruletests
