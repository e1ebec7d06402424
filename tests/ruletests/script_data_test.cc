#include "ruletests/script_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::ruletests {
namespace {

using testing::HasSubstr;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

TEST(SeriesLineTest, EndsTheSeriesWhereItsLabelsEnd) {
  struct Case {
    const char* line;
    const char* series;
    const char* values;
  };
  for (const Case& one :
       {Case{"foo 1 2", "foo", "1 2"}, Case{"foo\t1", "foo", "1"},
        Case{R"(foo{a="} b", c='x'}   1+1x3 _)", R"(foo{a="} b", c='x'})", "1+1x3 _"},
        Case{"foo {a=\"b\"} 7", "foo {a=\"b\"}", "7"}, Case{"{} 5", "{}", "5"},
        Case{"foo {{schema:0 count:1}}", "foo", "{{schema:0 count:1}}"}, Case{"foo", "foo", ""}}) {
    const auto line = parse_series_line(one.line);
    ASSERT_TRUE(line) << one.line;
    EXPECT_EQ(line->series, one.series);
    EXPECT_EQ(line->values, one.values);
  }
  EXPECT_FALSE(parse_series_line("foo{a 1"));
}

class ScriptDataTest : public testing::Test {
 protected:
  void add(std::chrono::milliseconds interval, const std::string& line) {
    ASSERT_TRUE(data_.add(interval, *parse_series_line(line)));
  }
  // "series values" of each line.
  std::string put() {
    TestGroup group;
    const auto done = data_.put_into(group);
    if (!done) return "error: " + done.error().context;
    std::string out = std::to_string(group.interval / 1s) + "s";
    for (const InputLine& line : group.input) out += "|" + line.series + " " + line.values;
    return out;
  }

  ScriptData data_;
};

TEST_F(ScriptDataTest, PassesOnWhatIsLoadedOnce) {
  add(5min, "b 0+10x100");
  add(5min, "a {{count:1 buckets:[1]}}x3");
  EXPECT_EQ(put(), "300s|a {{count:1 buckets:[1]}}x3|b 0+10x100");
  data_.clear();
  EXPECT_EQ(put(), "60s");
}

TEST_F(ScriptDataTest, WritesMixedIntervalsAtOneThatDividesAll) {
  add(20s, "a 1+1x2 stale");
  add(30s, "b _ 5");
  EXPECT_EQ(put(), "10s|a 1 _x1 2 _x1 3 _x1 stale|b _x3 5");
}

TEST_F(ScriptDataTest, JoinsThePiecesOfASeries) {
  add(10s, "a 1 2");
  add(10s, "a _ _ 3");
  EXPECT_EQ(put(), "10s|a 1 2 3");
}

TEST_F(ScriptDataTest, TellsWhatItCannotJoin) {
  add(10s, "a {{count:1}}");
  add(10s, "a 1");
  EXPECT_THAT(put(), HasSubstr("a: native histograms"));
  data_.clear();
  add(std::chrono::hours(1), "a 0x5000");
  add(std::chrono::milliseconds(1), "b 1");
  EXPECT_THAT(put(), HasSubstr("a: the intervals of the loads differ so much"));
  EXPECT_FALSE(data_.add(1s, *parse_series_line("a 1xx")));
}

}  // namespace
}  // namespace mread::ruletests
