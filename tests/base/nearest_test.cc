#include "base/nearest.h"

#include <gtest/gtest.h>

namespace mread {
namespace {

const std::vector<std::string> names{"latency", "status", "reset"};

TEST(Nearest, IsTheWordThatWasMeant) {
  const std::pair<const char*, const char*> cases[] = {
      {"latency", "latency"}, {"latncy", "latency"}, {"latecny", "latency"},
      {"stats", "status"},    {"resett", "reset"},   {"", ""},
      {"refused", ""},        {"lat", ""},
  };
  for (const auto& [word, want] : cases) EXPECT_EQ(nearest(word, names), want) << word;
  EXPECT_EQ(nearest("latency", {}), "");
  EXPECT_EQ(nearest(std::string(201, 'a'), {std::string(201, 'a')}), "") << "too long to be meant";
}

TEST(Nearest, SwappedNeighboursAreOneEdit) { EXPECT_EQ(nearest("ab", {"ba"}), "ba"); }

TEST(Suggestion, NamesTheNearestOrAll) {
  EXPECT_EQ(suggestion("latncy", names, "one of "), "; did you mean \"latency\"?");
  EXPECT_EQ(suggestion("refused", names, "one of "), "; one of latency, status, reset");
  EXPECT_EQ(suggestion("refused", names), "");
}

}  // namespace
}  // namespace mread
