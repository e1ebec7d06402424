#include "check/rules/rules.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "base/temporary_folder.h"
#include "check/check.h"
#include "check/input/read_input.h"

/// Each file of tests/data/check/ says in its first lines what is found in it:
///   # finds: MR001 MR003     exactly these errors and warnings; the information that is named
///   # near: MR001            no error, and these rules are judged and find nothing
///   # flags: --version v2.53 as on the command line
namespace mread::check {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::IsEmpty;
using testing::IsSubsetOf;

const fs::path data = fs::path(MREAD_TEST_DATA) / "check";

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// A file of the folder with what it says of itself.
struct Sample {
  fs::path path;
  std::set<std::string> finds;
  std::set<std::string> near;
  InputOptions options;
};

Sample read_sample(const fs::path& path) {
  Sample sample{.path = path};
  std::ifstream file(path);
  for (std::string line; std::getline(file, line) && line.starts_with("# ");) {
    std::vector<std::string> words = words_of(line.substr(2));
    if (words.at(0) == "finds:") sample.finds.insert(words.begin() + 1, words.end());
    if (words.at(0) == "near:") sample.near.insert(words.begin() + 1, words.end());
    if (words.at(0) != "flags:") continue;
    const auto in_folder = [](const std::string& value) {
      const size_t equals = value.find('=');
      if (equals == std::string::npos) return (data / value).string();
      return value.substr(0, equals + 1) + (data / value.substr(equals + 1)).string();
    };
    InputOptions& options = sample.options;
    for (size_t i = 1; i + 1 < words.size(); i += 2) {
      const std::string& flag = words[i];
      const std::string& value = words[i + 1];
      if (flag == "--rules") options.rules.push_back(in_folder(value));
      if (flag == "--collector") options.collectors.push_back(in_folder(value));
      if (flag == "--serve") options.serve = in_folder(value);
      if (flag == "--query") options.queries.push_back(value);
      if (flag == "--replicas") options.replicas.push_back(value);
      if (flag == "--version") options.versions.push_back(value);
      if (flag == "--flag") options.flags.push_back(value);
      if (flag == "--address") options.address = value;
      if (flag == "--series") options.series = std::stoull(value);
      if (flag == "--query-nodes") options.query_nodes = std::stoull(value);
    }
  }
  return sample;
}

std::vector<Sample> samples_in(const std::string& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(data / folder)) paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<Sample> samples;
  samples.reserve(paths.size());
  for (const fs::path& path : paths) samples.push_back(read_sample(path));
  return samples;
}

CheckResult result_of(const Sample& sample) {
  return check(read_input(sample.path.string(), sample.options), "2026-11-27");
}

std::set<std::string> codes_of(const CheckResult& result, Severity lowest) {
  std::set<std::string> codes;
  for (const Finding& one : result.findings) {
    if (one.severity >= lowest) codes.emplace(rule_of(one.rule).code);
  }
  return codes;
}

std::string name_of(const Sample& sample) {
  std::string name;
  for (const char c : sample.path.stem().string()) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
  }
  return name;
}

class BrokenFileTest : public testing::TestWithParam<Sample> {};

TEST_P(BrokenFileTest, IsNamedByTheRightRules) {
  const CheckResult result = result_of(GetParam());
  const std::set<std::string> all = codes_of(result, Severity::info);
  EXPECT_THAT(GetParam().finds, IsSubsetOf(all));
  EXPECT_THAT(codes_of(result, Severity::warning), IsSubsetOf(GetParam().finds));
  for (const Finding& one : result.findings) {
    EXPECT_FALSE(one.message.empty());
    EXPECT_FALSE(one.place.file.empty());
    EXPECT_GT(one.place.line, 0);
    EXPECT_EQ(one.place.excerpt.find("hunter2"), std::string::npos);
    EXPECT_EQ(one.message.find("hunter2"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, BrokenFileTest, testing::ValuesIn(samples_in("broken")),
                         [](const auto& instance) { return name_of(instance.param); });

class GoodFileTest : public testing::TestWithParam<Sample> {};

TEST_P(GoodFileTest, HasNoErrorAndPassesWhatItIsNearTo) {
  const CheckResult result = result_of(GetParam());
  EXPECT_THAT(codes_of(result, Severity::error), IsEmpty());
  std::set<std::string> passed;
  for (const RuleId id : result.passed) passed.emplace(rule_of(id).code);
  EXPECT_THAT(GetParam().near, IsSubsetOf(passed));
}

INSTANTIATE_TEST_SUITE_P(Files, GoodFileTest, testing::ValuesIn(samples_in("good")),
                         [](const auto& instance) { return name_of(instance.param); });

TEST(Rules, EachHasAFileWithItAndOneWithout) {
  std::set<std::string> with;
  std::set<std::string> without;
  for (const Sample& one : samples_in("broken")) with.insert(one.finds.begin(), one.finds.end());
  for (const Sample& one : samples_in("good")) without.insert(one.near.begin(), one.near.end());
  for (const Rule& rule : all_rules()) {
    EXPECT_THAT(with, Contains(rule.code));
    EXPECT_THAT(without, Contains(rule.code));
  }
}

TEST(Rules, ASecretFileIsJudgedByItsMode) {
  const TemporaryFolder folder;
  const std::string token = folder.write("token", "t");
  const std::string file = folder.write("prometheus.yml",
                                        "remote_read:\n"
                                        "  - url: https://a/api/v1/read\n"
                                        "    bearer_token_file: token\n");
  const auto judge = [&](fs::perms mode) {
    fs::permissions(token, mode);
    return codes_of(check(read_input(file, {}), "2026-11-27"), Severity::warning);
  };
  EXPECT_THAT(judge(fs::perms(0640)), testing::Not(Contains("MR015")));
  EXPECT_THAT(judge(fs::perms(0604)), Contains("MR015"));
}

}  // namespace
}  // namespace mread::check
