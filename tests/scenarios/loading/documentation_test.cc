// The examples of docs/reference/scenarios.md and the library of scenarios are what they say, and
// the tests that docs/reference/limits.md and docs/internals/traps.md name are there.
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

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
    out.emplace_back(page.substr(name, page.find('\n', name) - name),
                     page.substr(begin, end + 1 - begin));
  }
  return out;
}

TEST(Documentation, ItsExamplesAreScenarios) {
  const auto found = examples(contents(source_dir + "/docs/reference/scenarios.md"));
  EXPECT_GE(found.size(), 2u);
  for (const auto& [name, text] : found) {
    EXPECT_NO_THROW(EXPECT_FALSE(parse_scenario(text, name, {1'700'000'000'000, {}}).empty()))
        << name;
  }
}

TEST(Library, EveryScenarioLoads) {
  const auto files = find_scenarios({source_dir + "/scenarios"});
  ASSERT_TRUE(files);
  std::vector<scenarios::Test> tests;
  ASSERT_NO_THROW(tests = load_tests(*files, {}, {1'700'000'000'000, {}}));
  EXPECT_GE(tests.size(), files->size());
}

// `FOLDER/Name` or `FOLDER/Suite.Test` in backticks, as the pages name tests.
std::vector<std::pair<std::string, std::string>> named_tests(const std::string& page) {
  std::vector<std::pair<std::string, std::string>> out;
  for (size_t at = page.find('`'); at != std::string::npos; at = page.find('`', at + 1)) {
    const size_t end = page.find('`', at + 1);
    if (end == std::string::npos) break;
    const std::string text = page.substr(at + 1, end - at - 1);
    at = end;
    const size_t slash = text.find('/');
    if (slash == std::string::npos || slash + 1 == text.size()) continue;
    const bool is_folder = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == slash;
    if (!is_folder || std::isupper(static_cast<unsigned char>(text[slash + 1])) == 0) continue;
    out.emplace_back(text.substr(0, slash), text.substr(slash + 1));
  }
  return out;
}

// All tests below a folder of tests/, as one text.
std::string sources_below(const std::string& folder) {
  std::string text;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(source_dir + "/tests/" + folder)) {
    if (entry.path().extension() == ".cc" || entry.path().extension() == ".h")
      text += contents(entry.path().string());
  }
  return text;
}

TEST(Documentation, TheTestsThatPagesNameAreThere) {
  const std::map<std::string, std::string> folders = {{"attacks", "integration/attacks"},
                                                      {"scenarios_language", "scenarios/language"},
                                                      {"scenarios_loading", "scenarios/loading"}};
  const auto named = named_tests(contents(source_dir + "/docs/reference/limits.md") +
                                 contents(source_dir + "/docs/internals/traps.md"));
  EXPECT_GE(named.size(), 50u);
  std::map<std::string, std::string> sources;
  for (const auto& [folder, name] : named) {
    auto& text = sources[folder];
    if (text.empty()) text = sources_below(folders.count(folder) > 0 ? folders.at(folder) : folder);
    const size_t dot = name.find('.');
    const std::string first = name.substr(0, dot);
    // A suite, a case of a table, or a nasty file, which is given in two ways.
    const auto is_case = [&text](const std::string& one) {
      return text.find("\"" + one + "\"") != std::string::npos;
    };
    bool is_there = text.find("(" + first + ",") != std::string::npos || is_case(first) ||
                    text.find("class " + first + " ") != std::string::npos;
    for (const std::string how : {"Discovery", "Reload"}) {
      is_there = is_there || (first.starts_with(how) && is_case(first.substr(how.size())));
    }
    EXPECT_TRUE(is_there) << folder << "/" << name;
    if (dot == std::string::npos) continue;
    const std::string test = name.substr(dot + 1);
    EXPECT_TRUE(text.find("(" + first + ", " + test + ")") != std::string::npos ||
                text.find("\"" + test + "\"") != std::string::npos)
        << folder << "/" << name;
  }
}

}  // namespace
}  // namespace mread::scenarios
