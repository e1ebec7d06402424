#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/quantity.h"
#include "check/rules/rules.h"

namespace mread::check {
namespace {

using setup::PrometheusFile;
using setup::ReadEntry;
using setup::ScrapeEntry;

// More backends than this are too many for each query.
constexpr size_t many_backends = 10;
constexpr std::string_view warnings_end = "/api/v1/read/warnings";

void reads_in_a_row(const Input& input, Report& report) {
  for (size_t i = 0; i < input.facts.size(); ++i) {
    const auto& file = input.facts[i].file;
    if (!file) {
      report.not_judged(RuleId::reads_in_a_row,
                        "the collectors' files: --collector NAME=FILE; and the query node's own "
                        "address: --address HOST:PORT");
      continue;
    }
    if (file->entries.empty()) continue;
    const bool is_cycle = input.address && std::ranges::any_of(file->entries, [&](const auto& one) {
                            return one.url.authority() == *input.address;
                          });
    report.add(RuleId::reads_in_a_row, *file->remote_read_at,
               is_cycle ? fmt::format("{} reads from the query node that reads from it",
                                      input.backends[i].name)
                        : fmt::format("{} itself reads from {}", input.backends[i].name,
                                      counted(file->entries.size(), "backend")),
               {.related = {{place_of(input.first_entry(i).url_at), "the query node's entry"}}});
  }
  for (const ReadEntry& entry : input.node.entries) {
    if (input.address && entry.url.authority() == *input.address)
      report.add(RuleId::reads_in_a_row, entry.url_at, "the query node reads from itself");
  }
}

void look_for_federation(const PrometheusFile& file, const std::string& query_node,
                         Report& report) {
  for (const ScrapeEntry& scrape : file.scrapes) {
    if (!scrape.path.ends_with("/federate")) continue;
    if (std::ranges::find(scrape.targets, query_node) == scrape.targets.end()) continue;
    report.add(RuleId::federated_query_node, scrape.at,
               fmt::format("job {} federates from {}, which holds no data of its backends",
                           scrape.job, query_node));
  }
}

void federated_query_node(const Input& input, Report& report) {
  if (!input.address) {
    report.not_judged(RuleId::federated_query_node,
                      "the query node's own address: --address HOST:PORT; and the files of those "
                      "that federate: --collector NAME=FILE");
  }
  std::vector<std::string> query_nodes;
  if (input.address) query_nodes.push_back(*input.address);
  for (size_t i = 0; i < input.facts.size(); ++i) {
    if (input.facts[i].file && !input.facts[i].file->entries.empty())
      query_nodes.push_back(input.first_entry(i).url.authority());
  }
  for (const std::string& one : query_nodes) {
    look_for_federation(input.node, one, report);
    for (const BackendFacts& facts : input.facts) {
      if (facts.file) look_for_federation(*facts.file, one, report);
    }
  }
}

void warnings_url_differs(const Input& input, Report& report) {
  for (const ReadEntry& warnings : input.node.entries) {
    if (!warnings.url.target.ends_with(warnings_end)) continue;
    const std::string read_target = warnings.url.target.substr(
        0, warnings.url.target.size() - std::string_view("/warnings").size());
    for (const ReadEntry& read : input.node.entries) {
      if (read.url.authority() != warnings.url.authority() || read.url.target != read_target)
        continue;
      const bool same = read.read_recent == warnings.read_recent &&
                        read.required_matchers == warnings.required_matchers;
      if (same) continue;
      report.add(RuleId::warnings_url_differs, warnings.url_at,
                 read.read_recent != warnings.read_recent
                     ? "read_recent of the warnings URL is not that of the read URL"
                     : "required_matchers of the warnings URL are not those of the read URL",
                 {.related = {{place_of(read.url_at), "the read URL"}}});
    }
  }
}

void every_query_asks_all(const Input& input, Report& report) {
  size_t plain = 0;
  for (size_t i = 0; i < input.backends.size(); ++i)
    plain += input.first_entry(i).required_matchers.empty();
  if (plain > many_backends) {
    report.add(RuleId::every_query_asks_all, *input.node.remote_read_at,
               fmt::format("every selector is sent to {} backends", plain));
  }
  if (!input.serve || input.serve->prune || !input.serve->routes.empty()) return;
  size_t asked = 0;
  for (const merger::Backend& backend : input.serve->backends)
    asked += backend.required_matchers.empty();
  if (asked <= many_backends) return;
  report.add(RuleId::every_query_asks_all, *input.serve_at,
             fmt::format("every selector is sent to {} backends, without prune and routes", asked));
}

}  // namespace

void check_topology(const Input& input, Report& report) {
  reads_in_a_row(input, report);
  federated_query_node(input, report);
  warnings_url_differs(input, report);
  every_query_asks_all(input, report);
}

}  // namespace mread::check
