#include "model/promql_outline.h"

#include <gtest/gtest.h>

namespace mread::model {
namespace {

// What a list was read as: "metric NAME@OFFSET" and "item NAME@OFFSET=VALUE"; "!MESSAGE @OFFSET" ends
// one that is refused.
std::string outline_of(std::string_view text) {
  PromqlLexer lexer(text);
  std::string out;
  PromqlOutline outline;
  outline.noun = "series";
  outline.metric = [&](size_t offset, const std::string& name) -> PromqlOutline::Parsed {
    out += "metric " + name + "@" + std::to_string(offset) + " ";
    return {};
  };
  outline.item = [&](size_t offset, const std::string& name) -> PromqlOutline::Parsed {
    if (!lexer.take("=")) return lexer.fail_here("expected '='");
    auto value = quoted_value(lexer);
    if (!value) return tl::unexpected(value.error());
    out += "item " + name + "@" + std::to_string(offset) + "=" + *value + " ";
    return {};
  };
  const auto parsed = outline.parse(lexer);
  if (!parsed) out += "!" + parsed.error().message + " @" + std::to_string(parsed.error().offset);
  return out;
}

struct Case {
  const char* name;
  const char* text;
  const char* outline;
};

class PromqlOutlineTest : public testing::TestWithParam<Case> {};

TEST_P(PromqlOutlineTest, ReadsMetricAndItems) {
  EXPECT_EQ(outline_of(GetParam().text), GetParam().outline);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, PromqlOutlineTest,
    testing::Values(
        Case{"AMetric", " up ", "metric up@1 "}, Case{"NoItems", "{}", ""},
        Case{"Items", "up{a=\"1\", b='2'}", "metric up@0 item a@3=1 item b@10=2 "},
        Case{"ACommaAtTheEnd", "{a=\"1\",}", "item a@1=1 "},
        Case{"AQuotedMetric", "{\"http.requests\", a=\"1\"}",
             "metric http.requests@1 item a@18=1 "},
        Case{"AQuotedName", "{\"http.status\"=\"200\"}", "item http.status@1=200 "},
        Case{"Nothing", "", "!expected a metric name or '{', not the end @0"},
        Case{"NotClosed", "{a=\"1\"", "item a@1=1 !expected ',' or '}', not the end @6"},
        Case{"NoComma", "{a=\"1\" b=\"2\"}",
             "item a@1=1 !expected ',' or '}', not \"b=\\\"2\\\"}\" @7"},
        Case{"NoName", "{=\"1\"}", "!expected a label name or '}', not \"=\\\"1\\\"}\" @1"},
        Case{"NoValue", "{a=b}", "!expected a quoted value, not \"b}\" @3"},
        Case{"MoreBehindTheEnd", "up{} x",
             "metric up@0 !expected the end of the series, not \"x\" @5"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::model
