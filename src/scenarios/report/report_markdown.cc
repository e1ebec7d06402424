#include <algorithm>

#include <fmt/format.h>

#include "base/printable.h"
#include "base/shown_text.h"
#include "scenarios/report/failure_causes.h"
#include "scenarios/report/rerun.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

constexpr size_t most_tests = 50;
constexpr size_t most_markdown_bytes = 300;

// What Markdown and HTML would read as their own is escaped.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : cut_end(printable(text), most_markdown_bytes)) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (std::string_view("\\`*_[]|#!~@").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

// A code span's fence is longer than every run of backticks in it.
std::string code(const std::string& text) {
  const std::string shown = printable(text);
  size_t longest = 0;
  size_t run = 0;
  for (const char c : shown) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fence + " " + shown + " " + fence;
}

}  // namespace

std::string to_markdown(const Report& report) {
  std::string out =
      "## mread run\n\n| passed | failed | known issues | inconclusive | skipped |\n"
      "|---|---|---|---|---|\n";
  out += fmt::format("| {} | {} | {} | {} | {} |\n\n", report.total(Verdict::pass),
                     report.total(Verdict::fail), report.total(Verdict::known_issue),
                     report.total(Verdict::inconclusive), report.total(Verdict::skipped));
  if (report.is_interrupted) out += "The run was interrupted. Some tests have no verdict.\n\n";
  size_t shown = 0;
  for (const FailureCause& cause : failure_causes(report)) {
    if (shown >= most_tests) break;
    out += "- **" + plain(cause.reason) + "**\n";
    for (const TestResult* test : cause.tests) {
      if (++shown > most_tests) break;
      out += "  - " + plain(test->title) + ": " + code(rerun_line(*test)) + "\n";
    }
  }
  const size_t failed = report.total(Verdict::fail);
  if (failed > most_tests) out += fmt::format("- and {} more\n", failed - most_tests);
  return out;
}

}  // namespace mread::scenarios
