#include "rehearse/data/example_value.h"

#include <gmock/gmock.h>

namespace mread::rehearse {
namespace {

using model::MatchType;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> values(const std::string& selector, size_t limit = 3) {
  auto matchers = model::parse_selector("{__name__=\"m\"," + selector + "}").value();
  matchers.erase(matchers.begin());
  return example_values(matchers, limit);
}

TEST(ExampleOfRegex, IsMatched) {
  for (const char* text :
       {"a.*b", "5..", "[0-9]+", "[^a-z]x", "(us|eu)-(east|west)", "a\\.b", "\\d{3}-\\w+", "a?b*c+",
        "(?:x|y)z", ".+", "[\\d]+", "host-[0-9]{2,3}", "^anchored$", "(|a)b", "[]x]", "[^\"]+"}) {
    const auto example = example_of_regex(text);
    ASSERT_TRUE(example) << text;
    const auto matcher = model::Matcher::create(MatchType::regex, "l", text);
    ASSERT_TRUE(matcher) << text;
    EXPECT_TRUE(matcher->matches(*example)) << text << " and " << *example;
  }
}

TEST(ExampleOfRegex, GivesUp) {
  EXPECT_FALSE(example_of_regex("\\p{Greek}"));
  EXPECT_FALSE(example_of_regex("(a"));
  EXPECT_FALSE(example_of_regex("[a"));
  EXPECT_FALSE(example_of_regex(std::string(1000, '(')));
  EXPECT_FALSE(example_of_regex("(((a{1000}){1000}){1000})"));
}

TEST(ExampleValues, MeetAllMatchersOfALabel) {
  EXPECT_THAT(values("a=\"b\""), ElementsAre("b"));
  EXPECT_THAT(values("a=\"\""), ElementsAre(""));
  EXPECT_THAT(values("a=~\"us|eu|ap|af\""), ElementsAre("af", "ap", "eu"));
  EXPECT_THAT(values("a=~\"us|eu|\""), ElementsAre("eu", "us")) << "rather than no label";
  EXPECT_THAT(values("a=~\"us|eu\",a!=\"us\""), ElementsAre("eu"));
  EXPECT_THAT(values("a!=\"x\""), ElementsAre("1"));
  EXPECT_THAT(values("a!~\".*\""), IsEmpty());
  EXPECT_THAT(values("a!~\".+\""), ElementsAre(""));
  EXPECT_THAT(values("a=~\"5..\""), ElementsAre("5xx"));
  EXPECT_THAT(values("a=\"b\",a=\"c\""), IsEmpty());
}

}  // namespace
}  // namespace mread::rehearse
