#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/markup.h"
#include "base/printable.h"
#include "base/shown_text.h"
#include "scenarios/report/difference.h"
#include "scenarios/report/failure_causes.h"
#include "scenarios/report/folded.h"
#include "scenarios/report/page_assets.h"
#include "scenarios/report/page_data.h"
#include "scenarios/report/rerun.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

constexpr Verdict worst_first[] = {Verdict::fail, Verdict::inconclusive, Verdict::known_issue,
                                   Verdict::skipped, Verdict::pass};

const char* words_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "passed";
    case Verdict::fail:
      return "failed";
    case Verdict::known_issue:
      return "known issue";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::skipped:
      return "skipped";
  }
  return "failed";
}

const char* sign_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "✓";
    case Verdict::fail:
      return "✕";
    case Verdict::known_issue:
      return "!";
    case Verdict::inconclusive:
      return "?";
    case Verdict::skipped:
      return "–";
  }
  return "✕";
}

// Several lines stay several; what could steer a reader's eye is shown as an escape.
std::string block_text(const std::string& text) { return escape_markup(printable_lines(text)); }

std::string pill(Verdict verdict) {
  return fmt::format("<span class=\"pill {}\">{}</span>", to_string(verdict), words_of(verdict));
}

std::string anchor(const TestResult& test) { return "test-" + html_text(test.id); }

// The versions and the path that a test ran with; its whole case where it has neither.
std::string column_of(const TestResult& test) {
  std::string main;
  std::string all;
  for (const auto& [axis, value] : test.matrix_case) {
    all += (all.empty() ? "" : " ") + value;
    if (axis == "prometheus" || axis == "query_path") main += (main.empty() ? "" : " ") + value;
  }
  return main.empty() ? all : main;
}

std::string head(const Report& report) {
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>mread run: " +
      fmt::format("{} failed, {} tests", report.total(Verdict::fail), report.tests.size()) +
      "</title><style>";
  out += chart_css;
  out += page_css;
  return out +
         "</style></head><body><svg width=\"0\" height=\"0\" style=\"position:absolute\" "
         "aria-hidden=\"true\"><defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" "
         "refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path class=\"arrow\" "
         "d=\"M0 0l8 4-8 4z\"/></marker></defs></svg>";
}

std::string summary(const Report& report) {
  std::string out = "<header><h1>mread run</h1><p class=\"meta\">" +
                    html_text(format_time(report.started)) +
                    fmt::format(", {:.0f} s, seed {}, mread {}", report.duration_s, report.seed,
                                html_text(report.mread_version));
  // Several in a merged report.
  std::set<std::string> engines;
  for (const TestResult& test : report.tests) engines.insert(test.engine);
  for (const std::string& engine : engines) out += ", engine " + html_text(engine);
  out += "</p></header>";
  if (report.is_interrupted)
    out += "<p class=\"alert\">The run was interrupted. Some tests have no verdict.</p>";
  out += "<ul class=\"totals\">";
  for (const Verdict verdict : worst_first) {
    if (report.total(verdict) == 0 && verdict != Verdict::fail && verdict != Verdict::pass)
      continue;
    out += fmt::format(
        "<li class=\"{0}\"><button type=\"button\" data-verdict=\"{0}\"><b>{1}</b> "
        "{2}</button></li>",
        to_string(verdict), report.total(verdict), words_of(verdict));
  }
  return out + "</ul>";
}

// Tests whose verdict differs from the earlier one. New ones are listed where they did not pass.
std::string changes(const Report& report) {
  if (!report.compared) return {};
  std::string items;
  size_t new_and_passed = 0;
  for (const TestResult& test : report.tests) {
    const auto before = report.compared->verdicts.find(test.id);
    const bool is_new = before == report.compared->verdicts.end();
    if (!is_new && before->second == to_string(test.verdict)) continue;
    if (is_new && test.verdict == Verdict::pass) {
      ++new_and_passed;
      continue;
    }
    items +=
        fmt::format("<li>{} <a href=\"#{}\">{}</a> ({})</li>", pill(test.verdict), anchor(test),
                    html_text(test.title), is_new ? "new" : "was: " + html_text(before->second));
  }
  std::string out =
      "<section class=\"changes\"><h2>Since " + html_text(report.compared->started) + "</h2>";
  out += items.empty() ? "<p>No verdict has changed.</p>" : "<ul>" + items + "</ul>";
  if (new_and_passed > 0)
    out += fmt::format("<p class=\"note\">{} new tests passed.</p>", new_and_passed);
  return out + "</section>";
}

