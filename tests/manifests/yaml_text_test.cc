#include "manifests/yaml_text.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace mread::manifests {
namespace {

TEST(YamlText, EveryTextIsReadBackAsItWas) {
  for (const std::string text :
       {"a: 1\nb:\n  - c\n", "", "one line", "  begins with spaces\n", "\nbegins with a newline\n",
        "ends with two\n\n", "tab\tand \"quotes\" and \\\n", "ümlaut\n", "a\r\nb\n",
        "blank\n\nlines\n", "trailing spaces  \nx\n", "# no comment\n", "a\x01z\n"}) {
    const YAML::Node read = YAML::Load("top:\n" + entry(2, "key", text));
    EXPECT_EQ(read["top"]["key"].Scalar(), text);
    EXPECT_EQ(YAML::Load("x: " + in_quotes(text))["x"].Scalar(), text);
  }
}

TEST(YamlText, AConfigurationIsABlock) {
  EXPECT_EQ(entry(2, "a.yml", "x: 1\n\ny: 2\n"), "  a.yml: |\n    x: 1\n\n    y: 2\n");
}

TEST(YamlText, AKeyHasNoSlash) { EXPECT_EQ(as_key("rules/a b.yml"), "rules_a_b.yml"); }

}  // namespace
}  // namespace mread::manifests
