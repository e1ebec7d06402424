#include "serve/observe/status_page.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/markup.h"
#include "base/shown_url.h"
#include "base/timestamp.h"

namespace mread::serve {
namespace {

using std::chrono::system_clock;

constexpr int refresh_seconds = 10;

constexpr std::string_view style = R"css(
:root { color-scheme: light dark; --ink: #1f2733; --faint: #5d6877; --line: #dfe4ea; --card: #fff; --page: #f4f6f8;
  --up: #1a7f4b; --up-soft: #e2f4ea; --bad: #b3261e; --bad-soft: #fbe5e3; --wary: #8a5300; --wary-soft: #fdf0d5;
  --idle: #5d6877; --idle-soft: #e9edf1; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --faint: #93a0b1; --line: #2e3743; --card: #1b222b;
  --page: #12171d; --up: #5fd39a; --up-soft: #153524; --bad: #ff8f86; --bad-soft: #43201d; --wary: #f0b95b;
  --wary-soft: #3d2f14; --idle: #93a0b1; --idle-soft: #28313c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 78rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; margin-bottom: 1.25rem; }
h1 { font-size: 1.5rem; margin: 0; letter-spacing: -.01em; }
header p { margin: 0; color: var(--faint); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto; }
.alert { border: 1px solid var(--bad); border-radius: 10px; background: var(--bad-soft); padding: .7rem .9rem;
  overflow-wrap: anywhere; }
.alert strong { color: var(--bad); }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .6rem; overflow-wrap: anywhere; }
h2 small { font-weight: normal; color: var(--faint); margin-left: .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .55rem .9rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
th { font-size: .78rem; font-weight: 600; color: var(--faint); vertical-align: bottom; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; width: 1%; }
td.n { white-space: nowrap; }
td.state { min-width: 9rem; }
.name { width: 28%; min-width: 14rem; overflow-wrap: anywhere; }
.url { color: var(--faint); font-size: .85rem; overflow-wrap: anywhere; }
.pill { display: inline-block; padding: .05rem .6rem; border-radius: 999px; font-size: .83rem; font-weight: 600;
  white-space: nowrap; }
.up { color: var(--up); background: var(--up-soft); } .failing { color: var(--bad); background: var(--bad-soft); }
.wary { color: var(--wary); background: var(--wary-soft); } .idle { color: var(--idle); background: var(--idle-soft); }
.error { width: 26%; min-width: 11rem; overflow-wrap: anywhere; }
.when { color: var(--faint); font-size: .85rem; }
footer { margin-top: 2rem; color: var(--faint); font-size: .88rem; } footer a { color: inherit; }
@media (max-width: 66rem) {
  main { padding: 1.1rem .8rem 2rem; }
  thead { display: none; }
  table, tbody { display: block; }
  tr { display: block; padding: .6rem .8rem; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; }
  td, td.n { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: .6rem; padding: .12rem 0; border: 0;
    text-align: left; white-space: normal; }
  td::before { content: attr(data-label); color: var(--faint); font-size: .85rem; }
  td.name { display: block; margin-bottom: .3rem; } td.name::before { content: none; }
  .error, .name, td.n { width: auto; min-width: 0; } td.state { min-width: 0; }
}
)css";

std::string ago(system_clock::time_point then, system_clock::time_point now) {
  const auto seconds = std::max(std::chrono::duration_cast<std::chrono::seconds>(now - then),
                                std::chrono::seconds(0));
  return seconds.count() == 0 ? "just now" : rough_duration(seconds) + " ago";
}

std::string latency(std::chrono::nanoseconds duration) {
  const double ms = std::chrono::duration<double, std::milli>(duration).count();
  if (ms <= 0) return "–";
  if (ms < 10) return fmt::format("{:.1f} ms", ms);
  if (ms < 1000) return fmt::format("{:.0f} ms", ms);
  return fmt::format("{:.2f} s", ms / 1000);
}

// How a backend stands: a word, its colour, and what that means for reads.
struct Shown {
  const char* css;
  const char* word;
  const char* meaning;
};

Shown shown(const BackendStanding& standing) {
  using Circuit = merger::Breaker::State;
  if (standing.circuit == Circuit::open)
    return {"failing", "open circuit", "not asked until a probe is answered"};
  if (standing.circuit == Circuit::half_open)
    return {"wary", "half-open", "a probe was answered: one read tries it"};
  if (standing.circuit == Circuit::suspect)
    return {"wary", "suspect", "a read failed: asked as before, a probe decides"};
  switch (standing.state) {
    case BackendStanding::State::up:
      return {"up", "up", ""};
    case BackendStanding::State::failing:
      return {"failing", "failing", ""};
    case BackendStanding::State::unknown:
      break;
  }
  return {"idle", "not asked yet", ""};
}

std::string state_cell(const BackendStanding& standing, system_clock::time_point now) {
  const Shown state = shown(standing);
  std::string out = fmt::format("<span class=\"pill {}\">{}</span>", state.css, state.word);
  if (*state.meaning != '\0') out += fmt::format("<div class=\"when\">{}</div>", state.meaning);
  if (standing.last_asked)
    out += fmt::format("<div class=\"when\">asked {}</div>", ago(*standing.last_asked, now));
  return out;
}

// A cell, which on a phone stands behind its column's name.
std::string cell(const char* label, std::string_view content, const char* css = "n") {
  return fmt::format("<td class=\"{}\" data-label=\"{}\"><div>{}</div></td>", css, label, content);
}

std::string figure(size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// What is known of a backend before it is asked.
std::string catalog_line(const BackendStanding& standing, system_clock::time_point now) {
  if (!standing.catalog) return "";
  const CatalogStanding& known = *standing.catalog;
  std::string text = "holds: not known";
  if (known.catalog) {
    const merger::Catalog& catalog = *known.catalog;
    const system_clock::time_point taken{std::chrono::milliseconds(catalog.taken_at_ms())};
    text = fmt::format("holds: {}, {}", figure(catalog.labels(), "label"),
                       figure(catalog.values(), "value"));
    if (catalog.open_labels() > 0)
      text += fmt::format(" ({} with too many)", figure(catalog.open_labels(), "label"));
    text += fmt::format(", {:.0f} KiB, {}", std::ceil(static_cast<double>(catalog.bytes()) / 1024),
                        ago(taken, now));
    if (known.suspect) text += "; away since, so asked in any case";
  }
  if (!known.last_error.empty()) text += ": " + known.last_error;
  return "<div class=\"when\">" + html_text(text) + "</div>";
}

std::string row(const merger::Backend& backend, const config::Endpoint& endpoint,
                const BackendStanding& standing, system_clock::time_point now) {
  std::string error = "<span class=\"when\">none</span>";
  if (standing.last_error_at) {
    error = fmt::format("{}<div class=\"when\">{}</div>", html_text(standing.last_error),
                        ago(*standing.last_error_at, now));
  }
  const std::string share =
      standing.requests == 0
          ? "–"
          : fmt::format("{:.1f} %", 100 *
                                        static_cast<double>(standing.requests - standing.failures) /
                                        static_cast<double>(standing.requests));
  const std::string name =
      fmt::format("<strong>{}</strong>{}<div class=\"url\">{}</div>{}", html_text(backend.name),
                  standing.unsorted ? " <span class=\"pill idle\">unsorted</span>" : "",
                  html_text(shown_url(endpoint.url)), catalog_line(standing, now));
  return "<tr>" + cell("backend", name, "name") +
         cell("state", state_cell(standing, now), "state") +
         cell("requests", std::to_string(standing.requests)) + cell("answered", share) +
         cell("last first byte", latency(standing.first_byte)) +
         cell("last whole answer", latency(standing.total)) +
         cell("timeout", format_duration(backend.timeout)) + cell("last error", error, "error") +
         "</tr>\n";
}

std::string need(const merger::Group& group, const merger::HedgeCounts& hedges) {
  std::string text = fmt::format("{} of {} needed", group.need, group.members.size());
  if (group.wait == merger::Group::Wait::need) text += ", no wait for the others";
  if (group.hedge_after) {
    text += fmt::format(", hedged after {} ({} won, {} lost, {} refused)",
                        to_string(*group.hedge_after), hedges.won, hedges.lost, hedges.refused);
  }
  return text;
}

std::string table(std::string_view title, std::string_view note,
                  const std::vector<size_t>& backends, const config::Config& config,
                  const std::vector<BackendStanding>& standings, system_clock::time_point now) {
  std::string out = fmt::format(
      "<h2>{}<small>{}</small></h2>\n<div class=\"card\"><table>\n"
      "<thead><tr><th>backend</th><th>state</th><th class=\"n\">requests</th><th "
      "class=\"n\">answered</th>"
      "<th class=\"n\">last first byte</th><th class=\"n\">last whole answer</th><th "
      "class=\"n\">timeout</th>"
      "<th>last error</th></tr></thead><tbody>\n",
      html_text(title), note);
  for (const size_t backend : backends)
    out += row(config.backends[backend], config.endpoints[backend], standings[backend], now);
  return out + "</tbody></table></div>\n";
}

std::string value_text(uint64_t bits) {
  const model::Sample sample{0, bits};
  return model::is_stale(bits) ? "a staleness marker" : fmt::format("{}", sample.value());
}

std::string conflict_table(const std::vector<ConflictSighting>& conflicts,
                           system_clock::time_point now) {
  if (conflicts.empty()) return "";
  std::string out =
      "<h2>conflicts<small>the last series of which backends hold different values at one "
      "time</small></h2>\n"
      "<div class=\"card\"><table>\n<thead><tr><th>series</th><th>seen</th><th "
      "class=\"n\">samples</th>"
      "<th>one of them at</th><th>values</th></tr></thead><tbody>\n";
  for (const auto& [conflict, seen] : conflicts) {
    const merger::SampleConflict& last = conflict.last;
    const std::string values =
        last.floats ? value_text(last.first_bits) + " and " + value_text(last.other_bits)
                    : std::string("histograms that differ");
    out += "<tr>" + cell("series", html_text(conflict.series), "name") +
           cell("seen", ago(seen, now), "when") + cell("samples", std::to_string(conflict.count)) +
           cell("one of them at", format_timestamp(last.timestamp_ms), "") +
           cell("values", values, "") + "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string reads_line(const ReadsNow& reads, const config::ServerLimits& limits) {
  const auto mebibytes = [](uint64_t bytes) {
    return fmt::format("{:.0f} MiB", std::ceil(static_cast<double>(bytes) / (1 << 20)));
  };
  std::string text = figure(reads.running, "read") + " under way";
  if (reads.waiting > 0) text += fmt::format(", {} waiting", reads.waiting);
  text += ", " + mebibytes(reads.held_bytes) + " held";
  if (limits.total_bytes_in_flight > 0) text += " of " + mebibytes(limits.total_bytes_in_flight);
  return text;
}

std::string_view explain(merger::PartialPolicy policy) {
  switch (policy) {
    case merger::PartialPolicy::all:
      return "a read fails when any backend fails";
    case merger::PartialPolicy::group:
      return "a read fails when a group has too few answers";
    case merger::PartialPolicy::any:
      return "a read gives what there is";
  }
  return "";
}

// "12 backends: 1 failing, 2 suspect"
std::string backends_line(const std::vector<BackendStanding>& standings) {
  size_t failing = 0;
  size_t half_open = 0;
  size_t suspect = 0;
  for (const BackendStanding& standing : standings) {
    const std::string_view word = shown(standing).word;
    failing += word == "failing" || word == "open circuit" ? 1 : 0;
    half_open += word == "half-open" ? 1 : 0;
    suspect += word == "suspect" ? 1 : 0;
  }
  std::string text = figure(standings.size(), "backend") + ": ";
  text += failing == 0 ? "none failing" : fmt::format("{} failing", failing);
  if (half_open > 0) text += fmt::format(", {} half-open", half_open);
  if (suspect > 0) text += fmt::format(", {} suspect", suspect);
  return text;
}

std::string refused_reload(const RefusedReload& refused, system_clock::time_point now) {
  return fmt::format(
      "<div class=\"alert\" role=\"alert\"><strong>the newest configuration is refused, an older "
      "one is in "
      "force</strong>"
      "<div>{}</div><div class=\"when\">{}; the log has the whole message</div></div>\n",
      html_text(refused.reason.substr(0, refused.reason.find('\n'))), ago(refused.at, now));
}

std::string begin_page(const config::Config& config, const ReadsNow& reads,
                       const std::vector<BackendStanding>& standings,
                       system_clock::time_point started, system_clock::time_point now) {
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now - started);
  const int64_t now_ms =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() * 1000;
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>mread</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"refresh\" content=\"{}\">\n<style>{}</style></head>\n"
      "<body><main><header><h1>mread</h1><p>version {}, up {}; {}</p><p>{}</p>"
      "<p>as of {}, again every {} s</p></header>\n",
      refresh_seconds, style, MREAD_VERSION, rough_duration(uptime), backends_line(standings),
      reads_line(reads, config.server_limits), format_timestamp(now_ms), refresh_seconds);
}

}  // namespace

std::string rough_duration(std::chrono::seconds duration) {
  struct Unit {
    char name;
    int64_t seconds;
  };
  constexpr std::array<Unit, 4> units{{{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};
  int64_t left = duration.count();
  std::string out;
  int used = 0;
  for (const Unit& unit : units) {
    if (used == 0 && left < unit.seconds) continue;
    const int64_t count = left / unit.seconds;
    left %= unit.seconds;
    if (count > 0) out += std::to_string(count) + unit.name;
    if (++used == 2) break;
  }
  return out.empty() ? "0s" : out;
}

std::string status_page(const config::Config& config, const ReadsNow& reads,
                        const std::vector<BackendStanding>& standings,
                        const std::vector<merger::HedgeCounts>& hedges,
                        const std::vector<ConflictSighting>& conflicts,
                        system_clock::time_point started, system_clock::time_point now,
                        const std::optional<RefusedReload>& refused) {
  std::string out = begin_page(config, reads, standings, started, now);
  if (refused) out += refused_reload(*refused, now);
  std::vector<size_t> alone;
  for (size_t i = 0; i < config.groups.size(); ++i) {
    const merger::Group& group = config.groups[i];
    if (group.members.size() == 1) {
      alone.push_back(group.members[0]);
    } else {
      out += table(group.name, need(group, i < hedges.size() ? hedges[i] : merger::HedgeCounts()),
                   group.members, config, standings, now);
    }
  }
  if (!alone.empty()) {
    const bool some_grouped = alone.size() < config.backends.size();
    out += table(some_grouped ? "other backends" : "backends", "each a group of its own", alone,
                 config, standings, now);
  }
  out += conflict_table(conflicts, now);
  out += fmt::format(
      "<footer><p>First byte and whole answer are the times of the last answer, from the request "
      "to its first byte and "
      "to its end. Answered is the share of all requests since the start.</p>"
      "<p>partial: {} ({}). Equal timestamps, different values: {}.</p>"
      "<p><a href=\"/metrics\">metrics</a> · <a href=\"/-/healthy\">healthy</a> · <a "
      "href=\"/-/ready\">ready</a> · "
      "<code>POST /api/v1/read</code></p></footer></main></body></html>\n",
      to_string(config.partial), explain(config.partial), to_string(config.on_conflict));
  return out;
}

}  // namespace mread::serve
