// What a scenario's nodes make of each other: warnings, not errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/loading/load_scenario.h"

namespace mread::scenarios {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> warnings_of(const std::string& nodes,
                                     const std::string& checks = "[{expr: foo, exp_count: 1}]") {
  const std::string text = "name: s\nnodes:\n" + nodes + "checks: " + checks + "\n";
  return parse_scenario(text, "s.yaml", {1'700'000'000'000, {}}).at(0).warnings;
}

const std::string a_and_b =
    "  a: {kind: mock}\n  b: {kind: prometheus, aliases: [b.example.com]}\n";
const std::string merger = "  m: {kind: merger, config: {remote_read: [a, b]}}\n";

std::string query(const std::string& remote_read, const std::string& more = "") {
  return "  query: {kind: prometheus, config: {remote_read: " + remote_read + more + "}}\n";
}

TEST(ScenarioWarnings, ANodeThatNobodyReads) {
  const std::string warning =
      "nobody reads node b: no node's configuration names it, and no check asks it";
  EXPECT_THAT(warnings_of(a_and_b + query("[a]")), ElementsAre(warning));
  EXPECT_THAT(warnings_of(a_and_b + query("[a, b]")), IsEmpty());
  EXPECT_THAT(warnings_of(a_and_b + query("[a, {url: 'http://b.example.com/api/v1/read'}]")),
              IsEmpty())
      << "an alias";
  EXPECT_THAT(
      warnings_of(
          a_and_b +
          query("[a]", ", scrape_configs: [{job_name: j, static_configs: [{targets: [b]}]}]")),
      IsEmpty())
      << "a target";
  EXPECT_THAT(warnings_of(a_and_b + query("[a]"),
                          "[{expr: foo, exp_count: 1}, {read: foo, node: b, exp_series: 0}]"),
              IsEmpty())
      << "a check asks it";
  EXPECT_THAT(
      warnings_of(a_and_b + merger + query("[a, b]")),
      ElementsAre("nobody reads node m: no node's configuration names it, and no check asks it"));
}

TEST(ScenarioWarnings, AMergerThatIsBypassed) {
  EXPECT_THAT(warnings_of(a_and_b + merger + query("[m]")), IsEmpty());
  EXPECT_THAT(
      warnings_of(a_and_b + merger + query("[m, a]")),
      ElementsAre("node query bypasses the merger m: it reads a itself, and through m too"));
  EXPECT_THAT(
      warnings_of(a_and_b + merger + query("[b, m, a]")),
      ElementsAre("node query bypasses the merger m: it reads a, b itself, and through m too"));
}

}  // namespace
}  // namespace mread::scenarios
