#include "base/host_names.h"

#include <gmock/gmock.h>

namespace mread {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> read(const std::string& text) {
  return read_host_names(yaml::Node::parse(text, "mread.yml"));
}

std::string error_of(const std::string& text) {
  try {
    read(text);
  } catch (const yaml::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(HostNames, AreReadInTheirOrder) {
  EXPECT_THAT(read("[mread.example.org, b_2, 10.0.0.1, X-1]"),
              ElementsAre("mread.example.org", "b_2", "10.0.0.1", "X-1"));
  EXPECT_THAT(read("[]"), ElementsAre());
}

TEST(HostNames, ALabelHasSmallLettersDigitsAndSingleHyphens) {
  EXPECT_EQ(host_label("Our_set-up 1"), "our-set-up-1");
  EXPECT_EQ(host_label("--a..b--"), "a-b");
  EXPECT_EQ(host_label("[::1]"), "1");
  EXPECT_EQ(host_label("+"), "");
}

TEST(HostNames, AnythingElseIsAnErrorWithItsPlace) {
  for (const char* text : {"[a, 'http://b']", "[a, 'b:9090']", "[a, 'b/c']", "[a, '']",
                           "[a, 'b c']", "[a, '[::1]']", "[a, \"b\\u00e4\"]"}) {
    EXPECT_THAT(error_of(text),
                HasSubstr("mread.yml:1:5: want a host name without scheme and port"))
        << text;
  }
  EXPECT_THAT(error_of("[" + std::string(256, 'a') + "]"), HasSubstr("want a host name"));
  EXPECT_EQ(error_of("[" + std::string(255, 'a') + "]"), "no error");
  EXPECT_NE(error_of("one"), "no error") << "a list is wanted";
}

}  // namespace
}  // namespace mread
