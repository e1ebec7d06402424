#include <string>

#include <gtest/gtest.h>

#include "merger/fan_out/fan_out_driver.h"

namespace mread::merger {
namespace {

using namespace std::chrono_literals;

struct PolicyCase {
  const char* name;
  std::string settings;
  int status;
  std::string partial;  // or the line of an error
};

class UnavailableBackend : public ::testing::TestWithParam<PolicyCase> {};

TEST_P(UnavailableBackend, IsNotAskedAndCountsAsFailed) {
  const config::Config config = tests::config_of(2, GetParam().settings);
  tests::FanOutDriver driver(config, {tests::Script::streamed(""), tests::Script::hanging()});
  driver.options.unavailable = {"", "open circuit"};
  const auto answer = driver.run(tests::request({"up"}, 0, 10'000, true));
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(answer.status == 200 ? answer.partial : answer.body, GetParam().partial);
  EXPECT_EQ(answer.took, 0s);
  EXPECT_EQ(answer.asks, 1u);
  EXPECT_EQ(answer.outcome.backends[1].state, BackendOutcome::State::unavailable);
}

INSTANTIATE_TEST_SUITE_P(
    Policies, UnavailableBackend,
    ::testing::Values(PolicyCase{"Any", "partial: any\n", 200, "b: open circuit"},
                      PolicyCase{"GroupOfItsOwn", "", 503, "b: open circuit\n"},
                      PolicyCase{"GroupWithAnother", "groups: [{name: g, members: [a, b]}]\n", 200,
                                 "b: open circuit"},
                      PolicyCase{"All", "partial: all\ngroups: [{name: g, members: [a, b]}]\n", 503,
                                 "b: open circuit\n"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::merger