std::string causes(const Report& report) {
  const std::vector<FailureCause> found = failure_causes(report);
  if (found.empty()) return {};
  std::string out = "<section class=\"causes\"><h2>What failed</h2><ol>";
  for (const FailureCause& cause : found) {
    out += "<li><p>" + html_text(cut_end(cause.reason, 400)) + "</p><p class=\"links\">";
    for (const TestResult* test : cause.tests)
      out += fmt::format("<a href=\"#{}\">{}</a> ", anchor(*test), html_text(test->title));
    out += "</p></li>";
  }
  return out + "</ol></section>";
}

std::string matrix(const Report& report) {
  std::vector<std::string> rows;
  std::set<std::string> columns;
  std::map<std::pair<std::string, std::string>, std::vector<const TestResult*>> cells;
  for (const TestResult& test : report.tests) {
    if (std::find(rows.begin(), rows.end(), test.scenario) == rows.end())
      rows.push_back(test.scenario);
    const std::string column = column_of(test);
    columns.insert(column);
    cells[{test.scenario, column}].push_back(&test);
  }
  if (report.tests.size() < 2) return {};
  std::string out =
      "<section><h2>Scenarios and versions</h2><div class=\"scroll\"><table "
      "class=\"matrix\"><thead><tr><th scope=\"col\">Scenario</th>";
  for (const std::string& column : columns)
    out += "<th scope=\"col\">" + (column.empty() ? "one case" : html_text(column)) + "</th>";
  out += "</tr></thead><tbody>";
  for (const std::string& row : rows) {
    out += "<tr><th scope=\"row\">" + html_text(row) + "</th>";
    for (const std::string& column : columns) {
      out += "<td>";
      for (const TestResult* test : cells[{row, column}]) {
        out += fmt::format(
            "<a class=\"cell {}\" href=\"#{}\" title=\"{}: {}\" aria-label=\"{}: {}\">{}</a>",
            to_string(test->verdict), anchor(*test), html_text(test->title),
            words_of(test->verdict), html_text(test->title), words_of(test->verdict),
            sign_of(test->verdict));
      }
      out += "</td>";
    }
    out += "</tr>";
  }
  return out + "</tbody></table></div></section>";
}

std::string filters(const Report& report) {
  std::set<std::string> tags;
  std::set<std::string> versions;
  for (const TestResult& test : report.tests) {
    tags.insert(test.tags.begin(), test.tags.end());
    for (const NodeResult& node : test.nodes) {
      if (!node.version.empty()) versions.insert(node.version);
    }
  }
  const auto choice = [](const char* name, const char* label, const std::set<std::string>& values) {
    std::string out =
        fmt::format("<label>{} <select id=\"{}\"><option value=\"\">all</option>", label, name);
    for (const std::string& value : values) out += "<option>" + html_text(value) + "</option>";
    return out + "</select></label>";
  };
  std::string out =
      "<form class=\"filters\" hidden><label>Find <input id=\"text\" type=\"search\" "
      "placeholder=\"text (press /)\"></label><label>Verdict <select id=\"verdict\"><option "
      "value=\"\">all</option>";
  for (const Verdict verdict : worst_first) {
    if (report.total(verdict) > 0)
      out += fmt::format("<option value=\"{}\">{}</option>", to_string(verdict), words_of(verdict));
  }
  out += "</select></label>" + choice("tag", "Tag", tags) + choice("version", "Version", versions);
  return out + "<output id=\"shown\"></output></form>";
}

std::string difference(const CheckResult& check) {
  std::string out = "<pre class=\"diff\">";
  for (const DifferentLine& line : compare_lines(check.want, check.got)) {
    const bool want = line.kind == DifferentLine::Kind::only_want;
    const bool same = line.kind == DifferentLine::Kind::same;
    const std::string text = block_text(line.text);
    out += same ? "<span>  " + text + "\n</span>"
                : fmt::format("<{0}>{1} {2}\n</{0}>", want ? "del" : "ins", want ? "-" : "+", text);
  }
  out += "</pre>";
  if (!check.detail.empty()) out += "<pre>" + block_text(check.detail) + "</pre>";
  return out;
}

