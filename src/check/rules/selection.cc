#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/quantity.h"
#include "check/finding/edits.h"
#include "check/rules/rules.h"

namespace mread::check {
namespace {

using setup::ReadEntry;

void read_recent_off(const Input& input, Report& report) {
  if (!input.node.has_own_data()) return;
  for (const ReadEntry& entry : input.node.entries) {
    if (entry.read_recent || input.writes_to(entry)) continue;
    const auto at = entry.find("read_recent");
    report.add(RuleId::read_recent_off, at.value_or(entry.url_at),
               at ? "read_recent is false, and this node has data of its own: recent samples of "
                    "the backend are missing"
                  : "read_recent is false by default, and this node has data of its own: recent "
                    "samples of the backend are missing",
               {.edit = set_key(entry.at, "read_recent", "true", "url")});
  }
}

// A label of the query node that the backend's own external labels do not have.
std::optional<std::string> missing_label(const Input& input, size_t entry) {
  const auto& file = input.facts[input.backend_of(entry)].file;
  for (const auto& [name, value] : input.node.external_labels) {
    // A selector that the entry is asked for has this label, and keeps its own value.
    if (input.node.entries[entry].required_matchers.contains(name)) continue;
    if (!file) return name;
    const auto own = file->external_labels.find(name);
    if (own == file->external_labels.end() || own->second != value) return name;
  }
  return std::nullopt;
}

void external_labels_filter(const Input& input, Report& report) {
  if (input.node.external_labels.empty()) return;
  for (size_t i = 0; i < input.node.entries.size(); ++i) {
    const ReadEntry& entry = input.node.entries[i];
    if (!entry.filter_external_labels || input.writes_to(entry)) continue;
    const auto label = missing_label(input, i);
    if (!label) continue;
    const auto at = entry.find("filter_external_labels");
    report.add(
        RuleId::external_labels_filter, at.value_or(entry.url_at),
        fmt::format("every selector is sent with {}=\"{}\" of the external_labels, so series "
                    "without it are not found",
                    *label, input.node.external_labels.at(*label)),
        {.related = {{place_of(*input.node.external_labels_at), "the external_labels"}},
         .edit = set_key(entry.at, "filter_external_labels", "false", "url")});
  }
}

void hung_backend_hides_others(const Input& input, Report& report) {
  if (!input.reads_streams()) return;
  std::set<std::string> servers;
  const ReadEntry* second = nullptr;
  for (size_t i = 0; i < input.node.entries.size(); ++i) {
    const ReadEntry& entry = input.node.entries[i];
    const bool is_one_of_several =
        std::ranges::any_of(input.node.entries, [&entry](const ReadEntry& other) {
          return other.url.authority() != entry.url.authority() &&
                 !Input::exclude_each_other(entry, other);
        });
    if (!is_one_of_several) continue;
    if (servers.insert(entry.url.authority()).second && servers.size() == 2) second = &entry;
  }
  if (second == nullptr) return;
  report.add(RuleId::hung_backend_hides_others, second->url_at,
             fmt::format("{} reads {} backends for one selector: one that hangs takes the data of "
                         "the others with it",
                         input.version_text(), servers.size()));
}

void required_matchers_unused(const Input& input, Report& report) {
  for (const ReadEntry& entry : input.node.entries) {
    if (entry.required_matchers.empty()) continue;
    if (input.expressions.empty()) {
      report.not_judged(RuleId::required_matchers_unused,
                        "rules or queries: --rules FILE, --query EXPR");
      return;
    }
    const bool is_used = std::ranges::any_of(input.expressions, [&entry](const Expression& one) {
      return std::ranges::any_of(one.uses.selectors, [&entry](const model::SelectorUse& selector) {
        return Input::is_asked(entry, selector);
      });
    });
    if (is_used) continue;
    report.add(RuleId::required_matchers_unused, *entry.find("required_matchers"),
               fmt::format("no selector of the {} has the required_matchers as equalities: this "
                           "backend is never asked",
                           counted(input.expressions.size(), "expression")));
  }
}

// They may stand for two tenants of one store.
bool ask_as_others(const ReadEntry& a, const ReadEntry& b) {
  constexpr std::array<const char*, 10> keys{
      "headers",      "http_headers",      "basic_auth", "authorization", "oauth2",
      "bearer_token", "bearer_token_file", "sigv4",      "azuread",       "google_iam"};
  return a.url.user != b.url.user || std::ranges::any_of(keys, [&](const char* key) {
           const auto one = a.find(key);
           const auto other = b.find(key);
           return one.has_value() != other.has_value() || (one && one->dump() != other->dump());
         });
}

void same_url_twice(const Input& input, Report& report) {
  for (const setup::Backend& backend : input.backends) {
    for (size_t i = 1; i < backend.entries.size(); ++i) {
      const ReadEntry& entry = input.node.entries[backend.entries[i]];
      for (size_t k = 0; k < i; ++k) {
        const ReadEntry& before = input.node.entries[backend.entries[k]];
        if (Input::exclude_each_other(before, entry) || ask_as_others(before, entry)) continue;
        const bool is_equal = before.at.dump() == entry.at.dump();
        report.add(RuleId::same_url_twice, entry.url_at,
                   is_equal ? "this entry repeats an earlier one: Prometheus refuses the file"
                            : "this URL is read by an earlier entry too, with other options",
                   {.severity = is_equal ? std::optional(Severity::error) : std::nullopt,
                    .related = {{place_of(before.url_at), "the earlier entry"}}});
        break;
      }
    }
  }
}

void no_redundancy(const Input& input, Report& report) {
  std::set<std::string> hosts;
  for (const ReadEntry& entry : input.node.entries) hosts.insert(entry.url.host);
  if (hosts.size() != 1) return;
  report.add(
      RuleId::no_redundancy, input.node.entries.front().url_at,
      input.backends.size() == 1 ? "this is the only backend" : "all backends are on one host");
}

void empty_label_pickers(const Input& input, Report& report) {
  if (!input.node.scrapes.empty() || input.node.scrape_config_files) return;
  report.add(RuleId::empty_label_pickers, *input.node.remote_read_at,
             "this node scrapes nothing, so its labels API has no names and values");
}

}  // namespace

void check_selection(const Input& input, Report& report) {
  read_recent_off(input, report);
  external_labels_filter(input, report);
  hung_backend_hides_others(input, report);
  required_matchers_unused(input, report);
  same_url_twice(input, report);
  no_redundancy(input, report);
  empty_label_pickers(input, report);
}

}  // namespace mread::check
