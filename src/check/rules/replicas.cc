#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "check/rules/rules.h"

namespace mread::check {
namespace {

using setup::PrometheusFile;
using setup::ScrapeEntry;

// A target that two files scrape under one job.
struct SharedTarget {
  const ScrapeEntry* first;
  const ScrapeEntry* second;
  std::string target;
};

std::optional<SharedTarget> shared_target(const PrometheusFile& a, const PrometheusFile& b) {
  for (const ScrapeEntry& first : a.scrapes) {
    for (const ScrapeEntry& second : b.scrapes) {
      if (first.job != second.job) continue;
      std::vector<std::string> both;
      std::ranges::set_intersection(first.targets, second.targets, std::back_inserter(both));
      // Each Prometheus may scrape itself under this name, which is another one for each.
      std::erase_if(both, [](const std::string& target) {
        return target.starts_with("localhost:") || target.starts_with("127.");
      });
      if (!both.empty()) return SharedTarget{&first, &second, both.front()};
      // Discovery of one job in two files finds the same targets.
      if (first.has_discovery && second.has_discovery && first.at.dump() == second.at.dump())
        return SharedTarget{&first, &second, "what it discovers"};
    }
  }
  return std::nullopt;
}

// An external label in which two collectors differ, with the place of one of them.
std::optional<std::string> different_label(const PrometheusFile& a, const PrometheusFile& b) {
  for (const auto& [name, value] : a.external_labels) {
    const auto other = b.external_labels.find(name);
    if (other == b.external_labels.end() || other->second != value) return name;
  }
  for (const auto& [name, value] : b.external_labels) {
    if (!a.external_labels.contains(name)) return name;
  }
  return std::nullopt;
}

bool are_given_as_replicas(const Input& input, size_t a, size_t b) {
  return std::ranges::any_of(input.replicas, [&](const std::vector<size_t>& group) {
    return std::ranges::find(group, a) != group.end() && std::ranges::find(group, b) != group.end();
  });
}

void look_at_pair(const Input& input, size_t a, size_t b, Report& report) {
  const PrometheusFile& first = *input.facts[a].file;
  const PrometheusFile& second = *input.facts[b].file;
  const auto shared = shared_target(first, second);
  if (!shared && !are_given_as_replicas(input, a, b)) return;
  const std::string names = input.backends[a].name + " and " + input.backends[b].name;
  if (const auto label = different_label(first, second)) {
    const PrometheusFile& with = second.external_labels.contains(*label) ? second : first;
    report.add(
        RuleId::replica_external_labels, *with.external_labels_at,
        fmt::format("{} hold the same data and differ in the external label {}", names, *label));
    return;
  }
  if (!shared) return;
  report.add(RuleId::unmerged_replicas, shared->second->at,
             fmt::format("{} both scrape {} in job {}, and the query node merges them sample by "
                         "sample",
                         names, shared->target, shared->second->job),
             {.related = {{place_of(shared->first->at), "the same job"}}});
}

}  // namespace

void check_replicas(const Input& input, Report& report) {
  const std::string needs = "what the collectors scrape: --collector NAME=FILE";
  size_t known = 0;
  for (const BackendFacts& one : input.facts) known += one.file.has_value();
  if (known < input.facts.size() && input.backends.size() > 1) {
    report.not_judged(RuleId::replica_external_labels, needs);
    report.not_judged(RuleId::unmerged_replicas, needs);
  }
  if (known < input.facts.size() && !input.node.scrapes.empty())
    report.not_judged(RuleId::scraped_twice, needs);
  for (size_t a = 0; a < input.facts.size(); ++a) {
    if (!input.facts[a].file) continue;
    for (size_t b = a + 1; b < input.facts.size(); ++b) {
      if (input.facts[b].file) look_at_pair(input, a, b, report);
    }
    const auto shared = shared_target(*input.facts[a].file, input.node);
    if (!shared) continue;
    report.add(RuleId::scraped_twice, shared->second->at,
               fmt::format("{} scrapes {} in job {} too", input.backends[a].name, shared->target,
                           shared->second->job),
               {.related = {{place_of(shared->first->at), "the same job"}}});
  }
}

}  // namespace mread::check
