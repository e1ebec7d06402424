#include "serve/status_page.h"

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

constexpr std::string_view style = R"css(
:root { color-scheme: light dark; --ink: #1f2733; --faint: #6a7686; --line: #dfe4ea; --card: #fff; --page: #f4f6f8;
  --up: #1a7f4b; --up-soft: #e2f4ea; --bad: #b3261e; --bad-soft: #fbe5e3; --idle: #6a7686; --idle-soft: #e9edf1; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --faint: #93a0b1; --line: #2e3743; --card: #1b222b;
  --page: #12171d; --up: #5fd39a; --up-soft: #153524; --bad: #ff8f86; --bad-soft: #43201d; --idle: #93a0b1;
  --idle-soft: #28313c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; margin-bottom: 1.25rem; }
h1 { font-size: 1.5rem; margin: 0; letter-spacing: -.01em; }
header p { margin: 0; color: var(--faint); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .6rem; }
h2 small { font-weight: normal; color: var(--faint); margin-left: .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .55rem .9rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { font-size: .78rem; font-weight: 600; color: var(--faint); white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.url { color: var(--faint); font-size: .85rem; word-break: break-all; }
.pill { display: inline-block; padding: .05rem .6rem; border-radius: 999px; font-size: .83rem; font-weight: 600;
  white-space: nowrap; }
.up { color: var(--up); background: var(--up-soft); } .failing { color: var(--bad); background: var(--bad-soft); }
.idle { color: var(--idle); background: var(--idle-soft); }
.error { max-width: 26rem; word-break: break-word; } .when { color: var(--faint); font-size: .85rem; }
footer { margin-top: 2rem; color: var(--faint); font-size: .88rem; } footer a { color: inherit; }
)css";

std::string ago(system_clock::time_point then, system_clock::time_point now) {
  const auto seconds = std::max(std::chrono::duration_cast<std::chrono::seconds>(now - then), std::chrono::seconds(0));
  return seconds.count() == 0 ? "just now" : rough_duration(seconds) + " ago";
}

std::string latency(std::chrono::nanoseconds duration) {
  const double ms = std::chrono::duration<double, std::milli>(duration).count();
  if (ms <= 0) return "–";
  if (ms < 10) return fmt::format("{:.1f} ms", ms);
  if (ms < 1000) return fmt::format("{:.0f} ms", ms);
  return fmt::format("{:.2f} s", ms / 1000);
}

std::string pill(const BackendStanding& standing) {
  using Circuit = merger::Breaker::State;
  if (standing.circuit == Circuit::open) return "<span class=\"pill failing\">open circuit</span>";
  if (standing.circuit == Circuit::suspect) return "<span class=\"pill idle\">suspect</span>";
  if (standing.circuit == Circuit::half_open) return "<span class=\"pill idle\">half-open circuit</span>";
  switch (standing.state) {
    case BackendStanding::State::up:
      return "<span class=\"pill up\">up</span>";
    case BackendStanding::State::failing:
      return "<span class=\"pill failing\">failing</span>";
    case BackendStanding::State::unknown:
      break;
  }
  return "<span class=\"pill idle\">not asked yet</span>";
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
    text = fmt::format("holds: {}, {}", figure(catalog.labels(), "label"), figure(catalog.values(), "value"));
    if (catalog.open_labels() > 0) text += fmt::format(" ({} with too many)", figure(catalog.open_labels(), "label"));
    text += fmt::format(", {:.0f} KiB, {}", std::ceil(static_cast<double>(catalog.bytes()) / 1024), ago(taken, now));
    if (known.suspect) text += "; away since, so asked in any case";
  }
  if (!known.last_error.empty()) text += ": " + known.last_error;
  return "<div class=\"when\">" + escape_markup(text) + "</div>";
}

std::string row(const merger::Backend& backend, const BackendStanding& standing, system_clock::time_point now) {
  std::string error = "<span class=\"when\">none</span>";
  if (standing.last_error_at) {
    error = fmt::format("{}<div class=\"when\">{}</div>", escape_markup(standing.last_error),
                        ago(*standing.last_error_at, now));
  }
  const std::string share =
      standing.requests == 0
          ? "–"
          : fmt::format("{:.1f} %", 100 * static_cast<double>(standing.requests - standing.failures) /
                                        static_cast<double>(standing.requests));
  return fmt::format(
      "<tr><td><strong>{}</strong>{}<div class=\"url\">{}</div>{}</td><td>{}<div class=\"when\">{}</div></td>"
      "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
      "<td class=\"n\">{}</td><td class=\"error\">{}</td></tr>\n",
      escape_markup(backend.name), standing.unsorted ? " <span class=\"pill idle\">unsorted</span>" : "",
      escape_markup(shown_url(backend.url)), catalog_line(standing, now), pill(standing),
      standing.last_asked ? ago(*standing.last_asked, now) : "", standing.requests, share, latency(standing.first_byte),
      latency(standing.total), format_duration(backend.timeout), error);
}

std::string need(const merger::Group& group, const merger::HedgeCounts& hedges) {
  std::string text = fmt::format("{} of {} needed", group.need, group.members.size());
  if (group.wait == merger::Group::Wait::need) text += ", no wait for the others";
  if (group.hedge_after) {
    text += fmt::format(", hedged after {} ({} won, {} lost, {} refused)", to_string(*group.hedge_after), hedges.won,
                        hedges.lost, hedges.refused);
  }
  return text;
}

std::string table(std::string_view title, std::string_view note, const std::vector<size_t>& backends,
                  const merger::Config& config, const std::vector<BackendStanding>& standings,
                  system_clock::time_point now) {
  std::string out = fmt::format(
      "<h2>{}<small>{}</small></h2>\n<div class=\"card\"><table>\n"
      "<tr><th>backend</th><th>last seen</th><th class=\"n\">requests</th><th class=\"n\">answered</th>"
      "<th class=\"n\">first byte</th><th class=\"n\">whole answer</th><th class=\"n\">timeout</th>"
      "<th>last error</th></tr>\n",
      escape_markup(title), note);
  for (const size_t backend : backends) out += row(config.backends[backend], standings[backend], now);
  return out + "</table></div>\n";
}

std::string value_text(uint64_t bits) {
  const model::Sample sample{0, bits};
  return model::is_stale(bits) ? "a staleness marker" : fmt::format("{}", sample.value());
}

std::string conflict_table(const std::vector<ConflictSighting>& conflicts, system_clock::time_point now) {
  if (conflicts.empty()) return "";
  std::string out =
      "<h2>conflicts<small>the last series of which backends hold different values at one time</small></h2>\n"
      "<div class=\"card\"><table>\n<tr><th>series</th><th>seen</th><th class=\"n\">samples</th>"
      "<th>one of them at</th><th>values</th></tr>\n";
  for (const auto& [conflict, seen] : conflicts) {
    const merger::SampleConflict& last = conflict.last;
    const std::string values = last.floats ? value_text(last.first_bits) + " and " + value_text(last.other_bits)
                                           : std::string("histograms that differ");
    out += fmt::format(
        "<tr><td class=\"error\">{}</td><td class=\"when\">{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td></tr>\n",
        escape_markup(conflict.series), ago(seen, now), conflict.count, format_timestamp(last.timestamp_ms), values);
  }
  return out + "</table></div>\n";
}

std::string reads_line(const ReadsNow& reads, const merger::Limits& limits) {
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

std::string status_page(const merger::Config& config, const ReadsNow& reads,
                        const std::vector<BackendStanding>& standings, const std::vector<merger::HedgeCounts>& hedges,
                        const std::vector<ConflictSighting>& conflicts, system_clock::time_point started,
                        system_clock::time_point now) {
  const auto failing = std::count_if(standings.begin(), standings.end(), [](const auto& standing) {
    return standing.state == BackendStanding::State::failing || standing.circuit == merger::Breaker::State::open;
  });
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now - started);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>mread</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>{}</style></head>\n"
      "<body><main><header><h1>mread</h1><p>version {}, up {}; {}</p><p>{}</p></header>\n",
      style, MREAD_VERSION, rough_duration(uptime),
      failing == 0 ? fmt::format("{} backends, none failing", standings.size())
                   : fmt::format("{} of {} backends failing", failing, standings.size()),
      reads_line(reads, config.limits));
  std::vector<size_t> alone;
  for (size_t i = 0; i < config.groups.size(); ++i) {
    const merger::Group& group = config.groups[i];
    if (group.members.size() == 1) {
      alone.push_back(group.members[0]);
    } else {
      out += table(group.name, need(group, i < hedges.size() ? hedges[i] : merger::HedgeCounts()), group.members,
                   config, standings, now);
    }
  }
  if (!alone.empty()) {
    const bool some_grouped = alone.size() < config.backends.size();
    out +=
        table(some_grouped ? "other backends" : "backends", "each a group of its own", alone, config, standings, now);
  }
  out += conflict_table(conflicts, now);
  out += fmt::format(
      "<footer><p>partial: {} ({}). Equal timestamps, different values: {}.</p>"
      "<p><a href=\"/metrics\">metrics</a> · <a href=\"/-/healthy\">healthy</a> · <a href=\"/-/ready\">ready</a> · "
      "<code>POST /api/v1/read</code></p></footer></main></body></html>\n",
      to_string(config.partial), explain(config.partial), to_string(config.on_conflict));
  return out;
}

}  // namespace mread::serve
