#include "check/input/input.h"

#include <algorithm>

#include "base/version_text.h"

namespace mread::check {

using setup::ReadEntry;

bool Input::is_at_least(const std::vector<int>& lowest) const {
  return compare_versions(version, lowest) >= 0;
}

std::string Input::version_text() const {
  std::string text = "Prometheus ";
  for (size_t i = 0; i < version.size(); ++i)
    text += (i > 0 ? "." : "") + std::to_string(version[i]);
  return text;
}

bool Input::is_asked(const ReadEntry& entry, const model::SelectorUse& selector) {
  return std::ranges::all_of(entry.required_matchers, [&selector](const auto& required) {
    return std::ranges::any_of(selector.matchers, [&required](const model::Matcher& matcher) {
      return matcher.type() == model::MatchType::equal && matcher.name() == required.first &&
             matcher.value() == required.second;
    });
  });
}

std::chrono::milliseconds Input::longest_wait(const Expression& expression) const {
  std::chrono::milliseconds total{0};
  for (const model::SelectorUse& selector : expression.uses.selectors) {
    std::chrono::milliseconds longest{0};
    for (const ReadEntry& entry : node.entries) {
      if (is_asked(entry, selector)) longest = std::max(longest, entry.timeout);
    }
    total += longest;
  }
  return total;
}

bool Input::exclude_each_other(const ReadEntry& a, const ReadEntry& b) {
  return std::ranges::any_of(a.required_matchers, [&b](const auto& required) {
    const auto other = b.required_matchers.find(required.first);
    return other != b.required_matchers.end() && other->second != required.second;
  });
}

size_t Input::backend_of(size_t entry) const {
  for (size_t i = 0; i < backends.size(); ++i) {
    if (std::ranges::find(backends[i].entries, entry) != backends[i].entries.end()) return i;
  }
  return 0;
}

bool Input::writes_to(const ReadEntry& entry) const {
  // Stores often have one address for writes and another for reads; with several stores only the
  // host says which belong together.
  if (backends.size() == 1) return !node.remote_writes.empty();
  return std::ranges::any_of(node.remote_writes,
                             [&entry](const GoUrl& url) { return url.host == entry.url.host; });
}

}  // namespace mread::check
