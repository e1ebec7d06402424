#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "check/rules/rules.h"

namespace mread::check {
namespace {

using setup::ReadEntry;
using std::chrono::milliseconds;

constexpr milliseconds default_query_timeout{120'000};
constexpr size_t most_examples = 5;

// Where a wait comes from: the entry with the longest remote_timeout.
const ReadEntry& slowest_entry(const Input& input) {
  return *std::ranges::max_element(input.node.entries, {}, &ReadEntry::timeout);
}

yaml::Node timeout_at(const ReadEntry& entry) {
  return entry.find("remote_timeout").value_or(entry.url_at);
}

std::string and_more(size_t count) {
  return count > most_examples ? fmt::format(" and {} more", count - most_examples) : "";
}

milliseconds query_timeout(const Input& input) {
  const auto flag = input.flags.find("query.timeout");
  if (flag == input.flags.end()) return default_query_timeout;
  return parse_duration(flag->second).value_or(default_query_timeout);
}

// A rule or a group, and how long it waits.
struct Wait {
  std::string name;
  yaml::Node at;
  milliseconds time;
  milliseconds limit;
};

void report_waits(const Input& input, Report& report, RuleId rule, std::vector<Wait> waits,
                  std::string_view what, std::string_view limit) {
  if (waits.empty()) return;
  std::ranges::stable_sort(waits, std::greater<>(), &Wait::time);
  const ReadEntry& entry = slowest_entry(input);
  std::vector<Related> related;
  for (size_t i = 0; i < std::min(waits.size(), most_examples); ++i)
    related.push_back({place_of(waits[i].at),
                       waits[i].name + and_more(i == most_examples - 1 ? waits.size() : 0)});
  report.add(rule, timeout_at(entry),
             fmt::format("{} would wait up to {} for a backend that hangs, and {} is {}: "
                         "remote_timeout is {}{}",
                         what, format_duration(waits.front().time), limit,
                         format_duration(waits.front().limit), format_duration(entry.timeout),
                         entry.find("remote_timeout") ? "" : " by default"),
             {.related = std::move(related)});
}

void query_timeout_reached(const Input& input, Report& report) {
  if (input.expressions.empty()) {
    report.not_judged(RuleId::query_timeout_reached,
                      "rules or queries: --rules FILE, --query EXPR");
    return;
  }
  const milliseconds limit = query_timeout(input);
  std::vector<Wait> waits;
  for (const Expression& one : input.expressions) {
    const milliseconds wait = input.longest_wait(one);
    if (wait >= limit) waits.push_back({one.name, one.at, wait, limit});
  }
  const std::string what =
      fmt::format("{} of {} expressions", waits.size(), input.expressions.size());
  report_waits(input, report, RuleId::query_timeout_reached, std::move(waits), what,
               "query.timeout");
}

void interval_reached(const Input& input, Report& report) {
  if (input.groups.empty()) {
    report.not_judged(RuleId::interval_reached, "rules: --rules FILE");
    return;
  }
  std::vector<Wait> waits;
  for (const Group& group : input.groups) {
    milliseconds wait{0};
    for (const size_t index : group.expressions)
      wait += input.longest_wait(input.expressions[index]);
    if (wait >= group.interval && wait.count() > 0)
      waits.push_back({"group " + group.name, group.at, wait, group.interval});
  }
  const std::string what = fmt::format("{} of {} rule groups", waits.size(), input.groups.size());
  report_waits(input, report, RuleId::interval_reached, std::move(waits), what, "their interval");
}

void unequal_timeouts(const Input& input, Report& report) {
  if (input.replicas.empty() && !input.serve && input.backends.size() > 1)
    report.not_judged(RuleId::unequal_timeouts, "which backends are replicas: --replicas A,B");
  for (const std::vector<size_t>& group : input.replicas) {
    const ReadEntry& first = input.first_entry(group.front());
    for (const size_t member : group) {
      const ReadEntry& entry = input.first_entry(member);
      if (entry.timeout == first.timeout) continue;
      report.add(RuleId::unequal_timeouts, timeout_at(entry),
                 fmt::format("remote_timeout is {} here, and {} for its replica {}",
                             format_duration(entry.timeout), format_duration(first.timeout),
                             input.backends[group.front()].name),
                 {.related = {{place_of(timeout_at(first)), "the replica"}}});
    }
  }
  if (!input.serve) return;
  for (const merger::Group& group : input.serve->groups) {
    const auto& backends = input.serve->backends;
    const bool differ = std::ranges::any_of(group.members, [&](size_t member) {
      return backends[member].timeout != backends[group.members.front()].timeout;
    });
    if (!differ) continue;
    report.add(RuleId::unequal_timeouts, *input.serve_at,
               fmt::format("the members of group {} have different remote_timeouts", group.name));
  }
}

// The entry that is the merge core: the one with a warnings URL next to it, or the only one.
const ReadEntry* serve_entry(const Input& input) {
  const ReadEntry* only = nullptr;
  for (const ReadEntry& entry : input.node.entries) {
    if (entry.url.target.ends_with("/api/v1/read/warnings")) continue;
    const bool has_warnings =
        std::ranges::any_of(input.node.entries, [&entry](const ReadEntry& other) {
          return other.url.authority() == entry.url.authority() &&
                 other.url.target.ends_with("/api/v1/read/warnings");
        });
    if (has_warnings) return &entry;
    if (only != nullptr) return nullptr;
    only = &entry;
  }
  return only;
}

void serve_timeout(const Input& input, Report& report) {
  const bool seems_there = std::ranges::any_of(input.node.entries, [](const ReadEntry& entry) {
    return entry.url.target.ends_with("/api/v1/read/warnings");
  });
  if (!input.serve) {
    if (seems_there)
      report.not_judged(RuleId::serve_timeout, "the mread.yml of mread serve: --serve FILE");
    return;
  }
  const ReadEntry* entry = serve_entry(input);
  if (entry == nullptr) {
    report.not_judged(RuleId::serve_timeout,
                      "which of the entries is mread serve: list its warnings URL too");
    return;
  }
  milliseconds longest{0};
  for (const merger::Backend& backend : input.serve->backends)
    longest = std::max(longest, backend.timeout);
  if (entry->timeout > longest) return;
  report.add(RuleId::serve_timeout, timeout_at(*entry),
             fmt::format("remote_timeout towards mread serve is {}, and mread serve waits for its "
                         "backends up to {}",
                         format_duration(entry->timeout), format_duration(longest)),
             {.related = {{place_of(*input.serve_at), "the mread.yml"}}});
}

}  // namespace

void check_timeouts(const Input& input, Report& report) {
  query_timeout_reached(input, report);
  interval_reached(input, report);
  unequal_timeouts(input, report);
  serve_timeout(input, report);
}

}  // namespace mread::check
