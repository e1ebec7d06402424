#include "model/labels.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "model/broken_text.h"

namespace mread::model {
namespace {

TEST(LabelSetTest, FromSortsAndDropsEmptyValues) {
  const auto set = LabelSet::from({{"job", "x"}, {"empty", ""}, {"__name__", "up"}});
  ASSERT_TRUE(set);
  EXPECT_EQ(*set, (LabelSet{{"__name__", "up"}, {"job", "x"}}));
  EXPECT_EQ(set->size(), 2);
  EXPECT_EQ(set->metric_name(), "up");
}

TEST(LabelSetTest, DuplicateNamesAreRefused) {
  const auto set = LabelSet::from({{"job", "x"}, {"job", "y"}});
  ASSERT_FALSE(set);
  EXPECT_TRUE(set.error().is(Errc::malformed));
  EXPECT_EQ(set.error().to_string(), R"(the label "job" is given twice)");
  EXPECT_FALSE(LabelSet::from({{"job", "x"}, {"job", ""}}));
  EXPECT_FALSE(LabelSet::from({{"", "x"}}));
  EXPECT_THROW((LabelSet{{"a", "1"}, {"a", "2"}}), std::invalid_argument);
}

TEST(LabelSetTest, SetReplacesInsertsAndErases) {
  LabelSet set{{"b", "1"}};
  set.set("c", "3");
  set.set("a", "2");
  set.set("b", "4");
  EXPECT_EQ(set, (LabelSet{{"a", "2"}, {"b", "4"}, {"c", "3"}}));
  set.set("b", "");
  EXPECT_FALSE(set.has("b"));
  EXPECT_EQ(set.get("b"), "");
  EXPECT_TRUE(set.erase("a"));
  EXPECT_FALSE(set.erase("a"));
  EXPECT_EQ(set.get("c"), "3");
}

struct OrderCase {
  const char* name;
  LabelSet less;
  LabelSet greater;
};
void PrintTo(const OrderCase& order, std::ostream* out) { *out << order.name; }
class LabelOrderTest : public testing::TestWithParam<OrderCase> {};

TEST_P(LabelOrderTest, IsPrometheus) {
  EXPECT_LT(GetParam().less, GetParam().greater);
  EXPECT_GT(GetParam().greater, GetParam().less);
  EXPECT_NE(GetParam().less, GetParam().greater);
}

INSTANTIATE_TEST_SUITE_P(
    Order, LabelOrderTest,
    testing::Values(OrderCase{"EmptyFirst", {}, {{"a", "1"}}},                          //
                    OrderCase{"ByValue", {{"a", "1"}}, {{"a", "2"}}},                   //
                    OrderCase{"NameBeforeValue", {{"a", "9"}}, {{"b", "1"}}},           //
                    OrderCase{"ShorterFirst", {{"a", "1"}}, {{"a", "1"}, {"b", "1"}}},  //
                    OrderCase{"PrefixFirst", {{"a", "1"}}, {{"a", "10"}}},              //
                    OrderCase{"BytesAreUnsigned", {{"a", "z"}}, {{"a", "\xc3\xa4"}}},   //
                    OrderCase{"FirstDifferenceDecides", {{"a", "1"}, {"z", "9"}}, {{"a", "2"}}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// docs/internals/traps.md, trap 4.
TEST(LabelSetTest, ExternalLabelsReorderSeries) {
  LabelSet a{{"__name__", "up"}, {"instance", "i"}, {"job", "j"}};
  LabelSet b{{"__name__", "up"}, {"instance", "i"}, {"job", "j"}, {"pod", "p"}};
  EXPECT_LT(a, b);
  a.set("region", "eu");
  b.set("region", "eu");
  EXPECT_GT(a, b);
}

struct TextCase {
  const char* name;
  const char* text;
  LabelSet labels;
  const char* printed;
};
void PrintTo(const TextCase& text, std::ostream* out) { *out << text.name; }
class SeriesTextTest : public testing::TestWithParam<TextCase> {};

TEST_P(SeriesTextTest, ParsesAndPrints) {
  const auto set = parse_series(GetParam().text);
  ASSERT_TRUE(set) << set.error().to_string();
  EXPECT_EQ(*set, GetParam().labels);
  EXPECT_EQ(set->to_string(), GetParam().printed);
  const auto again = parse_series(set->to_string());
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(*again, *set);
}

INSTANTIATE_TEST_SUITE_P(
    Notation, SeriesTextTest,
    testing::Values(
        TextCase{"Name", "up", {{"__name__", "up"}}, "up"},                                       //
        TextCase{"Recorded", "job:up:rate5m", {{"__name__", "job:up:rate5m"}}, "job:up:rate5m"},  //
        TextCase{"Labels",
                 R"(up{job="x",a='y'})",
                 {{"__name__", "up"}, {"job", "x"}, {"a", "y"}},
                 R"(up{a="y", job="x"})"},                             //
        TextCase{"NoName", R"({a="b"})", {{"a", "b"}}, R"({a="b"})"},  //
        TextCase{"Empty", "{}", {}, "{}"},                             //
        TextCase{"EmptyBraces", "up{}", {{"__name__", "up"}}, "up"},   //
        TextCase{
            "Space", " up { a = \"b\" , } ", {{"__name__", "up"}, {"a", "b"}}, R"(up{a="b"})"},  //
        TextCase{"NameInBraces",
                 R"({__name__="up",a="b"})",
                 {{"__name__", "up"}, {"a", "b"}},
                 R"(up{a="b"})"},  //
        TextCase{"QuotedName",
                 R"({"http.requests",a="b"})",
                 {{"__name__", "http.requests"}, {"a", "b"}},
                 R"({"http.requests", a="b"})"},  //
        TextCase{"QuotedLabel",
                 R"(up{"http.status"="200"})",
                 {{"__name__", "up"}, {"http.status", "200"}},
                 R"(up{"http.status"="200"})"},  //
        TextCase{"EmptyValue",
                 R"(up{a="",b="c"})",
                 {{"__name__", "up"}, {"b", "c"}},
                 R"(up{b="c"})"},  //
        TextCase{"Escapes",
                 R"({a="\"\\\n\t\x41\101\u00e4\U0001f600"})",
                 {{"a", "\"\\\n\tAA\xc3\xa4\xf0\x9f\x98\x80"}},
                 "{a=\"\\\"\\\\\\n\\tAA\xc3\xa4\xf0\x9f\x98\x80\"}"},                  //
        TextCase{"Backticks", R"({a=`\n"'`})", {{"a", "\\n\"'"}}, R"({a="\\n\"'"})"},  //
        TextCase{"Apostrophe", R"({a='\'"'})", {{"a", "'\""}}, R"({a="'\""})"},        //
        TextCase{"NotUtf8",
                 R"({a="\xff\x00"})",
                 {{"a", std::string("\xff\0", 2)}},
                 R"({a="\xff\x00"})"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

class BrokenSeriesTest : public testing::TestWithParam<BrokenText> {};

TEST_P(BrokenSeriesTest, NamesThePlace) {
  expect_place(GetParam(), parse_series);
  EXPECT_EQ(parse_series(GetParam().text).error().context,
            "offset " + std::to_string(GetParam().offset) + ": " + GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Errors, BrokenSeriesTest,
    testing::Values(
        BrokenText{"Nothing", "", 0, "expected a metric name or '{', not the end"},              //
        BrokenText{"NoValue", "up{a}", 4, R"(expected '=', not "}")"},                           //
        BrokenText{"Unquoted", "up{a=b}", 5, R"(expected a quoted value, not "b}")"},            //
        BrokenText{"Matcher", R"(up{a!="b"})", 4, R"(expected '=', not "!=\"b\"}")"},            //
        BrokenText{"NotClosed", R"(up{a="b)", 5, "the string is not closed"},                    //
        BrokenText{"NewlineInString", "up{a=\"b\n\"}", 5, "the string is not closed"},           //
        BrokenText{"BraceOpen", R"(up{a="b")", 8, "expected ',' or '}', not the end"},           //
        BrokenText{"Rest", R"(up{a="b"} 5)", 10, R"(expected the end of the series, not "5")"},  //
        BrokenText{"Twice", R"(up{a="b",a="c"})", 9, R"(the label "a" is given twice)"},         //
        BrokenText{"NameTwice", R"(up{__name__="b"})", 3, "the metric name is given twice"},     //
        BrokenText{"QuotedNameTwice", R"(up{"b"})", 3, "the metric name is given twice"},        //
        BrokenText{"DigitFirst", "{0=\"b\"}", 1,
                   R"(expected a label name or '}', not "0=\"b\"}")"},                           //
        BrokenText{"EmptyName", R"({""="b"})", 1, "a label needs a name"},                       //
        BrokenText{"Escape", R"({a="x\q"})", 5, "unknown escape sequence in the string"},        //
        BrokenText{"ShortEscape", R"({a="\u12"})", 4, "unknown escape sequence in the string"},  //
        BrokenText{"Surrogate", R"({a="\ud800"})", 4, "unknown escape sequence in the string"},  //
        BrokenText{"BigOctal", R"({a="\777"})", 4, "unknown escape sequence in the string"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(QuoteTest, EscapesWhatDoesNotPrint) {
  EXPECT_EQ(quote("a\"b\\\n\x01\x7f"), R"("a\"b\\\n\x01\x7f")");
  EXPECT_EQ(quote("\xc3\xa4 \xe2\x82\xac"), "\"\xc3\xa4 \xe2\x82\xac\"");
  EXPECT_EQ(quote("\xc3"), R"("\xc3")");
  EXPECT_EQ(quote("\xed\xa0\x80"), R"("\xed\xa0\x80")");
  EXPECT_EQ(quote("\xf0\x9f\x98"), R"("\xf0\x9f\x98")");
}

TEST(NameTest, Classic) {
  EXPECT_TRUE(is_classic_metric_name("a:b_9"));
  EXPECT_FALSE(is_classic_metric_name("9a"));
  EXPECT_FALSE(is_classic_metric_name(""));
  EXPECT_FALSE(is_classic_label_name("a:b"));
  EXPECT_FALSE(is_classic_label_name("http.status"));
}

}  // namespace
}  // namespace mread::model
