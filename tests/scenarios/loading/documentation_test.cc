// The examples of docs/scenarios.md and the library of scenarios are what they say.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/model/scenario.h"
#include "scenarios/running/run.h"

namespace mread::scenarios {
namespace {

const std::string source_dir = MREAD_SOURCE_DIR;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Blocks of YAML whose first line is "# example: NAME".
std::vector<std::pair<std::string, std::string>> examples(const std::string& page) {
  std::vector<std::pair<std::string, std::string>> out;
  const std::string open = "```yaml\n# example: ";
  for (size_t at = page.find(open); at != std::string::npos; at = page.find(open, at + 1)) {
    const size_t begin = at + 8;
    const size_t end = page.find("\n```", begin);
    const size_t name = at + open.size();
    out.emplace_back(page.substr(name, page.find('\n', name) - name), page.substr(begin, end + 1 - begin));
  }
  return out;
}

TEST(Documentation, ItsExamplesAreScenarios) {
  const auto found = examples(contents(source_dir + "/docs/scenarios.md"));
  EXPECT_GE(found.size(), 2u);
  for (const auto& [name, text] : found) {
    EXPECT_NO_THROW(EXPECT_FALSE(parse_scenario(text, name, {1'700'000'000'000, {}}).empty())) << name;
  }
}

TEST(Library, EveryScenarioLoads) {
  const auto files = find_scenarios({source_dir + "/scenarios"});
  ASSERT_TRUE(files);
  std::vector<scenarios::Test> tests;
  ASSERT_NO_THROW(tests = load_tests(*files, {}, {1'700'000'000'000, {}}));
  EXPECT_GE(tests.size(), files->size());
}

}  // namespace
}  // namespace mread::scenarios
