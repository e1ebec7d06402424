// Merge keys, keys without a value, and numbers, as go-yaml v2 reads them in Prometheus's files.

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/yaml.h"
#include "base/yaml_number.h"

namespace mread::yaml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Node parse(const std::string& text) { return Node::parse(text, "file.yml"); }

std::string error_of(const std::string& text) {
  try {
    (void)parse(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

// "a=1 b=2", in the order of the entries.
std::string entries_of(const Node& node) {
  std::string out;
  Mapping mapping = node.mapping();
  for (const auto& [key, key_node, value] : mapping.entries())
    out += (out.empty() ? "" : " ") + key + "=" + value.string();
  return out;
}

TEST(YamlMerge, PutsTheEntriesIn) {
  const std::pair<const char*, const char*> cases[] = {
      {"- &a {x: 1, y: 2}\n- {<<: *a, y: 3}\n", "y=3 x=1"},
      {"- {y: 0}\n- {<<: {x: 1}, y: 3}\n", "y=3 x=1"},
      {"- {}\n- {<<: [{x: 1, y: 2}, {x: 3, z: 4}]}\n", "x=1 y=2 z=4"},
      {"- {}\n- {<<: {x: 1}, <<: {x: 2, y: 2}}\n", "x=1 y=2"},
      {"- {}\n- {<<: [], x: 1}\n", "x=1"},
      {"- {}\n- {!!merge <<: {x: 1}}\n", "x=1"},
      {"- &a {x: 1}\n- {<<: {<<: *a, y: 2}, z: 3}\n", "z=3 y=2 x=1"},
      {"- {}\n- {\"<<\": 1}\n", "<<=1"},
      {"- {}\n-\n  <<:\n    x: 1\n  y: 2\n", "y=2 x=1"},
  };
  for (const auto& [text, want] : cases) {
    const Node root = parse(text);
    EXPECT_EQ(entries_of(root.sequence().at(1)), want) << text;
    EXPECT_THAT(root.remarks(), ElementsAre()) << text;
  }
}

TEST(YamlMerge, KeepsThePlaceOfWhatIsMerged) {
  const Node root = parse("a: &a\n  x: word\nb:\n  <<: *a\n");
  Mapping mapping = root.mapping();
  const auto x = mapping.find("b")->mapping().find("x");
  try {
    (void)x->integer();
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("file.yml:2:6: want a whole number, got \"word\"\n    x: word"));
  }
}

TEST(YamlMerge, SaysWherePrometheusReadsItOtherwise) {
  EXPECT_THAT(
      parse("- &a {x: 1, y: 1}\n- {x: 2, <<: *a, y: 2}\n").remarks(),
      ElementsAre(HasSubstr("file.yml:2:10: key \"x\" stands before << and wins; in Prometheus")));
}

TEST(YamlMerge, WantsMappings) {
  for (const char* value : {"x", "[x]", "[[{a: 1}]]", "~", ""}) {
    EXPECT_THAT(error_of("a: {<<: " + std::string(value) + "}\n"),
                HasSubstr("<< wants a mapping, or a list of mappings"));
  }
  EXPECT_THAT(error_of("a: {x: 1, x: 2}\n"), HasSubstr("duplicate key"));
  EXPECT_THAT(error_of("- &a {<<: *a, x: 1}\n"), HasSubstr("alias inside itself"));
}

// Nine levels of nine references each would be 387 million entries.
TEST(YamlMerge, StaysWithinTheBounds) {
  std::string text = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 9; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {";
    for (int j = 0; j < 9; ++j) {
      text += (j > 0 ? ", " : "") + ("k" + std::to_string(j)) + ": {<<: *a" +
              std::to_string(i - 1) + "}";
    }
    text += "}\n";
  }
  EXPECT_THAT(error_of(text), HasSubstr("more than 200000 values"));
}

TEST(YamlNull, IsTheDefault) {
  const Node root = parse("a:\nb: ~\nc: null\nd: \"\"\n");
  Mapping mapping = root.mapping();
  for (const char* key : {"a", "b", "c", "missing"}) EXPECT_FALSE(mapping.find(key)) << key;
  EXPECT_EQ(mapping.find("d")->string(), "");
  EXPECT_TRUE(mapping.find_or_null("a")->is_null());
  EXPECT_EQ(mapping.find_or_null("a")->string_or_empty(), "");
  mapping.finish();
  // What has to be there is found, so that its reader says what it wants.
  EXPECT_TRUE(mapping.require("a").is_null());
}

TEST(YamlBinary, IsDecoded) { EXPECT_EQ(parse("!!binary YWJj").string(), "abc"); }

TEST(YamlNumber, IsReadAsGoReadsIt) {
  const std::pair<const char*, double> cases[] = {{"0", 0},
                                                  {"1_000", 1000},
                                                  {"-1_000", -1000},
                                                  {"+5", 5},
                                                  {"0x10", 16},
                                                  {"0x1_0", 16},
                                                  {"-0x10", -16},
                                                  {"010", 8},
                                                  {"0o17", 15},
                                                  {"0b11", 3},
                                                  {"08", 8},
                                                  {"1e6", 1e6},
                                                  {"1E+2", 100},
                                                  {"1.", 1},
                                                  {".5", 0.5},
                                                  {"-.5", -0.5},
                                                  {"1_0.5_0", 10.5},
                                                  {"1_", 1},
                                                  {"1__0", 10},
                                                  {"5.0e0", 5},
                                                  {"-0", 0},
                                                  {".inf", INFINITY},
                                                  {"+.Inf", INFINITY},
                                                  {"-.INF", -INFINITY},
                                                  {"18446744073709551615", 18446744073709551615.0},
                                                  {"18446744073709551616", 18446744073709551616.0}};
  for (const auto& [text, want] : cases) {
    const auto number = parse_number(text);
    ASSERT_TRUE(number) << text;
    EXPECT_EQ(to_double(*number), want) << text;
    EXPECT_EQ(parse(text).number(), want) << text;
  }
  for (const char* text : {".nan", ".NaN", ".NAN"})
    EXPECT_TRUE(std::isnan(parse(text).number())) << text;
  for (const char* text : {"", "x", "_1", "1m", "0x", "0b2", "1e", ".", "-", "+", "--1", "1 ",
                           "inf", "0xg", "1.2.3"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(YamlNumber, IsReadAlikeEverywhere) {
  for (const char* text :
       {"1000", "1_000", "0x3e8", "01750", "0o1750", "1e3", "1000.0", "\"1000\""}) {
    EXPECT_EQ(parse(text).integer(), 1000) << text;
    EXPECT_EQ(parse(text).count(), 1000U) << text;
    EXPECT_EQ(parse(text).bytes(), 1000U) << text;
    EXPECT_EQ(parse(text).number(), 1000) << text;
  }
  EXPECT_EQ(parse("1KiB").bytes(), 1024U);
  EXPECT_EQ(parse("1.5").bytes(), 1U);
  EXPECT_EQ(parse("18446744073709551616").bytes(), uint64_t{INT64_MAX});
  for (const char* text : {"Inf", "+Inf", "-Inf", "NaN"})
    EXPECT_FALSE(std::isfinite(parse(text).number())) << text;
  EXPECT_THROW((void)parse("1.5").integer(), ConfigError);
  EXPECT_THROW((void)parse("-1").count(), ConfigError);
}

}  // namespace
}  // namespace mread::yaml
