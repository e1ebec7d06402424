#include "merger/fan_out/read_policy.h"

#include <algorithm>

#include "base/printable.h"
#include "merger/answer/answer_writer.h"
#include "merger/fan_out/answer_kind.h"

namespace mread::merger {

bool may_answer(const Policy& policy, std::span<const Part> parts, bool begun) {
  const auto count = [&parts](Part part) { return std::count(parts.begin(), parts.end(), part); };
  if (count(Part::failed) == 0) return true;
  if (policy.partial == PartialPolicy::all) return false;
  const bool any = policy.partial == PartialPolicy::any;
  if (any && !begun) return count(Part::answered) + count(Part::not_asked) > 0;
  const auto has_failed = [&parts](size_t member) { return parts[member] == Part::failed; };
  return std::none_of(policy.groups.begin(), policy.groups.end(), [&](const Group& group) {
    return is_short(group, parts) &&
           (!any || std::any_of(group.members.begin(), group.members.end(), has_failed));
  });
}

bool is_short(const Group& group, std::span<const Part> parts) {
  size_t answered = 0;
  for (const size_t member : group.members) {
    if (parts[member] == Part::answered || parts[member] == Part::not_asked) ++answered;
  }
  return answered < group.need;
}

std::vector<Part> with_spares(const Policy& policy, std::vector<Part> parts) {
  for (const Group& group : policy.groups) {
    for (const size_t member : group.members) {
      if (parts[member] == Part::dropped && is_short(group, parts)) parts[member] = Part::answered;
    }
  }
  return parts;
}

bool is_within_range(const Limits& limits, const model::Query& query) {
  const auto limit = static_cast<uint64_t>(limits.query_range.count());
  if (limit == 0 || asks_for_labels_only(query)) return true;
  const TimeRange range = answered_range(query);
  if (range.last_ms <= range.first_ms) return true;
  return static_cast<uint64_t>(range.last_ms) - static_cast<uint64_t>(range.first_ms) <= limit;
}

std::string describe_failures(const Policy& policy, std::span<const BackendOutcome> outcomes,
                              size_t most_bytes) {
  constexpr size_t count_bytes =
      40;  // " … and 27 more", or what printable() says of a text that it cuts.
  const size_t room = most_bytes - std::min(most_bytes, count_bytes);
  std::string text;
  std::string last;  // Fits where nothing comes after it.
  size_t left_out = 0;
  for (const BackendOutcome& outcome : outcomes) {
    if (!outcome.error || outcome.nothing_lost) continue;
    std::string one =
        printable(policy.backends[outcome.backend].name) + ": " + reason(*outcome.error);
    if (text.empty()) {
      text = printable(one, room);
    } else if (left_out == 0 && text.size() + 2 + one.size() <= room) {
      text += ", " + one;
    } else {
      if (++left_out == 1) last = std::move(one);
    }
  }
  if (left_out == 1 && text.size() + 2 + last.size() <= most_bytes) return text + ", " + last;
  if (left_out > 0) text += " … and " + std::to_string(left_out) + " more";
  return text;
}

std::string describe_partial(const Policy& policy, const Outcome& outcome, size_t most_bytes) {
  const std::string left_out = describe_left_out(outcome.client, outcome.left_out);
  if (left_out.empty()) return describe_failures(policy, outcome.backends, most_bytes);
  std::string text = describe_failures(policy, outcome.backends,
                                       most_bytes - std::min(most_bytes, left_out.size() + 2));
  if (!text.empty()) text += ", ";
  return text + left_out;
}

}  // namespace mread::merger
