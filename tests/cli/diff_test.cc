#include <algorithm>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/mock_endpoint.h"
#include "cli/run_command.h"

namespace mread::cli {
namespace {

using testing::HasSubstr;

Ran run_diff(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--start", "1700000000", "--end", "1700000600"});
  return run_command(add_diff, "diff", std::move(arguments));
}

constexpr const char* data = R"(
input_series:
  - {series: 'up{job="a"}', values: '1x9'}
  - {series: 'up{job="b"}', values: '1 stale NaN 4'}
  - {series: 'h', values: '{{schema:1 count:4 sum:5 buckets:[1 3]}}x5'}
)";
constexpr const char* other_data = R"(
input_series:
  - {series: 'up{job="a"}', values: '1x8 7'}
  - {series: 'h', values: '{{schema:1 count:4 sum:5 buckets:[1 3]}}x4 {{schema:1 count:5 sum:5 buckets:[1 4]}}'}
)";
constexpr const char* everything = "{__name__=~\"up|h\"}";

TEST(DiffCommand, EqualAnswersOfBothTypes) {
  const MockEndpoint a(data);
  const MockEndpoint b(data);
  for (const char* type : {"--stream", "--samples"}) {
    const Ran ran = run_diff({a.url(), b.url(), everything, type, "--repeat", "3"});
    EXPECT_EQ(ran.exit_code, ExitCode::ok) << ran.out << ran.err;
    EXPECT_EQ(ran.out,
              "equal: 3 series, 20 samples in the first; 3 series, 20 samples in the second; 3 "
              "equal; 0 of 3 rounds differ\n");
  }
}

TEST(DiffCommand, TellsTheDifferences) {
  const MockEndpoint a(data);
  const MockEndpoint b(other_data);
  for (const char* type : {"--stream", "--samples"}) {
    const Ran ran = run_diff({a.url(), b.url(), everything, type});
    EXPECT_EQ(ran.exit_code, ExitCode::failed);
    EXPECT_THAT(ran.out, HasSubstr("missing series: up{job=\"b\"}: only in the first, with 4 "
                                   "samples\n"));
    EXPECT_THAT(ran.out, HasSubstr("values: up{job=\"a\"}: 2023-11-14T22:15:35Z = 1 in the first, "
                                   "7 in the second\n"));
    EXPECT_THAT(ran.out, HasSubstr("values: h: 2023-11-14T22:14:35Z = {{schema:1 count:4"));
    EXPECT_THAT(ran.out,
                HasSubstr("\nmissing series   1\nvalues           2\ndifferent: 3 series"));
  }
}

TEST(DiffCommand, PrintsJson) {
  const MockEndpoint a(data);
  const MockEndpoint samples_only(std::string(data) + "streamed: false\n");
  const Ran ran =
      run_diff({a.url(), samples_only.url(), "up", "--format", "json", "--repeat", "2"});
  EXPECT_EQ(ran.exit_code, ExitCode::failed);
  const boost::json::value parsed = boost::json::parse(ran.out);
  EXPECT_EQ(parsed.at("equal"), false);
  EXPECT_EQ(parsed.at("different_rounds").to_number<int>(), 2);
  EXPECT_EQ(parsed.at("kinds").at("response type").to_number<int>(), 2);
  EXPECT_EQ(parsed.at("kinds").at("values").to_number<int>(), 0);
  EXPECT_EQ(parsed.at("differences").at(1).at("round").to_number<int>(), 2);
}

TEST(DiffCommand, CannotRead) {
  const MockEndpoint a(data);
  const Ran refused = run_diff({a.url(), "http://127.0.0.1:1", "up"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("mread diff: http://127.0.0.1:1/api/v1/read: "));
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(run_diff({a.url(), a.url(), "up{"}).exit_code, 3);
  EXPECT_EQ(run_diff({a.url(), a.url(), "up", "--repeat", "0"}).exit_code, 3);
  EXPECT_EQ(run_diff({a.url(), "up"}).exit_code, 3);
}

}  // namespace
}  // namespace mread::cli
