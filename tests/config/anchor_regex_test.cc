#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace mread::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* backends = R"(
remote_read:
  - {name: prometheus, url: "http://a:9090/api/v1/read"}
  - {name: influx, url: "http://b:8086/api/v1/prom/read"}
)";

std::vector<bool> anchors(const std::string& more) {
  std::vector<bool> all;
  for (const merger::Backend& backend : Config::parse(backends + more, "mread.yml").backends)
    all.push_back(backend.anchor_regex);
  return all;
}

TEST(ConfigAnchorRegex, ByThePathOfInfluxDb) { EXPECT_THAT(anchors(""), ElementsAre(false, true)); }

TEST(ConfigAnchorRegex, AListSaysItForAll) {
  EXPECT_THAT(anchors("anchor_regex: []"), ElementsAre(false, false));
  EXPECT_THAT(anchors("anchor_regex: [prometheus]"), ElementsAre(true, false));
}

TEST(ConfigAnchorRegex, IsDescribed) {
  for (const std::string more : {"", "anchor_regex: []", "anchor_regex: [prometheus, influx]"}) {
    const Config config = Config::parse(backends + more, "mread.yml");
    EXPECT_EQ(Config::parse(config.describe(), "again.yml").describe(), config.describe());
  }
  EXPECT_THAT(Config::parse(backends, "mread.yml").describe(),
              HasSubstr("anchor_regex: [\"influx\"]\n"));
}

TEST(ConfigAnchorRegex, NamesMustBeKnown) {
  try {
    anchors("anchor_regex: [inflx]");
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("no backend is called \"inflx\", did you mean \"influx\"?"));
  }
}

}  // namespace
}  // namespace mread::config
