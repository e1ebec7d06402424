#include "scenarios/engine/placeholders.h"

#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

Placeholders placeholders() {
  return {.dir = "/mread",
          .listen = [](uint16_t port) { return "0.0.0.0:" + std::to_string(port); },
          .node = [](const std::string& name,
                     uint16_t port) { return name + ".net:" + std::to_string(port); }};
}

struct Case {
  const char* name;
  const char* text;
  const char* want;
};

class ExpandPlaceholders : public testing::TestWithParam<Case> {};

TEST_P(ExpandPlaceholders, Gives) {
  const auto got = expand_placeholders(GetParam().text, placeholders());
  ASSERT_TRUE(got) << got.error().context;
  EXPECT_EQ(*got, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Text, ExpandPlaceholders,
    testing::Values(
        Case{"Empty", "", ""}, Case{"Plain", "--flag=1", "--flag=1"},
        Case{"Dir", "--storage.tsdb.path={{dir}}/data", "--storage.tsdb.path=/mread/data"},
        Case{"Listen", "--web.listen-address={{listen:9090}}", "--web.listen-address=0.0.0.0:9090"},
        Case{"Node", "http://{{node:us-east:9090}}/api", "http://us-east.net:9090/api"},
        Case{"Several", "{{dir}}{{dir}} {{node:a:1}},{{node:b:65535}}",
             "/mread/mread a.net:1,b.net:65535"},
        Case{"RuleTemplatesStay", "{{ $labels.instance }} is at {{ $value }}",
             "{{ $labels.instance }} is at {{ $value }}"},
        Case{"OursAfterAnothers", "{{ $value }} {{dir}}", "{{ $value }} /mread"},
        Case{"ThirdBrace", "{{{dir}}}", "{/mread}"}, Case{"Unclosed", "a {{dir", "a {{dir"},
        Case{"NodeWithoutPort", "{{node:a}}", "{{node:a}}"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ExpandPlaceholdersErrors, PortOutOfRange) {
  for (const char* text : {"{{listen:0}}", "{{listen:65536}}", "{{node:a:x}}", "{{node:a:}}"}) {
    const auto got = expand_placeholders(text, placeholders());
    ASSERT_FALSE(got) << text;
    EXPECT_TRUE(got.error().is(Errc::config));
  }
}

}  // namespace
}  // namespace mread::scenarios
