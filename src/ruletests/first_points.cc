#include "ruletests/first_points.h"

#include <algorithm>
#include <cassert>

#include <re2/re2.h>

#include "mockstore/notation/value_sequence.h"

namespace mread::ruletests {
namespace {

constexpr const char* separators = " \t\r\n";

// Where the item that begins at `at` ends; blanks within a histogram's braces belong to it.
size_t end_of_item(const std::string& values, size_t at) {
  bool in_braces = false;
  for (; at < values.size(); ++at) {
    if (values.compare(at, 2, "{{") == 0) in_braces = true;
    if (values.compare(at, 2, "}}") == 0) in_braces = false;
    if (!in_braces && std::string_view(separators).find(values[at]) != std::string_view::npos)
      break;
  }
  return at;
}

}  // namespace

std::string first_points(const std::string& values, uint64_t points) {
  static const re2::RE2 repeated(R"((.*)x([0-9]+))");
  std::string out;
  uint64_t left = points;
  for (size_t at = values.find_first_not_of(separators); at < values.size() && left > 0;
       at = values.find_first_not_of(separators, at)) {
    const size_t end = end_of_item(values, at);
    std::string item = values.substr(at, end - at);
    at = end;
    std::string head;
    uint64_t times = 0;
    uint64_t count = 1;
    if (re2::RE2::FullMatch(item, repeated, &head, &times)) {
      // "_x3" is three points; "1x3" is one and three more.
      const uint64_t own = head == "_" ? 0 : 1;
      const uint64_t kept = std::min(times + own, left) - std::min(own, left);
      item = head + "x" + std::to_string(kept);
      count = kept + own;
    }
    left -= std::min(count, left);
    out += (out.empty() ? "" : " ") + item;
  }
  assert(mockstore::ValueSequence::parse(out).has_value());
  return out;
}

}  // namespace mread::ruletests
