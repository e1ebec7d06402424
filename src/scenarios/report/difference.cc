#include "scenarios/report/difference.h"

#include <algorithm>
#include <cstddef>

namespace mread::scenarios {
namespace {

constexpr size_t most_lines = 400;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::vector<DifferentLine> compare_lines(std::string_view want_text, std::string_view got_text) {
  using Kind = DifferentLine::Kind;
  const std::vector<std::string> want = lines_of(want_text);
  const std::vector<std::string> got = lines_of(got_text);
  std::vector<DifferentLine> out;
  if (want.size() > most_lines || got.size() > most_lines) {
    for (const std::string& line : want) out.push_back({Kind::only_want, line});
    for (const std::string& line : got) out.push_back({Kind::only_got, line});
    return out;
  }
  // common[i][j]: the length of the longest common subsequence of want[i..] and got[j..].
  const size_t columns = got.size() + 1;
  std::vector<size_t> common((want.size() + 1) * columns);
  for (size_t i = want.size(); i-- > 0;) {
    for (size_t j = got.size(); j-- > 0;) {
      common[i * columns + j] =
          want[i] == got[j] ? common[(i + 1) * columns + j + 1] + 1
                            : std::max(common[(i + 1) * columns + j], common[i * columns + j + 1]);
    }
  }
  size_t i = 0;
  size_t j = 0;
  while (i < want.size() || j < got.size()) {
    if (i < want.size() && j < got.size() && want[i] == got[j]) {
      out.push_back({Kind::same, want[i++]});
      ++j;
    } else if (j == got.size() ||
               (i < want.size() && common[(i + 1) * columns + j] >= common[i * columns + j + 1])) {
      out.push_back({Kind::only_want, want[i++]});
    } else {
      out.push_back({Kind::only_got, got[j++]});
    }
  }
  return out;
}

}  // namespace mread::scenarios
