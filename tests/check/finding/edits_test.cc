#include "check/finding/edits.h"

#include <gmock/gmock.h>

namespace mread::check {
namespace {

yaml::Node entry_of(const std::string& text) {
  return yaml::Node::parse(text, "a.yml").sequence().front();
}

TEST(Edits, InsertsBelowAKeyWithItsIndentation) {
  const yaml::Node entry = entry_of("  - url: http://a/read  # x\n    name: a\n");
  EXPECT_EQ(set_key(entry, "read_recent", "true", "url"),
            (Edit{"a.yml", 1, true, "    read_recent: true"}));
}

TEST(Edits, ReplacesAValueThatIsThere) {
  const yaml::Node entry = entry_of("- url: http://a/read\n  read_recent: false  # why\n");
  EXPECT_EQ(set_key(entry, "read_recent", "true", "url"),
            (Edit{"a.yml", 2, false, "  read_recent: true  # why"}));
}

TEST(Edits, KeepsTheQuotes) {
  const yaml::Node entry = entry_of("- url: \"http://a\"\n");
  EXPECT_EQ(replace_value(entry.mapping().require("url"), "http://a/api/v1/read"),
            (Edit{"a.yml", 1, false, "- url: \"http://a/api/v1/read\""}));
}

TEST(Edits, DoesNotGuess) {
  EXPECT_FALSE(set_key(entry_of("- {url: http://a/read}\n"), "read_recent", "true", "url"));
  EXPECT_FALSE(set_key(entry_of("- url: >-\n    http://a/read\n"), "read_recent", "true", "url"));
  EXPECT_FALSE(set_key(entry_of("- url: http://a/read"), "read_recent", "true", "url"))
      << "the last line has no end";
  EXPECT_FALSE(
      replace_value(entry_of("- url: \"http:\\u002f/a\"\n").mapping().require("url"), "b"));
}

TEST(Edits, ShowsNoLineWithASecret) {
  const yaml::Node entry = entry_of("- {password: hunter2hunter2, read_recent: false}\n");
  EXPECT_FALSE(set_key(entry, "read_recent", "true", "url"));
}

}  // namespace
}  // namespace mread::check
