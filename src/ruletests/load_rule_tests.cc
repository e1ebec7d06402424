#include "ruletests/load_rule_tests.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "ruletests/over_topology.h"
#include "ruletests/promql_script.h"
#include "ruletests/promtool_file.h"

namespace mread::ruletests {
namespace {

constexpr size_t most_name = 60;

// A text as part of a scenario's name.
std::string as_name(const std::string& text) {
  std::string name;
  for (const unsigned char c : text) {
    if (name.size() >= most_name) break;
    if (std::isalnum(c) != 0)
      name += static_cast<char>(std::tolower(c));
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

// "alerts-test-3-instancedown-fires"
std::string name_of(const TestGroup& group, size_t index) {
  std::string name = as_name(std::filesystem::path(group.file).stem().string());
  if (name.empty()) name = "tests";
  name += "-" + std::to_string(index + 1);
  const std::string own = as_name(group.name);
  return own.empty() ? name : name + "-" + own;
}

}  // namespace

std::vector<scenarios::Test> load_rule_tests(const std::vector<std::string>& files,
                                             const std::string& topology_path,
                                             const scenarios::Selection& selection,
                                             const scenarios::LoadOptions& options) {
  const Topology topology = read_topology(topology_path);
  std::vector<scenarios::Test> tests;
  std::vector<std::string> errors;
  std::map<std::string, std::string> ids;  // Of tests, with their file.
  const auto add = [&](const std::string& file) {
    const bool is_script = std::filesystem::path(file).extension() == ".test";
    const std::vector<TestGroup> groups =
        is_script ? read_promql_script(file) : read_promtool_file(file, options.now_ms);
    for (size_t i = 0; i < groups.size(); ++i) {
      for (scenarios::Test& test :
           tests_over(groups[i], name_of(groups[i], i), topology, options)) {
        const auto [at, is_new] = ids.try_emplace(test.id, file);
        if (!is_new) {
          throw yaml::ConfigError(file + ": its test \"" + test.id + "\" has the name of one in " +
                                  at->second + "; rename a file, or run them one after another");
        }
        if (selection.fits(test)) tests.push_back(std::move(test));
      }
    }
  };
  for (const std::string& file : files) {
    try {
      add(file);
    } catch (const yaml::ConfigError& error) {
      for (std::string& one : scenarios::errors_of(error)) {
        if (std::ranges::find(errors, one) == errors.end()) errors.push_back(std::move(one));
      }
    }
  }
  scenarios::throw_errors(std::move(errors));
  return tests;
}

}  // namespace mread::ruletests
