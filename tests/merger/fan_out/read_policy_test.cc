#include "merger/fan_out/read_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class DescribeFailures : public testing::Test {
 protected:
  std::string described(const std::vector<std::string>& names, const std::string& why, size_t most_bytes) {
    Policy policy;
    std::vector<BackendOutcome> outcomes;
    for (const std::string& name : names) {
      policy.backends.emplace_back();
      policy.backends.back().name = name;
      outcomes.emplace_back();
      outcomes.back().backend = outcomes.size() - 1;
      outcomes.back().error = Error(Errc::unavailable, why);
    }
    return describe_failures(policy, outcomes, most_bytes);
  }
};

TEST_F(DescribeFailures, CountsThoseThatDoNotFit) {
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i) names.push_back("collector-" + std::to_string(i));
  const std::string why(200, 'x');
  const std::string whole = described(names, why, failures_bytes);
  EXPECT_GT(whole.size(), 30 * 200U);
  EXPECT_THAT(whole, EndsWith("collector-29: " + why));
  const std::string cut = described(names, why, failures_in_header_bytes);
  EXPECT_LE(cut.size(), failures_in_header_bytes);
  EXPECT_THAT(cut, StartsWith("collector-0: " + why + ", collector-1: "));
  EXPECT_THAT(cut, EndsWith(why + " … and 26 more"));
}

TEST_F(DescribeFailures, SaysAllThatFits) {
  EXPECT_EQ(described({"a", "b"}, "gone", 1024), "a: gone, b: gone");
  EXPECT_EQ(described({}, "gone", 1024), "");
}

TEST_F(DescribeFailures, ALongFirstNameIsCut) {
  const std::string cut = described({std::string(5'000, 'x'), "b"}, "gone", failures_in_header_bytes);
  EXPECT_LE(cut.size(), failures_in_header_bytes + 40);
  EXPECT_THAT(cut, HasSubstr(" bytes cut)"));
}

}  // namespace
}  // namespace mread::merger