std::string check_rows(const TestResult& test) {
  std::string out;
  size_t number = 0;
  for (const CheckResult& check : test.checks) {
    const std::string id = anchor(test) + "-check-" + std::to_string(++number);
    if (check.verdict == Verdict::pass) continue;
    out += fmt::format(
        "<tr id=\"{0}\" class=\"{1}\"><td>{2}</td><td><a class=\"self\" href=\"#{0}\" "
        "aria-label=\"Link to this check\">#</a><code>{3}</code>",
        id, to_string(check.verdict), pill(check.verdict), html_text(cut_end(check.name, 300)));
    out += difference(check);
    for (const std::string& warning : check.warnings)
      out += "<div class=\"warning\">warning: " + html_text(cut_end(warning, 400)) + "</div>";
    out += fmt::format("</td><td>{}</td><td>{}</td><td class=\"n\">{:.1f} ms</td></tr>",
                       html_text(check.phase), html_text(check.node), check.duration_ms);
  }
  return out;
}

std::string load_part(const TestResult& test) {
  if (!test.load) return {};
  const LoadResult& load = *test.load;
  std::string out = fmt::format(
      "<h4>Load</h4><p>{} on {}; {} requests left more than 50 ms late</p><div "
      "class=\"scroll\"><table class=\"load\"><thead><tr><th></th><th>requests</th><th>failed</th>"
      "<th>p50</th><th>p90</th><th>p99</th><th>max</th></tr></thead><tbody>",
      html_text(load.executor), html_text(load.node), load.late);
  const auto row = [&](const char* name, const LoadTimes& times) {
    out += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{:.1f} ms</td><td class=\"n\">{:.1f} ms</td><td class=\"n\">{:.1f} ms</td><td "
        "class=\"n\">{:.1f} ms</td></tr>",
        name, times.requests, times.failed, times.p50_ms, times.p90_ms, times.p99_ms, times.max_ms);
  };
  row("all", load.all);
  if (load.baseline) row("baseline", *load.baseline);
  if (load.fault) row("during faults", *load.fault);
  return out + "</tbody></table></div><div class=\"chart\"></div>";
}

std::string test_part(const TestResult& test) {
  std::string versions;
  for (const NodeResult& node : test.nodes) versions += node.version + " ";
  std::string tags;
  for (const std::string& tag : test.tags) tags += tag + "\n";
  std::string out = fmt::format(
      "<details class=\"test\" id=\"{}\" data-verdict=\"{}\" data-tags=\"{}\" "
      "data-versions=\"{}\"><summary>{}<span class=\"title\">{}</span><span class=\"time\">{:.1f} "
      "s</span></summary>",
      anchor(test), to_string(test.verdict), xml_text(tags, XmlPlace::attribute),
      html_text(versions), pill(test.verdict), html_text(test.title), test.duration_s);
  if (!test.reason.empty()) out += "<p class=\"reason\">" + html_text(test.reason) + "</p>";
  if (!test.note.empty()) out += "<p class=\"note\">Note: " + html_text(test.note) + "</p>";
  if (const std::string rows = check_rows(test); !rows.empty()) {
    out +=
        "<h4>Checks that did not hold</h4><div class=\"scroll\"><table class=\"checks\"><thead><tr>"
        "<th>Verdict</th><th>Check</th><th>Phase</th><th>Node</th><th>Time</th></tr></"
        "thead><tbody>" +
        rows + "</tbody></table></div>";
  }
  out += load_part(test) + "<div class=\"drawn\"></div>";
  out +=
      "<h4>Run this test again</h4><pre class=\"rerun\">" + block_text(rerun_line(test)) + "</pre>";
  return out + "</details>";
}

}  // namespace

std::string to_html(const Report& report) {
  std::string out = head(report);
  out += summary(report) + changes(report) + causes(report) + matrix(report);
  out += "<section><h2>Tests</h2>" + filters(report);
  for (const TestResult& test : report.tests) out += test_part(test);
  out += "</section><footer>Written by mread " + html_text(report.mread_version) +
         ". Charts: uPlot (MIT). The page's data are those of report.json.</footer>";
  // In a script's text only "</" and "<!--" mean something; JSON may write < as an escape.
  std::string data = page_data(report);
  for (size_t at = 0; (at = data.find('<', at)) != std::string::npos;)
    data.replace(at, 1, "\\u003c");
  out += "<script type=\"application/json\" id=\"report\">" + data + "</script><script>";
  out += chart_js;
  out += "</script><script>";
  out += page_js;
  return out + "</script></body></html>\n";
}

}  // namespace mread::scenarios
