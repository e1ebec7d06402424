#include <algorithm>
#include <map>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/mock_endpoint.h"
#include "cli/run_command.h"

namespace mread::cli {
namespace {

using testing::HasSubstr;

Ran run_conformance(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--start", "1700000000", "--end", "1700000600"});
  return run_command(add_conformance, "conformance", std::move(arguments));
}

// Verdicts by fact.
std::map<std::string, std::string> verdicts(const Ran& ran) {
  std::map<std::string, std::string> out;
  const boost::json::value parsed = boost::json::parse(ran.out);
  for (const boost::json::value& row : parsed.at("rows").as_array())
    out[row.at("fact").as_string().c_str()] = row.at("verdict").as_string().c_str();
  return out;
}

constexpr const char* data = R"(
input_series:
  - {series: 'up{instance="beta"}', values: '1x20'}
  - {series: 'up{instance="alpha"}', values: '1x10 stale _x3 1x5'}
)";

TEST(ConformanceCommand, FindsUpByItself) {
  const MockEndpoint endpoint(data);
  const Ran ran = run_conformance({endpoint.url()});
  EXPECT_EQ(ran.exit_code, ExitCode::ok) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("yes      both ends of the range are included\n"));
  EXPECT_THAT(ran.out, HasSubstr("n/a      native histograms come in both types\n"
                                 "         seen: no native histogram in the range\n"));
}

TEST(ConformanceCommand, FindsAnotherMetric) {
  const MockEndpoint endpoint(
      "input_series:\n  - {series: 'm{i=\"12\"}', values: '1x20'}\n"
      "  - {series: 'm{i=\"34\"}', values: '1x20'}\n");
  const Ran ran = run_conformance({endpoint.url(), "--format", "json"});
  EXPECT_EQ(ran.exit_code, ExitCode::ok) << ran.out << ran.err;
  EXPECT_EQ(verdicts(ran)["= and != match"], "yes");
  EXPECT_EQ(verdicts(ran)["regular expressions are anchored at both ends"], "yes");
}

TEST(ConformanceCommand, JudgesEndpointsThatDoNotConform) {
  const MockEndpoint unsorted(std::string(data) + "faults: [unsorted]\n");
  const Ran ran = run_conformance({unsorted.url(), "--format", "json"});
  EXPECT_EQ(ran.exit_code, ExitCode::failed) << ran.out << ran.err;
  EXPECT_EQ(verdicts(ran)["streamed series are sorted by labels"], "no");
  EXPECT_EQ(verdicts(ran)["labels are sorted, none is empty"], "yes");

  const MockEndpoint samples_only(std::string(data) + "streamed: false\n");
  const Ran other = run_conformance({samples_only.url(), "--format", "json"});
  EXPECT_EQ(verdicts(other)["STREAMED_XOR_CHUNKS has its content type"], "no");
  EXPECT_EQ(verdicts(other)["streamed series are sorted by labels"], "n/a");
  EXPECT_EQ(verdicts(other)["both ends of the range are included"], "yes");
}

TEST(ConformanceCommand, CannotRead) {
  const MockEndpoint empty("input_series: []\n");
  const Ran none = run_conformance({empty.url()});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.err, HasSubstr("give a selector, --start and --end\n"));
  const Ran refused = run_conformance({"http://127.0.0.1:1"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_EQ(refused.err.find("http://", refused.err.find("http://") + 1), std::string::npos)
      << "the address comes once: " << refused.err;
  EXPECT_EQ(run_conformance({empty.url(), "up{"}).exit_code, 3);
}

}  // namespace
}  // namespace mread::cli
