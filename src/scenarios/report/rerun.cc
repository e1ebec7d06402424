#include "scenarios/report/rerun.h"

#include <algorithm>
#include <cctype>

namespace mread::scenarios {
namespace {

std::string quoted(const std::string& word) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-_./=:@,+").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

// --repeat names the second round of a test "id-r2".
std::string without_round(const std::string& id) {
  const size_t at = id.rfind("-r");
  if (at == std::string::npos || at + 2 == id.size()) return id;
  const bool is_number = std::all_of(id.begin() + static_cast<std::ptrdiff_t>(at) + 2, id.end(),
                                     [](unsigned char c) { return std::isdigit(c) != 0; });
  return is_number ? id.substr(0, at) : id;
}

}  // namespace

std::string rerun_line(const TestResult& test) {
  const std::string topology = test.topology.empty() ? "" : " --topology " + quoted(test.topology);
  return "mread run " + quoted(test.file) + topology + " --filter " +
         quoted(without_round(test.id)) + " --engine " + quoted(test.engine) + " --seed " +
         std::to_string(test.seed);
}

}  // namespace mread::scenarios
