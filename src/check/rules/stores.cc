#include <algorithm>
#include <array>
#include <string_view>

#include <boost/algorithm/string/case_conv.hpp>
#include <fmt/format.h>
#include <re2/re2.h>

#include "check/finding/edits.h"
#include "check/rules/rules.h"

namespace mread::check {
namespace {

using setup::ReadEntry;

// Ends of paths that serve something else.
constexpr std::array<std::string_view, 11> other_paths{
    "/write",   "/push",   "/query", "/query_range",   "/series", "/federate",
    "/metrics", "/labels", "/graph", "/api/v1/import", "/-/ready"};

std::string path_of(const ReadEntry& entry) {
  const std::string& target = entry.url.target;
  return target.substr(0, target.find('?'));
}

bool is_victoria_metrics(const ReadEntry& entry) {
  static const re2::RE2 host("(^|[.-])(victoria-?metrics|vmselect|vmsingle|vminsert)");
  static const re2::RE2 path("^/select/[0-9]+(:[0-9]+)?/prometheus");
  return entry.url.port == "8428" || entry.url.port == "8481" ||
         re2::RE2::PartialMatch(boost::algorithm::to_lower_copy(entry.url.host), host) ||
         re2::RE2::PartialMatch(path_of(entry), path);
}

void victoria_metrics(const ReadEntry& entry, Report& report) {
  if (!is_victoria_metrics(entry)) return;
  report.add(RuleId::victoria_metrics, entry.url_at,
             "this is the address of a VictoriaMetrics, which serves no remote reads");
}

void url_without_read_path(const ReadEntry& entry, Report& report) {
  if (is_victoria_metrics(entry)) return;
  const std::string path = path_of(entry);
  if (path.empty() || path == "/") {
    std::optional<Edit> edit;
    if (entry.url.target == path && is_block(entry.at) &&
        entry.url_at.string().find('#') == std::string::npos) {
      std::string url = entry.url_at.string();
      if (url.ends_with('/')) url.pop_back();
      edit = replace_value(entry.url_at, url + "/api/v1/read");
    }
    report.add(RuleId::url_without_read_path, entry.url_at,
               "the URL has no path, and Prometheus adds none: a Prometheus serves reads at "
               "/api/v1/read",
               {.edit = std::move(edit)});
    return;
  }
  for (const std::string_view end : other_paths) {
    if (!path.ends_with(end)) continue;
    report.add(RuleId::url_without_read_path, entry.url_at,
               fmt::format("{} does not serve reads", path));
    return;
  }
}

void influxdb_regex(const Input& input, const ReadEntry& entry, Report& report) {
  if (!path_of(entry).ends_with("/api/v1/prom/read")) return;
  const auto has_regex = [](const Expression& one) {
    return std::ranges::any_of(one.uses.selectors, [](const model::SelectorUse& selector) {
      return std::ranges::any_of(selector.matchers, [](const model::Matcher& matcher) {
        return matcher.type() == model::MatchType::regex ||
               matcher.type() == model::MatchType::not_regex;
      });
    });
  };
  const bool is_clean =
      !input.expressions.empty() && std::ranges::none_of(input.expressions, has_regex);
  // Other stores have the path too.
  const bool is_sure =
      entry.url.port == "8086" ||
      boost::algorithm::to_lower_copy(entry.url.host).find("influx") != std::string::npos;
  std::string message = is_sure
                            ? "this InfluxDB does not anchor regular expressions"
                            : "if this is an InfluxDB 1.x, it does not anchor regular expressions";
  message += is_clean ? "; the rules and queries given have none"
                      : ": =~ finds too much, and !~ too little";
  report.add(RuleId::influxdb_regex, entry.url_at, std::move(message),
             {.severity = is_clean || !is_sure ? std::optional(Severity::warning) : std::nullopt});
}

}  // namespace

void check_stores(const Input& input, Report& report) {
  for (const ReadEntry& entry : input.node.entries) {
    if (!entry.url.is_web()) continue;
    url_without_read_path(entry, report);
    victoria_metrics(entry, report);
    influxdb_regex(input, entry, report);
  }
}

}  // namespace mread::check
